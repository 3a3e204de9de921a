use crate::missing::quotient;
use crate::observable::{Column, Observable, Reads};
use crate::{Found, Missing, Sample, Site};

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
    reads: Reads::All,
    convention: "population moments, nothing subtracted; as `measurements.csv` has them for hidden states, here for every \
                 tensor",
    cost: "O(n d) time in two passes, O(d) memory",
    source: "arXiv 2306.12929 (scalars), 2405.19279 (channels)",
    compute,
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let tensor = sample.tensor();
    let (values, mean) = (tensor.values(), sample.summary().mean());
    let constant = values.iter().all(|x| *x == values[0]);
    let mut channels = vec![0.0; tensor.columns()];
    let (mut second, mut fourth) = (0.0, 0.0);
    for row in tensor.iter() {
        for (channel, x) in channels.iter_mut().zip(row) {
            let x = f64::from(*x);
            let square = (x - mean) * (x - mean);
            *channel += x * x;
            second += square;
            fourth += square * square;
        }
    }
    let n = values.len() as f64;
    let squares: f64 = channels.iter().map(|square| square * square).sum();
    let sum: f64 = channels.iter().sum();
    vec![
        match constant {
            true => Err(Missing::Constant),
            false => at_least_one(fourth * n, second * second),
        },
        at_least_one(squares * channels.len() as f64, sum * sum),
    ]
}

/// A quotient that is less than 1 by rounding alone.
fn at_least_one(above: f64, below: f64) -> Found {
    quotient(above, below).map(|kurtosis| kurtosis.max(1.0))
}
