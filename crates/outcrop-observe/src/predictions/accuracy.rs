use crate::logits::argmax;
use crate::observable::{Column, Compute, Observable};
use crate::{Found, Missing, Sample, Site};

/// How often a model is right where it can be.
pub(crate) const ACCURACY: Observable = Observable {
    name: "accuracy",
    family: "predictions",
    columns: &[Column {
        name: "accuracy",
        unit: "",
        range: [0.0, 1.0],
        meaning: "share of the answers that have the largest logit",
    }],
    sites: &[Site::HeldOutAnswers, Site::TrainingAnswers],
    needs: "the answers as labels; `outcrop train` has them of corpora with answers, which it always observes",
    convention: "the answer is the first of the largest logits. A label that is no token (such as 4294967295) is no \
                 answer",
    cost: "O(n vocabulary) time, no memory",
    source: "arXiv 2201.02177",
    compute: Compute::Tensor(compute),
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let logits = sample.tensor();
    let answers = sample.labels().map(|labels| {
        let rows = logits.iter().zip(labels);
        let of_answers = rows.filter(|(row, label)| (**label as usize) < row.len());
        of_answers.fold((0, 0), |(right, all), (row, label)| {
            let is_right = argmax(row) == *label as usize;
            (right + usize::from(is_right), all + 1)
        })
    });
    let share = |(right, all): (usize, usize)| match all {
        0 => Err(Missing::NotGiven),
        _ => Ok(right as f64 / all as f64),
    };
    vec![answers.and_then(share)]
}
