use std::collections::BTreeMap;
use std::fmt;

use super::Crossing;
use super::orders::{random_orders, random_signs, sums_of_orders, sums_of_signs};

/// The onsets of two observables in one layer of one seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OnsetPair {
    /// The seed, or any number of the run.
    pub seed: u64,
    /// The layer.
    pub layer: u32,
    /// The onset of the first observable.
    pub a: Crossing,
    /// That of the second.
    pub b: Crossing,
}

impl OnsetPair {
    /// log10 of the steps of both.
    fn decades(&self) -> (f64, f64) {
        (self.a.middle().log10(), self.b.middle().log10())
    }

    /// Whether both may lie at the same step.
    fn may_coincide(&self) -> bool {
        self.a.after < self.b.by && self.b.after < self.a.by
    }
}

/// Whether two observables start together, over layers and seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Synchrony {
    /// The number of pairs.
    pub pairs: usize,
    /// The number of seeds.
    pub seeds: usize,
    /// The share of pairs whose onsets the grid of checkpoints cannot tell apart, 0 to 1.
    pub coincident: f64,
    /// Mean distance |log10 a - log10 b|, decades of steps.
    pub distance: f64,
    /// Whether they are closer in the same layer than across layers, or why that cannot be tested.
    pub together: Result<LayerAgreement, Untested>,
    /// Mean of log10 b - log10 a, decades: above 0 where the first observable starts earlier.
    pub lead: f64,
    /// Probability of so large a lead, either way, if none starts earlier: small where one does. Exact up to 12 seeds; at
    /// least 2^(1 - n) for n seeds, so that fewer than 6 seeds never show a lead at 5 %.
    pub p_lead: f64,
}

/// The test of onsets that agree layer by layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerAgreement {
    /// The mean distance where the first observable is paired with the second of a layer at random, decades.
    pub distance_null: f64,
    /// Probability of so small a distance then, above 0, at most 1: small where onsets agree layer by layer. Exact up to
    /// 20000 orders of layers.
    pub p: f64,
}

/// Why onsets cannot be tested for agreement layer by layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Untested {
    /// No seed has two layers. A seed that trains fast has every onset early, so that across seeds onsets agree without
    /// having to do with each other.
    OneLayer,
    /// There are fewer than 20 orders of layers within seeds, so that p cannot be 0.05.
    FewOrders {
        /// How many there are.
        orders: usize,
    },
}

impl fmt::Display for Untested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneLayer => f.write_str(
                "one layer a seed: the pace of a seed moves both onsets, so give two layers or more",
            ),
            Self::FewOrders { orders } => write!(
                f,
                "{orders} orders of layers, which cannot show p <= 0.05: give more layers or seeds (4 layers, or 2 of \
                 each of 5 seeds)"
            ),
        }
    }
}

/// Orders below which p cannot be 0.05.
const FEWEST_ORDERS: usize = 20;

/// Compares the onsets of two observables, such as sinks and massive activations, in the same layers and seeds; none
/// without pairs, or where an onset lies at step 0.
///
/// **Together** means closer in the same layer than across layers: the null has the second observable's layers in any
/// other order within each seed, all equally likely. Where all layers start at the same step there is nothing to tell
/// them apart, and p is 1; then `distance` and `coincident` speak. **Lead** is tested by signs: the layers of a seed are
/// not independent, so each seed has one sign. n seeds give a p of no less than 2^(1 - n).
///
/// ```
/// use outcrop_fit::{Crossing, OnsetPair, Untested, synchrony};
///
/// let at = |step: f64| Crossing { after: step, by: step * 1.1, lo: step, hi: step * 1.1 };
/// let pairs: Vec<OnsetPair> = (0..32).map(|i| {
///     let (seed, layer) = (i / 4, i as u32 % 4);
///     let step = 100.0 * f64::from(1 << layer);
///     OnsetPair { seed, layer, a: at(step), b: at(step * 1.3) }
/// }).collect();
/// let found = synchrony(&pairs).expect("there are pairs");
/// assert!(found.together.is_ok_and(|test| test.p < 0.001) && found.p_lead < 0.02);
/// assert!((found.lead - 1.3f64.log10()).abs() < 1e-9);
/// let first: Vec<OnsetPair> = pairs.into_iter().filter(|pair| pair.layer == 0).collect();
/// assert_eq!(synchrony(&first).expect("there are pairs").together, Err(Untested::OneLayer));
/// ```
pub fn synchrony(pairs: &[OnsetPair]) -> Option<Synchrony> {
    let decades: Vec<(f64, f64)> = pairs.iter().map(OnsetPair::decades).collect();
    if pairs.is_empty()
        || decades
            .iter()
            .any(|(a, b)| !(a.is_finite() && b.is_finite()))
    {
        return None;
    }
    let mut of_seed: BTreeMap<u64, Vec<(f64, f64)>> = BTreeMap::new();
    for (pair, decades) in pairs.iter().zip(&decades) {
        of_seed.entry(pair.seed).or_default().push(*decades);
    }
    let seeds: Vec<Vec<(f64, f64)>> = of_seed.into_values().collect();
    let n = pairs.len() as f64;
    let distance: f64 = decades.iter().map(|(a, b)| (a - b).abs()).sum();
    let (lead, p_lead) = lead(&seeds);
    let coincident = pairs.iter().filter(|pair| pair.may_coincide()).count();
    Some(Synchrony {
        pairs: pairs.len(),
        seeds: seeds.len(),
        coincident: coincident as f64 / n,
        distance: distance / n,
        together: together(&seeds, distance, n),
        lead: lead / n,
        p_lead,
    })
}

/// The null and p of this sum of distances.
fn together(seeds: &[Vec<(f64, f64)>], distance: f64, n: f64) -> Result<LayerAgreement, Untested> {
    if seeds.iter().all(|layers| layers.len() == 1) {
        return Err(Untested::OneLayer);
    }
    let (sums, exact) = match sums_of_orders(seeds) {
        Some(sums) if sums.len() < FEWEST_ORDERS => {
            return Err(Untested::FewOrders { orders: sums.len() });
        }
        Some(sums) => (sums, true),
        None => (random_orders(seeds), false),
    };
    Ok(LayerAgreement {
        distance_null: sums.iter().sum::<f64>() / sums.len() as f64 / n,
        // equal up to rounding counts as equal
        p: share(&sums, exact, |sum| sum <= distance * (1.0 + 1e-12) + 1e-15),
    })
}

/// The sum of the leads of the first observable, and its p.
fn lead(seeds: &[Vec<(f64, f64)>]) -> (f64, f64) {
    let of_seed = |layers: &Vec<(f64, f64)>| layers.iter().map(|(a, b)| b - a).sum::<f64>();
    let leads: Vec<f64> = seeds.iter().map(of_seed).collect();
    let found: f64 = leads.iter().sum();
    let least = found.abs() * (1.0 - 1e-12) - 1e-15;
    let (sums, exact) = match sums_of_signs(&leads) {
        Some(sums) => (sums, true),
        None => (random_signs(&leads), false),
    };
    (found, share(&sums, exact, |sum| sum.abs() >= least))
}

/// The share of the null that is as extreme; of drawn ones the observed one counts too.
fn share(sums: &[f64], exact: bool, is_extreme: impl Fn(f64) -> bool) -> f64 {
    let count = sums.iter().filter(|sum| is_extreme(**sum)).count();
    match exact {
        true => count as f64 / sums.len() as f64,
        false => (count + 1) as f64 / (sums.len() + 1) as f64,
    }
}
