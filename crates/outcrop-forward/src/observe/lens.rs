//! The logits of every layer: at some positions, or at all in passes of their own. Those of the last layer, which all are
//! compared with, come first.

use crate::{Error, Hook, LogitLens, Published};
use outcrop_observe::{Column, Companion, Found, Missing, Result, Sample, Site, View};
use rayon::prelude::*;

use super::hook::Seen;
use super::wanted::Wanted;

/// Positions whose logits are there together.
const POSITIONS: usize = 64;

/// What is no token.
const NO_TARGET: u32 = u32::MAX;

/// What logits are made of and compared with.
pub(super) struct Looking<'a> {
    lens: Option<LogitLens<'a>>,
    d_model: usize,
    /// Numbers of the positions without tokens, which are the first.
    left_out: usize,
    sequences: &'a [Vec<u32>],
    wanted: &'a Wanted,
    /// The residual stream of each sequence after the last layer.
    last: Vec<Vec<f32>>,
    /// By sequence and layer, the residual stream at some positions.
    spread: Vec<Vec<Vec<f32>>>,
    seen: &'a mut Seen,
    failed: Option<outcrop_observe::Error>,
}

impl Hook for Looking<'_> {
    fn residual(&mut self, layer: usize, sequence: usize, hidden: &mut [f32]) {
        for (site, norm) in SITES.into_iter().filter(|(site, _)| self.wanted.at(*site)) {
            self.take((layer, site, sequence), norm, hidden);
        }
    }
}

/// What the lens gives, and whether the final norm comes first.
const SITES: [(Site, bool); 2] = [(Site::Logits, true), (Site::LogitsWithoutNorm, false)];

/// What a part of a sequence gave: of how many positions, and how many with a target.
type Part = ([usize; 2], Vec<Found>);

impl<'a> Looking<'a> {
    /// With the residual streams after the last layer, which it takes from `seen`.
    ///
    /// # Errors
    /// For weights that cannot be read. A model without an unembedding is no error: its logits are not given.
    pub(super) fn new(
        model: &'a Published,
        sequences: &'a [Vec<u32>],
        wanted: &'a Wanted,
        seen: &'a mut Seen,
    ) -> crate::Result<Self> {
        let lens = match LogitLens::new(model) {
            Ok(lens) => Some(lens),
            Err(Error::Tensors { .. } | Error::Images) => None,
            Err(error) => return Err(error),
        };
        Ok(Self {
            lens,
            d_model: model.arch().d_model,
            left_out: model.arch().leading() * model.arch().d_model,
            sequences,
            wanted,
            last: std::mem::take(&mut seen.last),
            spread: std::mem::take(&mut seen.spread),
            seen,
            failed: None,
        })
    }

    /// # Errors
    /// Where what was looked at could not be observed.
    pub(super) fn finish(self) -> crate::Result<()> {
        match self.failed {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    /// Takes in the numbers of one layer, place and sequence.
    pub(super) fn take(
        &mut self,
        (layer, site, sequence): (usize, Site, usize),
        norm: bool,
        hidden: &[f32],
    ) {
        match self.found(site, norm, sequence, hidden) {
            Ok(found) => self.seen.take((layer as u32, None, site), sequence, found),
            Err(error) => self.failed = Some(error),
        }
    }

    /// The numbers of one sequence.
    fn found(&self, site: Site, norm: bool, sequence: usize, hidden: &[f32]) -> Result<Vec<Found>> {
        let Some(lens) = &self.lens else {
            return Ok(self.mean_of(site, &[]));
        };
        let targets = self.targets(sequence);
        let size = POSITIONS * self.d_model;
        let last = self.last[sequence][self.left_out..].par_chunks(size);
        let parts = hidden[self.left_out..].par_chunks(size).zip(last);
        let parts = parts.zip(targets.par_chunks(POSITIONS));
        let part = |room: &mut [Vec<f32>; 2],
                    ((hidden, last), targets): ((&[f32], &[f32]), &[u32])| {
            let [logits, of_last] = room;
            lens.logits(hidden, norm, logits);
            lens.logits(last, true, of_last);
            self.part(site, (logits, of_last), targets)
        };
        let parts = parts.map_init(Default::default, part);
        Ok(self.mean_of(site, &parts.collect::<Result<Vec<_>>>()?))
    }

    /// Takes in the numbers of all layers at the positions that were kept.
    ///
    /// # Errors
    /// Where they could not be observed.
    pub(super) fn spread(&mut self) -> crate::Result<()> {
        let sites: Vec<_> = SITES
            .into_iter()
            .filter(|(site, _)| self.wanted.at(*site))
            .collect();
        let of_sequence = |sequence: usize| self.layers_of(sequence, &sites);
        let sequences: Vec<_> = (0..self.sequences.len())
            .into_par_iter()
            .map(of_sequence)
            .collect::<Result<_>>()?;
        let layers = sequences.first().map_or(0, Vec::len);
        for at in 0..layers {
            for (sequence, found) in sequences.iter().enumerate() {
                for ((site, _), found) in sites.iter().zip(&found[at]) {
                    self.seen
                        .take((at as u32 + 1, None, *site), sequence, found.clone());
                }
            }
        }
        Ok(())
    }

    /// The numbers of one sequence by layer and site: the logits of the last layer are computed once.
    fn layers_of(&self, sequence: usize, sites: &[(Site, bool)]) -> Result<Vec<Vec<Vec<Found>>>> {
        let layers = &self.spread[sequence];
        let (Some(lens), Some(last)) = (&self.lens, layers.last()) else {
            let missing = sites.iter().map(|(site, _)| self.mean_of(*site, &[]));
            return Ok(vec![missing.collect(); layers.len()]);
        };
        let targets = self.targets(sequence);
        let positions = self
            .wanted
            .lens
            .map(|positions| positions.of(targets.len()));
        let at = positions.unwrap_or_default();
        let targets: Vec<u32> = at.into_iter().map(|at| targets[at]).collect();
        let mut parts: Vec<Vec<Vec<Part>>> = vec![vec![Vec::new(); sites.len()]; layers.len()];
        let [mut logits, mut of_last] = [Vec::new(), Vec::new()];
        for (number, targets) in targets.chunks(POSITIONS).enumerate() {
            let first = number * POSITIONS * self.d_model;
            let range = first..first + targets.len() * self.d_model;
            lens.logits(&last[range.clone()], true, &mut of_last);
            for (layer, (rows, parts)) in layers.iter().zip(&mut parts).enumerate() {
                for ((site, norm), parts) in sites.iter().zip(parts) {
                    let is_last = *norm && layer + 1 == layers.len();
                    if !is_last {
                        lens.logits(&rows[range.clone()], *norm, &mut logits);
                    }
                    let logits = if is_last { &of_last } else { &logits };
                    parts.push(self.part(*site, (logits, &of_last), targets)?);
                }
            }
        }
        let means = |parts: Vec<Vec<Part>>| {
            let sites = sites.iter().zip(parts);
            sites
                .map(|((site, _), parts)| self.mean_of(*site, &parts))
                .collect()
        };
        Ok(parts.into_iter().map(means).collect())
    }

    /// The next token of each position.
    fn targets(&self, sequence: usize) -> Vec<u32> {
        let next = self.sequences[sequence].iter().copied().skip(1);
        next.chain([NO_TARGET]).collect()
    }

    /// The numbers of some positions, from their logits and those of the last layer.
    fn part(&self, site: Site, (logits, last): (&[f32], &[f32]), targets: &[u32]) -> Result<Part> {
        let vocabulary = logits.len() / targets.len();
        let sample = Sample::new(View::new(logits, vocabulary)?)
            .with(Companion::LastLayer, View::new(last, vocabulary)?)?
            .with_labels(targets)?;
        let with_target = targets.iter().filter(|target| **target != NO_TARGET);
        let counts = [targets.len(), with_target.count()];
        Ok((counts, self.seen.collector.found(site, &sample)))
    }

    /// The means of a sequence from those of its parts; none without parts.
    fn mean_of(&self, site: Site, parts: &[Part]) -> Vec<Found> {
        let columns = self.seen.collector.columns(site).enumerate();
        let of_column = |(at, column): (usize, &Column)| {
            let of_targets = usize::from(averages_targets(site, column));
            let parts = parts.iter();
            mean(parts.map(|(counts, found)| (counts[of_targets], found[at])))
        };
        columns.map(of_column).collect()
    }
}

/// Whether a number is a mean over the positions that have a target, not over all.
fn averages_targets(site: Site, column: &Column) -> bool {
    site == Site::LogitsInt8 || column.name.ends_with("_target")
}

/// The mean of all positions from those of parts, each of so many positions.
fn mean(parts: impl Iterator<Item = (usize, Found)>) -> Found {
    let (mut sum, mut all) = (0.0, 0);
    for (count, found) in parts.filter(|(count, _)| *count > 0) {
        sum += found? * count as f64;
        all += count;
    }
    match all {
        0 => Err(Missing::NotGiven),
        _ => Ok(sum / all as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_weigh_as_many_positions_as_they_have() {
        let parts = [(3, Ok(1.0)), (1, Ok(5.0)), (0, Err(Missing::NotGiven))];
        assert_eq!(mean(parts.into_iter()), Ok(2.0));
        let parts = [(3, Ok(1.0)), (1, Err(Missing::NotFinite))];
        assert_eq!(mean(parts.into_iter()), Err(Missing::NotFinite));
        assert_eq!(mean(std::iter::empty()), Err(Missing::NotGiven));
    }
}
