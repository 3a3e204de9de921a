/// The place of the largest logit, the first of several.
pub(super) fn argmax(row: &[f32]) -> usize {
    let larger = |best: usize, at: usize| if row[at] > row[best] { at } else { best };
    (0..row.len()).fold(0, larger)
}

/// ln(sum exp(logit)).
pub(super) fn log_sum(row: &[f32]) -> f64 {
    let largest = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let sum: f64 = row.iter().map(|x| (f64::from(*x) - largest).exp()).sum();
    largest + sum.ln()
}
