use crate::observable::{Column, Compute, Observable};
use crate::{Found, Missing, Sample, Site, sums};

/// How many medians a channel's maximum must exceed to be counted.
const TIMES: f64 = 100.0;

const fn column(name: &'static str, meaning: &'static str) -> Column {
    Column {
        name,
        unit: "activation",
        range: [0.0, f64::INFINITY],
        meaning,
    }
}

/// The distribution of the channels' maxima.
pub(crate) const MAXIMA: Observable = Observable {
    name: "channel_maxima",
    family: "channels",
    columns: &[
        column("channel_median", "the median of the channels' maxima"),
        column("channel_p95", "their 0.95 quantile"),
        column("channel_p99", "their 0.99 quantile"),
        Column {
            name: "channels_beyond_100",
            unit: "channels",
            range: [0.0, f64::INFINITY],
            meaning: "how many exceed 100 times `channel_median`",
        },
    ],
    sites: Site::STATES,
    needs: "",
    convention: "the maximum of a channel is max |h| over positions; quantiles between two channels in proportion \
                 (`numpy.quantile`)",
    cost: "O(n d + d log d) time, O(d) memory",
    source: "arXiv 2602.02047, 2503.21718",
    compute: Compute::Tensor(compute),
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let maxima = sample.summary().columns.largest.iter();
    // of magnitudes the bits sort like them, and faster
    let mut bits: Vec<u32> = maxima.map(|most| most.to_bits()).collect();
    bits.sort_unstable();
    let maxima = bits.into_iter().map(|bits| f64::from(f32::from_bits(bits)));
    let maxima: Vec<f64> = maxima.collect();
    let at = |q| sums::quantile_of_sorted(&maxima, q);
    let limit = TIMES * at(0.5);
    let beyond = maxima.iter().filter(|most| **most > limit).count();
    vec![
        Ok(at(0.5)),
        Ok(at(0.95)),
        Ok(at(0.99)),
        match limit > 0.0 {
            true => Ok(beyond as f64),
            false => Err(Missing::Zero),
        },
    ]
}
