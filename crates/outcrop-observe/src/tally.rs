use std::collections::BTreeMap;

use crate::ranks::Expected;
use crate::tails;
use crate::{CausalSums, Column, Found, Missing, Observable, Sample, Site, TensorMagnitudes};

/// Mean and standard error of one number over samples, and how many had none. Its size does not grow.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    n: u64,
    mean: f64,
    squares: f64,
    missing: [u64; Missing::ALL.len()],
}

/// How far from the mean of `n` samples the next is expected: in standard deviations, and in shares of the mean.
const DEVIATIONS: f64 = 3.0;
const OF_FEW: f64 = 0.02;
const OF_MANY: f64 = 0.004;

/// Beyond this share of the mean on both sides a sample of the scalars says more.
const WIDEST: f64 = 0.08;

impl Tally {
    /// Takes in what one sample gave.
    pub fn add(&mut self, found: Found) {
        match found {
            Ok(value) => {
                self.n += 1;
                let from = value - self.mean;
                self.mean += from / self.n as f64;
                self.squares += from * (value - self.mean);
            }
            Err(missing) => self.missing[missing as usize] += 1,
        }
    }

    /// How many samples had a value.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Their mean; the most frequent reason where none had a value, and [`Missing::NotGiven`] where nothing was added.
    pub fn value(&self) -> Found {
        match self.n {
            0 => Err(self.reason().unwrap_or(Missing::NotGiven)),
            _ => Ok(self.mean),
        }
    }

    /// The standard error of the mean: the standard deviation (with n - 1) over sqrt(n); none for less than two values.
    pub fn sem(&self) -> Option<f64> {
        let n = self.n as f64;
        (self.n > 1).then(|| (self.squares / (n - 1.0) / n).sqrt())
    }

    /// Where the next sample has its quantile of magnitudes, if samples are alike; none where they are not.
    fn expected(&self, share: f64) -> Option<Expected> {
        let n = self.n as f64;
        let deviation = (self.squares / (n - 1.0).max(1.0)).sqrt();
        let margin = DEVIATIONS * deviation + (OF_FEW / n + OF_MANY) * self.mean;
        let is_narrow = self.n > 0 && margin < WIDEST * self.mean;
        is_narrow.then(|| Expected::about(share, self.mean, margin))
    }

    /// How many samples had no value for this reason.
    pub fn missing(&self, reason: Missing) -> u64 {
        self.missing[reason as usize]
    }

    /// The most frequent reason; of equally frequent ones the first of [`Missing::ALL`].
    pub fn reason(&self) -> Option<Missing> {
        let reasons = Missing::ALL.into_iter().rev();
        let most = reasons.max_by_key(|reason| self.missing(*reason))?;
        (self.missing(most) > 0).then_some(most)
    }
}

/// What was observed of one number at one place: a row of `observables.csv` without model and step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observed {
    /// The layer, from 1; 0 is the embedding.
    pub layer: u32,
    /// The head, from 1; none for what is no head's.
    pub head: Option<u32>,
    /// Where the tensor was read.
    pub site: Site,
    /// The name of the number, [`Column::name`](crate::Column::name).
    pub observable: &'static str,
    /// Mean, standard error, number of samples and reasons.
    pub tally: Tally,
}

/// Observes samples one after another. Its size grows with layers, heads and observables, not with samples or their
/// length.
///
/// ```
/// use outcrop_observe::{Collector, Sample, Site, View, select};
///
/// let mut collector = Collector::new(select("token_norms")?);
/// for scale in [1.0, 3.0] {
///     let hidden = [4.0 * scale, 0.0, scale, 0.0];
///     collector.observe(1, None, Site::ResidualStream, &Sample::new(View::new(&hidden, 2)?));
/// }
/// let rows: Vec<_> = collector.rows().collect();
/// assert_eq!((rows[0].observable, rows[0].tally.value()), ("norm_first", Ok(8.0)));
/// assert_eq!((rows[0].tally.n(), rows[0].tally.sem()), (2, Some(4.0)));
/// # Ok::<(), outcrop_observe::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Collector {
    observables: Vec<&'static Observable>,
    places: BTreeMap<(u32, Option<u32>, Site), Vec<Tally>>,
}

impl Collector {
    /// Nothing observed yet.
    pub fn new(observables: Vec<&'static Observable>) -> Self {
        Self {
            observables,
            places: BTreeMap::new(),
        }
    }

    /// The observables that are meant for this place: what need not be read if there are none.
    pub fn at(&self, site: Site) -> impl Iterator<Item = &'static Observable> + '_ {
        let all = self.observables.iter().copied();
        all.filter(move |one| one.sites.contains(&site))
    }

    /// The numbers at this place, in the order of [`found`](Self::found).
    pub fn columns(&self, site: Site) -> impl Iterator<Item = &'static Column> + '_ {
        self.at(site).flat_map(|one| one.columns)
    }

    /// A sample of this place that expects its quantiles near those of the samples before: [`found`](Self::found) then takes
    /// less time and gives the same numbers.
    pub fn expecting<'a>(
        &self,
        layer: u32,
        head: Option<u32>,
        site: Site,
        sample: Sample<'a>,
    ) -> Sample<'a> {
        let tallies = self.places.get(&(layer, head, site)).map(Vec::as_slice);
        let known = self.columns(site).zip(tallies.unwrap_or_default());
        let expected =
            known.filter_map(|(column, tally)| tally.expected(tails::share_below(column.name)?));
        sample.expecting(expected.collect())
    }

    /// What every observable that is meant for this place gives for one sample, without taking it in: samples may be
    /// computed in parallel and be [added](Self::add) in order.
    pub fn found(&self, site: Site, sample: &Sample<'_>) -> Vec<Found> {
        let mut all: Vec<_> = self.at(site).map(|one| (one, Vec::new())).collect();
        // the last first: the ranks of quantiles have the median, with which magnitudes begin
        for (one, found) in all.iter_mut().rev() {
            *found = one.observe(sample);
        }
        all.into_iter().flat_map(|(_, found)| found).collect()
    }

    /// The same of attention weights that are known by what they add up to.
    pub fn found_of_sums(&self, sums: std::result::Result<CausalSums<'_>, Missing>) -> Vec<Found> {
        let all = self.at(Site::AttentionWeights);
        all.flat_map(|one| one.observe_sums(sums)).collect()
    }

    /// The same of a tensor at this place whose magnitudes are known, but not the tensor.
    pub fn found_of_magnitudes(
        &self,
        site: Site,
        magnitudes: std::result::Result<TensorMagnitudes, Missing>,
    ) -> Vec<Found> {
        let all = self.at(site);
        all.flat_map(|one| one.observe_magnitudes(magnitudes))
            .collect()
    }

    /// Takes in what one sample gave, as [`found`](Self::found) computed it, of a layer (from 1; 0 is the embedding) and
    /// of a head (from 1).
    pub fn add(&mut self, layer: u32, head: Option<u32>, site: Site, found: &[Found]) {
        let tallies = self.places.entry((layer, head, site)).or_default();
        tallies.resize(found.len(), Tally::default());
        for (tally, found) in tallies.iter_mut().zip(found) {
            tally.add(*found);
        }
    }

    /// Takes in one sample of a layer (from 1; 0 is the embedding) and of a head (from 1), with every observable that
    /// is meant for this place.
    pub fn observe(&mut self, layer: u32, head: Option<u32>, site: Site, sample: &Sample<'_>) {
        let found = self.found(site, sample);
        self.add(layer, head, site, &found);
    }

    /// One row a number, by layer, head and place.
    pub fn rows(&self) -> impl Iterator<Item = Observed> + '_ {
        self.places
            .iter()
            .flat_map(|((layer, head, site), tallies)| {
                let columns = self.columns(*site);
                columns.zip(tallies).map(|(column, tally)| Observed {
                    layer: *layer,
                    head: *head,
                    site: *site,
                    observable: column.name,
                    tally: *tally,
                })
            })
    }
}
