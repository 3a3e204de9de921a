use crate::missing::quotient;
use crate::observable::{Column, Compute, Observable};
use crate::{Found, Missing, Sample, Site, sums};

const fn column(name: &'static str, meaning: &'static str) -> Column {
    Column {
        name,
        unit: "",
        range: [1.0, f64::INFINITY],
        meaning,
    }
}

/// How heavy the tails of the scalars and of the channels are.
pub(crate) const KURTOSES: Observable = Observable {
    name: "kurtoses",
    family: "tails",
    columns: &[
        column(
            "kurtosis",
            "mean((h - mean)^4) / sigma^4 over all scalars: 3 if they are normal",
        ),
        column(
            "channel_kurtosis",
            "mean(r^4) / mean(r^2)^2 over the channels' RMS r: 1 if all channels are alike, their number if one alone is \
             not 0",
        ),
    ],
    sites: Site::STATES,
    needs: "",
    convention: "population moments, nothing subtracted; as `measurements.csv` has them for hidden states, here for every \
                 tensor",
    cost: "O(n d) time, O(d) memory",
    source: "arXiv 2306.12929 (scalars), 2405.19279 (channels)",
    compute: Compute::Tensor(compute),
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let values = sample.tensor().values();
    let constant = values.iter().all(|x| *x == values[0]);
    let [second, fourth] = by_powers(sample).unwrap_or_else(|| by_differences(sample));
    let channels = &sample.summary().columns.squares;
    let squares: f64 = channels.iter().map(|square| square * square).sum();
    let sum: f64 = channels.iter().sum();
    vec![
        match constant {
            true => Err(Missing::Constant),
            false => at_least_one(fourth, second * second),
        },
        at_least_one(squares * channels.len() as f64, sum * sum),
    ]
}

/// Up to this share of the root mean square, a mean takes a digit from what powers leave of each other: of many scalars, whose
/// powers have eight, rounding being in both directions.
const SMALL: f64 = 0.8;

/// Up to this many scalars, a pass of its own costs nothing.
const FEW: usize = 4096;

/// The second and the fourth central moment, by the means of powers; none of few scalars, or where these would lose digits.
fn by_powers(sample: &Sample<'_>) -> Option<[f64; 2]> {
    let summary = sample.summary();
    let (mean, rms) = (summary.mean(), summary.rms());
    let (mean, square) = (mean, rms * rms);
    let fourth = summary.mean_fourth() - 4.0 * mean * summary.mean_third()
        + 6.0 * mean * mean * square
        - 3.0 * mean.powi(4);
    let many = sample.tensor().values().len() > FEW;
    (many && mean.abs() <= SMALL * rms).then_some([square - mean * mean, fourth])
}

/// The same in a pass of its own.
fn by_differences(sample: &Sample<'_>) -> [f64; 2] {
    let values = sample.tensor().values();
    let mean = sums::total(values, |x| x) / values.len() as f64;
    let square = |x: f64| (x - mean) * (x - mean);
    let sums = [
        sums::total(values, square),
        sums::total(values, |x| square(x) * square(x)),
    ];
    sums.map(|sum| sum / values.len() as f64)
}

/// A quotient that is less than 1 by rounding alone.
fn at_least_one(above: f64, below: f64) -> Found {
    quotient(above, below).map(|kurtosis| kurtosis.max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::View;

    /// Of rows of any length, with a mean, with one large scalar, and where f32 has no powers.
    #[test]
    fn both_ways_agree() {
        for (columns, mean, scale) in [(133, 0.0, 1.0), (600, 0.75, 1e-20), (200, -0.7, 1e15)] {
            let at = |i: usize| ((i * 7919 % 4999) as f32 / 2500.0 - 1.0 + mean) * scale;
            let mut values: Vec<f32> = (0..35 * columns).map(at).collect();
            values[7] = 40.0 * scale;
            let sample = Sample::new(View::new(&values, columns).unwrap());
            let found = by_powers(&sample).expect("the mean is small");
            for (found, exact) in found.into_iter().zip(by_differences(&sample)) {
                assert!((found / exact - 1.0).abs() < 2e-6, "{found} {exact}");
            }
        }
        let values = [1000.0, 1000.5, 1001.0];
        assert_eq!(
            by_powers(&Sample::new(View::new(&values, 1).unwrap())),
            None
        );
    }
}
