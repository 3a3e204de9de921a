use crate::logits::{against, argmax, log_sum, rank_of};
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
                 each sample is a mean over its positions. `outcrop measure` and `train` take 32 positions of a longer \
                 sequence (`--lens-positions`, `lens_positions` of `[measure]`): the middles of as many equal stretches, so \
                 position 0 is among them only where all are; `all` takes every one. `n` counts sequences",
    cost: "O(n vocabulary) time, no memory",
    source: "nostalgebraist 2020 (with norm), arXiv 2502.03628 (without), 2303.08112",
    compute: Compute::Tensor(compute),
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let logits = sample.tensor();
    let log_sums: Vec<f64> = logits.iter().map(log_sum).collect();
    let target = sample
        .labels()
        .and_then(|labels| of_targets(logits, &log_sums, labels));
    let last = sample
        .companion(Companion::LastLayer)
        .map(|last| of_last(logits, &log_sums, last));
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
fn of_targets(logits: View<'_>, log_sums: &[f64], targets: &[u32]) -> Result<[f64; 2], Missing> {
    let (mut ranks, mut shares, mut count) = (0.0, 0.0, 0.0);
    for ((row, log_sum), target) in logits.iter().zip(log_sums).zip(targets) {
        let Some(logit) = row.get(*target as usize) else {
            continue;
        };
        ranks += rank_of(row, *logit) as f64;
        shares += (f64::from(*logit) - log_sum).exp();
        count += 1.0;
    }
    match count > 0.0 {
        true => Ok([ranks / count, (shares / count).min(1.0)]),
        false => Err(Missing::NotGiven),
    }
}

/// Mean rank and probability of what the last layer predicts, and mean KL to it.
fn of_last(logits: View<'_>, log_sums: &[f64], last: View<'_>) -> [f64; 3] {
    let mut sums = [0.0; 3];
    for ((row, log_sum), last) in logits.iter().zip(log_sums).zip(&last) {
        let predicted = row[argmax(last)];
        let [log_sum_last, differences] = against(last, row);
        sums[0] += rank_of(row, predicted) as f64;
        sums[1] += (f64::from(predicted) - log_sum).exp();
        sums[2] += differences - (log_sum_last - log_sum);
    }
    let n = logits.rows() as f64;
    let [rank, share, kl] = sums.map(|sum| sum / n);
    [rank, share.min(1.0), kl.max(0.0)]
}
