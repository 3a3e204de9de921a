use crate::logits::log_sum;
use crate::observable::{Column, Compute, Observable};
use crate::{Companion, Found, Missing, Sample, Site, View};

/// What rounding the residual stream to int8 costs.
pub(crate) const INT8_LOSS: Observable = Observable {
    name: "int8_loss",
    family: "rounding",
    columns: &[
        Column {
            name: "int8_loss",
            unit: "nats",
            range: [0.0, f64::INFINITY],
            meaning: "mean -ln p(target) of the model with its residual stream rounded to int8",
        },
        Column {
            name: "int8_loss_increase",
            unit: "nats",
            range: [f64::NEG_INFINITY, f64::INFINITY],
            meaning: "the same less mean -ln p(target) of the model as it is",
        },
    ],
    sites: &[Site::LogitsInt8],
    needs: "the target tokens as labels, the logits of the model as it is",
    convention: "after every block the residual stream of a sequence is rounded by absmax: symmetric levels from -127 to \
                 127, one scale a sequence, largest magnitude / 127, ties to even. So one massive activation takes the \
                 levels of all others. Weights and what is inside a block are not rounded. A label that is no token (such \
                 as 4294967295) is no target",
    cost: "a forward pass of its own, hence a family of its own; O(n vocabulary) time, no memory",
    source: "arXiv 2208.07339 (absmax), 2306.12929 (what outliers cost)",
    compute: Compute::Tensor(compute),
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let last = sample.companion(Companion::LastLayer);
    let labels = sample.labels();
    let loss = labels.and_then(|labels| of_targets(sample.tensor(), labels));
    let plain = labels.and_then(|labels| of_targets(last?, labels));
    let increase = loss.and_then(|loss| Ok(loss - plain?));
    vec![loss, increase]
}

/// Mean -ln p of the targets.
fn of_targets(logits: View<'_>, targets: &[u32]) -> Found {
    let (mut sum, mut count) = (0.0, 0.0);
    for (row, target) in logits.iter().zip(targets) {
        if let Some(logit) = row.get(*target as usize) {
            sum += log_sum(row) - f64::from(*logit);
            count += 1.0;
        }
    }
    match count > 0.0 {
        true => Ok(f64::max(sum / count, 0.0)),
        false => Err(Missing::NotGiven),
    }
}
