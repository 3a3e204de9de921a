use crate::observable::{Column, Compute, Observable};
use crate::{Found, Missing, Sample, Site, sums};

/// Shares of scalars that are outliers.
pub(crate) const BEYOND: Observable = Observable {
    name: "beyond",
    family: "tails",
    columns: &[
        Column {
            name: "beyond_6_sigma",
            unit: "share",
            range: [0.0, 1.0 / 36.0],
            meaning: "share of the scalars with |h - mean| > 6 sigma",
        },
        Column {
            name: "beyond_10_rms",
            unit: "share",
            range: [0.0, 0.01],
            meaning: "share of the scalars with |h| > 10 RMS",
        },
    ],
    sites: Site::STATES,
    needs: "",
    convention: "mean, sigma (population) and RMS over all scalars of the tensor. 2e-9 beyond 6 sigma is normal; by \
                 Chebyshev's inequality at most 1/36 and 1/100 can be beyond",
    cost: "O(n d) time, no memory",
    source: "arXiv 2306.12929",
    compute: Compute::Tensor(compute),
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let values = sample.tensor().values();
    let (mean, rms) = (sample.summary().mean(), sample.summary().rms());
    let variance = variance(values, mean, rms);
    let share = |count: usize| count as f64 / values.len() as f64;
    let constant = values.iter().all(|x| *x == values[0]);
    let limit = 6.0 * variance.sqrt();
    vec![
        match constant {
            true => Err(Missing::Constant),
            false => Ok(share(outside(sample, mean - limit, mean + limit))),
        },
        match rms > 0.0 {
            true => Ok(share(outside(sample, -10.0 * rms, 10.0 * rms))),
            false => Err(Missing::Zero),
        },
    ]
}

/// Below this share of the mean square a difference of squares has too few digits.
const CANCELS: f64 = 0.1;

fn variance(values: &[f32], mean: f64, rms: f64) -> f64 {
    let difference = rms * rms - mean * mean;
    match difference > CANCELS * rms * rms {
        true => difference,
        false => sums::total(values, |x| (x - mean) * (x - mean)) / values.len() as f64,
    }
}

/// How many scalars are below `low` or above `high`. Only rows that have such a magnitude are read.
fn outside(sample: &Sample<'_>, low: f64, high: f64) -> usize {
    let (low, high) = (-sums::at_most(-low), sums::at_most(high));
    let tensor = sample.tensor();
    let rows = tensor.iter().zip(&sample.summary().rows);
    let has = rows.filter(|(_, largest)| **largest > high || -**largest < low);
    has.map(|(row, _)| sums::count(row, |x| (x < low) | (x > high)))
        .sum()
}
