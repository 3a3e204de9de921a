//! The logits of every layer, in passes of their own: those of the last layer, which all are compared with, come first.

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
    seen: &'a mut Seen,
    failed: Option<outcrop_observe::Error>,
}

impl Hook for Looking<'_> {
    fn residual(&mut self, layer: usize, sequence: usize, hidden: &mut [f32]) {
        for (site, norm) in [(Site::Logits, true), (Site::LogitsWithoutNorm, false)] {
            if !self.wanted.at(site) {
                continue;
            }
            self.take((layer, site, sequence), norm, hidden);
        }
    }
}

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
        let columns: Vec<&Column> = self.seen.collector.columns(site).collect();
        let Some(lens) = &self.lens else {
            return Ok(vec![Err(Missing::NotGiven); columns.len()]);
        };
        let next = self.sequences[sequence].iter().copied().skip(1);
        let targets: Vec<u32> = next.chain([NO_TARGET]).collect();
        let size = POSITIONS * self.d_model;
        let last = self.last[sequence][self.left_out..].par_chunks(size);
        let parts = hidden[self.left_out..].par_chunks(size).zip(last);
        let parts = parts.zip(targets.par_chunks(POSITIONS));
        let part = |room: &mut [Vec<f32>; 2],
                    ((hidden, last), targets): ((&[f32], &[f32]), &[u32])| {
            let [logits, of_last] = room;
            lens.logits(hidden, norm, logits);
            lens.logits(last, true, of_last);
            let sample = Sample::new(View::new(logits, lens.vocabulary())?)
                .with(Companion::LastLayer, View::new(of_last, lens.vocabulary())?)?
                .with_labels(targets)?;
            let with_target = targets.iter().filter(|target| **target != NO_TARGET);
            let counts = [targets.len(), with_target.count()];
            Ok((counts, self.seen.collector.found(site, &sample)))
        };
        let parts: Vec<_> = parts
            .map_init(Default::default, part)
            .collect::<Result<_>>()?;
        let mean = |(at, column): (usize, &&Column)| {
            let of_targets = usize::from(averages_targets(site, column));
            mean(
                parts
                    .iter()
                    .map(|(counts, found)| (counts[of_targets], found[at])),
            )
        };
        Ok(columns.iter().enumerate().map(mean).collect())
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
