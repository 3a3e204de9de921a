//! What is done with the residual stream after a block while a model trains.

#[cfg(feature = "flex")]
mod fused;

use burn::tensor::{Tensor, TensorData};
use outcrop_core::LayerStats;
use outcrop_measure::Meters;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use rayon::prelude::*;

use crate::init::normal_pair;
use crate::{Error, HiddenNoise, Numbers, Objective, Result};

/// Magnitudes above it count as tails.
pub(crate) const TAIL: f64 = 3.0;

/// The residual stream after it was treated.
pub(crate) struct Treated {
    pub(crate) hidden: Tensor<3>,
    /// The mean of (|h| / 3)^4, without a graph, where there is a penalty.
    pub(crate) tail: Option<Tensor<1>>,
    /// What is added to the loss; none where the gradient of `hidden` has it.
    pub(crate) term: Option<Tensor<1>>,
}

/// A scalar that becomes `factor` h + `added`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Change {
    /// Its place in [batch, positions, d_model].
    pub(crate) at: usize,
    pub(crate) factor: f32,
    pub(crate) added: f32,
}

/// Treats `x` [batch, positions, d_model] after block `layer`, from 1, of `layers`, as one operation where it is `fused`.
pub(crate) fn treated(
    x: Tensor<3>,
    [layer, layers]: [usize; 2],
    objective: &Objective,
    fused: bool,
) -> Result<Treated> {
    let shape = x.dims();
    let changes = match objective.clamp.is_some() || objective.noise.is_some() {
        true => changes(Numbers::of(x.clone())?.as_slice(), shape, layer, objective)?,
        false => Vec::new(),
    };
    let share = objective.tail_penalty / layers as f64;
    #[cfg(feature = "flex")]
    if fused {
        return Ok(fused::treated(x, changes, share));
    }
    let _ = fused;
    Ok(composed(x, &changes, share))
}

/// The scalars that are changed, in order of their places.
fn changes(
    hidden: &[f32],
    [_, positions, d_model]: [usize; 3],
    layer: usize,
    objective: &Objective,
) -> Result<Vec<Change>> {
    let size = (positions * d_model).max(1);
    let sequences = hidden.par_chunks(size).enumerate();
    let of = sequences.map_init(
        Meters::new,
        |meters, (sequence, hidden)| -> Result<Vec<Change>> {
            let stats = meters.measure(layer, hidden, d_model);
            let stats = stats.map_err(|source| Error::Measure { layer, source })?;
            let mut changes = of_sequence(hidden, &stats, [layer, sequence], objective);
            changes.iter_mut().for_each(|c| c.at += sequence * size);
            Ok(changes)
        },
    );
    let changes: Result<Vec<Vec<Change>>> = of.collect();
    Ok(changes?.concat())
}

/// Those of one sequence, by their places in it.
fn of_sequence(
    hidden: &[f32],
    stats: &LayerStats,
    [layer, sequence]: [usize; 2],
    objective: &Objective,
) -> Vec<Change> {
    let (Some(median), Some(top)) = (stats.median, stats.top[0]) else {
        return Vec::new(); // nothing is finite
    };
    let times = |ratio: f64| (ratio * f64::from(median)) as f32;
    let noise = objective.noise.map(|noise| (times(noise.above), noise));
    let most = objective.clamp.map(times);
    let least = noise.map_or(f32::INFINITY, |(above, _)| above);
    let least = least.min(most.unwrap_or(f32::INFINITY));
    if top.magnitude <= least {
        return Vec::new();
    }
    let mut rng = noise.map(|(_, noise)| random(&noise, [layer, sequence]));
    let large = hidden.iter().enumerate();
    let large = large.filter(|(_, h)| h.abs() > least);
    let changed = large.filter_map(|(at, h)| {
        let (mut factor, mut added) = (1.0, 0.0);
        if let (Some((above, noise)), Some(rng)) = (noise, &mut rng)
            && h.abs() > above
        {
            factor = (1.0 + normal_pair(rng, noise.size)[0]) as f32;
        }
        if let Some(most) = most
            && (factor * h).abs() > most
        {
            (factor, added) = (0.0, most.copysign(factor * h));
        }
        (factor != 1.0).then_some(Change { at, factor, added })
    });
    changed.collect()
}

/// Random numbers of their own for every step, block and sequence.
fn random(noise: &HiddenNoise, [layer, sequence]: [usize; 2]) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(noise.seed);
    let sequence = (noise.first_sequence + sequence) as u64;
    rng.set_stream((noise.step << 34) | ((layer as u64) << 20) | sequence);
    rng
}

/// By operations of the backend; the changes are made here and brought there.
fn composed(x: Tensor<3>, changes: &[Change], share: f64) -> Treated {
    let tail = (share != 0.0).then(|| (x.clone() / TAIL).square().square().mean());
    let hidden = match changes.is_empty() {
        true => x,
        false => {
            let [factors, added] = [|c: &Change| c.factor, |c: &Change| c.added];
            let factors = spread(&x, 1.0, changes, factors);
            let added = spread(&x, 0.0, changes, added);
            x * factors + added
        }
    };
    Treated {
        hidden,
        tail: tail.clone().map(Tensor::inner),
        term: tail.map(|tail| tail * share),
    }
}

/// A tensor as `like` of one number but at the places of changes.
fn spread(like: &Tensor<3>, fill: f32, changes: &[Change], of: fn(&Change) -> f32) -> Tensor<3> {
    let shape = like.dims();
    let mut numbers = vec![fill; shape.iter().product()];
    for change in changes {
        numbers[change.at] = of(change);
    }
    Tensor::from_data(TensorData::new(numbers, shape), &like.device())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Median 1, one massive scalar in each of two sequences of three positions.
    fn hidden() -> Vec<f32> {
        let mut hidden = vec![1.0; 24];
        (hidden[3], hidden[17]) = (50.0, -80.0);
        hidden
    }

    #[test]
    fn clamping_bounds_the_ratio_and_takes_the_gradient() {
        let objective = Objective {
            clamp: Some(20.0),
            ..Objective::default()
        };
        let found = changes(&hidden(), [2, 3, 4], 1, &objective).unwrap();
        let change = |at, added| Change {
            at,
            factor: 0.0,
            added,
        };
        assert_eq!(found, [change(3, 20.0), change(17, -20.0)]);
    }

    #[test]
    fn noise_is_of_its_size_and_follows_from_seed_step_block_and_sequence() {
        let noise = HiddenNoise {
            size: 0.1,
            above: 10.0,
            seed: 7,
            step: 3,
            first_sequence: 0,
        };
        let factors = |noise: HiddenNoise, layer| {
            let objective = Objective {
                noise: Some(noise),
                ..Objective::default()
            };
            let found = changes(&hidden(), [2, 3, 4], layer, &objective).unwrap();
            assert!(found.iter().all(|c| c.added == 0.0));
            found.iter().map(|c| (c.at, c.factor)).collect::<Vec<_>>()
        };
        let first = factors(noise, 1);
        assert_eq!(first.iter().map(|c| c.0).collect::<Vec<_>>(), [3, 17]);
        assert_eq!(factors(noise, 1), first);
        for other in [
            factors(noise, 2),
            factors(HiddenNoise { step: 4, ..noise }, 1),
            factors(HiddenNoise { seed: 8, ..noise }, 1),
        ] {
            assert!(other[0].1 != first[0].1 && other[1].1 != first[1].1);
        }
        // the second sequence of a batch is the first of its second part
        let part = HiddenNoise {
            first_sequence: 1,
            ..noise
        };
        assert_eq!(factors(part, 1)[0].1, first[1].1);
        let all = (0..2000).map(|step| HiddenNoise { step, ..noise });
        let all: Vec<f64> = all.map(|n| f64::from(factors(n, 1)[0].1) - 1.0).collect();
        let mean = all.iter().sum::<f64>() / 2000.0;
        let size = (all.iter().map(|x| x * x).sum::<f64>() / 2000.0).sqrt();
        // four standard errors
        assert!(mean.abs() < 4.0 * 0.1 / 2000f64.sqrt(), "{mean}");
        assert!((size - 0.1).abs() < 4.0 * 0.1 / 4000f64.sqrt(), "{size}");
    }
}
