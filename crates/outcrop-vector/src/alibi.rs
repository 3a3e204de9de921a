//! Attention with linear biases (Press et al. 2022, arXiv 2108.12409).

/// The slope of each head: 2^(-8 i / n) for i = 1 to n where the number of heads is a power of two; else
/// those of the largest power of two below it, then every other one of the next, as in the authors' code. What is added
/// to a score is minus the slope times the distance of the key.
///
/// ```
/// let slopes = outcrop_vector::alibi_slopes(8);
/// assert_eq!((slopes[0], slopes[7]), (0.5, 1.0 / 256.0));
/// let slopes = outcrop_vector::alibi_slopes(3);
/// assert_eq!(slopes, [1.0 / 16.0, 1.0 / 256.0, 0.25]); // those of 2, then the first of 4
/// ```
pub fn alibi_slopes(heads: usize) -> Vec<f32> {
    let all = |n: usize| (1..=n).map(move |i| (-8.0 * i as f64 / n as f64).exp2() as f32);
    let whole = 1 << heads.max(1).ilog2();
    let between = all(2 * whole).step_by(2);
    all(whole).chain(between).take(heads).collect()
}
