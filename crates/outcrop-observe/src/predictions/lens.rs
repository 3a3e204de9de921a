use super::shared::{argmax, log_sum};
use crate::observable::{Column, Compute, Observable};
use crate::{Companion, Found, Missing, Sample, Site, View};

const fn rank(name: &'static str, meaning: &'static str) -> Column {
    Column {
        name,
        unit: "tokens",
        range: [0.0, f64::INFINITY],
        meaning,
    }
}

const fn probability(name: &'static str, meaning: &'static str) -> Column {
    Column {
        name,
        unit: "",
        range: [0.0, 1.0],
        meaning,
    }
}

/// The logits of a layer against the target and against those of the last layer.
pub(crate) const LENS: Observable = Observable {
    name: "logit_lens",
    family: "predictions",
    columns: &[
        rank(
            "lens_rank_target",
            "mean rank of the target: how many tokens have a larger logit",
        ),
        probability("lens_probability_target", "mean probability of the target"),
        rank(
            "lens_rank_final",
            "mean rank of the token that the last layer predicts",
        ),
        probability("lens_probability_final", "mean probability of that token"),
        Column {
            name: "lens_kl",
            unit: "nats",
            range: [0.0, f64::INFINITY],
            meaning: "mean over positions of KL(last layer || this layer)",
        },
    ],
    sites: &[Site::Logits, Site::LogitsWithoutNorm],
    needs: "the target tokens as labels, the logits of the last layer",
    convention: "rank 0 is the argmax. `logits`: the final norm, then the head; `logits-without-norm`: the head alone. A \
                 label that is no token (such as 4294967295) is no target. Logits may be given some positions at a time: \
                 each sample is a mean over its positions",
    cost: "O(n vocabulary) time, no memory",
    source: "nostalgebraist 2020 (with norm), arXiv 2502.03628 (without), 2303.08112",
    compute: Compute::Tensor(compute),
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let logits = sample.tensor();
    let target = sample
        .labels()
        .and_then(|labels| of_targets(logits, labels));
    let last = sample
        .companion(Companion::LastLayer)
        .map(|last| of_last(logits, last));
    let (rank, share) = unzip(target);
    let (rank_final, share_final) = unzip(last.map(|[rank, share, _]| [rank, share]));
    vec![
        rank,
        share,
        rank_final,
        share_final,
        last.map(|[_, _, kl]| kl),
    ]
}

fn unzip(pair: Result<[f64; 2], Missing>) -> (Found, Found) {
    (pair.map(|[a, _]| a), pair.map(|[_, b]| b))
}

/// Mean rank and probability of the targets.
fn of_targets(logits: View<'_>, targets: &[u32]) -> Result<[f64; 2], Missing> {
    let (mut ranks, mut shares, mut count) = (0.0, 0.0, 0.0);
    for (row, target) in logits.iter().zip(targets) {
        let Some(logit) = row.get(*target as usize) else {
            continue;
        };
        ranks += rank_of(row, *logit);
        shares += (f64::from(*logit) - log_sum(row)).exp();
        count += 1.0;
    }
    match count > 0.0 {
        true => Ok([ranks / count, (shares / count).min(1.0)]),
        false => Err(Missing::NotGiven),
    }
}

/// Mean rank and probability of what the last layer predicts, and mean KL to it.
fn of_last(logits: View<'_>, last: View<'_>) -> [f64; 3] {
    let mut sums = [0.0; 3];
    for (row, last) in logits.iter().zip(&last) {
        let predicted = row[argmax(last)];
        let (log_sum, log_sum_last) = (log_sum(row), log_sum(last));
        sums[0] += rank_of(row, predicted);
        sums[1] += (f64::from(predicted) - log_sum).exp();
        sums[2] += kl(row, log_sum, last, log_sum_last);
    }
    let n = logits.rows() as f64;
    let [rank, share, kl] = sums.map(|sum| sum / n);
    [rank, share.min(1.0), kl.max(0.0)]
}

fn rank_of(row: &[f32], logit: f32) -> f64 {
    row.iter().filter(|other| **other > logit).count() as f64
}

/// KL(last || this) of one position.
fn kl(row: &[f32], log_sum: f64, last: &[f32], log_sum_last: f64) -> f64 {
    let terms = row.iter().zip(last).map(|(x, last)| {
        let log_last = f64::from(*last) - log_sum_last;
        log_last.exp() * (log_last - (f64::from(*x) - log_sum))
    });
    terms.sum()
}
