use std::collections::BTreeMap;

use super::Crossing;
use crate::random::Source;

/// How many random orders or signs are drawn.
const DRAWS: usize = 4999;

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
    /// Its mean where the first observable is paired with the second of a layer at random.
    pub distance_null: f64,
    /// Probability of so small a distance then, above 0, at most 1: small where onsets agree layer by layer.
    pub p_together: f64,
    /// Mean of log10 b - log10 a, decades: above 0 where the first observable starts earlier.
    pub lead: f64,
    /// Probability of so large a lead, either way, if none starts earlier: small where one does.
    pub p_lead: f64,
}

/// Compares the onsets of two observables, such as sinks and massive activations, in the same layers and seeds; none
/// without pairs, or where an onset lies at step 0.
///
/// **Together** means closer in the same layer than across layers: the null draws the second observable's layers in
/// another order within each seed (of one layer a seed: its seeds in another order). Where all layers start at the same
/// step there is nothing to tell them apart, and p is 1; then `distance` and `coincident` speak. **Lead** is tested by
/// signs: the layers of a seed are not independent, so a sign is drawn for each seed. n seeds give a p of no less than
/// 2^(1 - n).
///
/// ```
/// use outcrop_fit::{Crossing, OnsetPair, synchrony};
///
/// let at = |step: f64| Crossing { after: step, by: step * 1.1, lo: step, hi: step * 1.1 };
/// let pairs: Vec<OnsetPair> = (0..32).map(|i| {
///     let (seed, layer) = (i / 4, i as u32 % 4);
///     let step = 100.0 * f64::from(1 << layer);
///     OnsetPair { seed, layer, a: at(step), b: at(step * 1.3) }
/// }).collect();
/// let found = synchrony(&pairs).expect("there are pairs");
/// assert!(found.p_together < 0.001 && found.p_lead < 0.02);
/// assert!((found.lead - 1.3f64.log10()).abs() < 1e-9);
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
    let mut of_seed: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (at, pair) in pairs.iter().enumerate() {
        of_seed.entry(pair.seed).or_default().push(at);
    }
    let seeds: Vec<Vec<usize>> = of_seed.into_values().collect();
    let (distance, distance_null, p_together) = together(&decades, &seeds);
    let (lead, p_lead) = lead(&decades, &seeds);
    let coincident = pairs.iter().filter(|pair| pair.may_coincide()).count();
    Some(Synchrony {
        pairs: pairs.len(),
        seeds: seeds.len(),
        coincident: coincident as f64 / pairs.len() as f64,
        distance,
        distance_null,
        p_together,
        lead,
        p_lead,
    })
}

/// Mean distance, its null, p.
fn together(decades: &[(f64, f64)], seeds: &[Vec<usize>]) -> (f64, f64, f64) {
    let distance = |order: &[usize]| {
        let pairs = decades.iter().zip(order);
        pairs
            .map(|((a, _), b)| (a - decades[*b].1).abs())
            .sum::<f64>()
            / order.len() as f64
    };
    let all: Vec<usize> = (0..decades.len()).collect();
    let groups = match seeds.iter().any(|layers| layers.len() > 1) {
        true => seeds.to_vec(),
        false => vec![all.clone()],
    };
    let found = distance(&all);
    let (mut sum, mut as_close, mut source) = (0.0, 0, Source::new(1));
    let mut order = all;
    for _ in 0..DRAWS {
        for group in &groups {
            let mut drawn = group.clone();
            source.shuffle(&mut drawn);
            group
                .iter()
                .zip(drawn)
                .for_each(|(to, from)| order[*to] = from);
        }
        let drawn = distance(&order);
        sum += drawn;
        // equal up to rounding counts as equal
        as_close += usize::from(drawn <= found * (1.0 + 1e-12) + 1e-15);
    }
    (
        found,
        sum / DRAWS as f64,
        (as_close + 1) as f64 / (DRAWS + 1) as f64,
    )
}

/// Mean lead of the first observable, and its p.
fn lead(decades: &[(f64, f64)], seeds: &[Vec<usize>]) -> (f64, f64) {
    let of_seed = |layers: &Vec<usize>| {
        layers
            .iter()
            .map(|at| decades[*at].1 - decades[*at].0)
            .sum::<f64>()
    };
    let leads: Vec<f64> = seeds.iter().map(of_seed).collect();
    let found: f64 = leads.iter().sum();
    let (mut as_large, mut source) = (0, Source::new(2));
    let least = found.abs() * (1.0 - 1e-12) - 1e-15;
    for _ in 0..DRAWS {
        let signed = |lead: &f64| if source.coin() { *lead } else { -lead };
        as_large += usize::from(leads.iter().map(signed).sum::<f64>().abs() >= least);
    }
    let p = (as_large + 1) as f64 / (DRAWS + 1) as f64;
    (found / decades.len() as f64, p)
}
