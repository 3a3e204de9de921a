/// The place of the largest logit, the first of several.
pub(super) fn argmax(row: &[f32]) -> usize {
    let larger = |best: usize, at: usize| if row[at] > row[best] { at } else { best };
    (0..row.len()).fold(0, larger)
}
