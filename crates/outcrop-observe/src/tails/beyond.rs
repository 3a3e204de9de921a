use crate::observable::{Column, Observable, Reads};
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
    reads: Reads::All,
    convention: "mean, sigma (population) and RMS over all scalars of the tensor. 2e-9 beyond 6 sigma is normal; by \
                 Chebyshev's inequality at most 1/36 and 1/100 can be beyond",
    cost: "O(n d) time, no memory",
    source: "arXiv 2306.12929",
    compute,
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let values = sample.tensor().values();
    let (mean, rms) = (sums::mean(values), sums::rms(values));
    let from_mean = |x: &f32| f64::from(*x) - mean;
    let variance = values.iter().map(|x| from_mean(x).powi(2)).sum::<f64>() / values.len() as f64;
    let share = |beyond: &dyn Fn(f64) -> bool| {
        let beyond = values.iter().filter(|x| beyond(f64::from(**x))).count();
        beyond as f64 / values.len() as f64
    };
    let constant = values.iter().all(|x| *x == values[0]);
    let limit = 6.0 * variance.sqrt();
    vec![
        match constant {
            true => Err(Missing::Constant),
            false => Ok(share(&|x| (x - mean).abs() > limit)),
        },
        match rms > 0.0 {
            true => Ok(share(&|x| x.abs() > 10.0 * rms)),
            false => Err(Missing::Zero),
        },
    ]
}
