//! Attention with linear biases (Press et al. 2022, arXiv 2108.12409).

/// The slope of each head: 2^(-max i / n) for i = 1 to n where the number of heads is a power of two; else
/// those of the largest power of two below it, then every other one of the next, as in the authors' code, where
/// `max` is 8. What is added to a score is minus the slope times the distance of the key.
///
/// ```
/// let slopes = outcrop_vector::alibi_slopes(8, 8.0);
/// assert_eq!((slopes[0], slopes[7]), (0.5, 1.0 / 256.0));
/// let slopes = outcrop_vector::alibi_slopes(3, 8.0);
/// assert_eq!(slopes, [1.0 / 16.0, 1.0 / 256.0, 0.25]); // those of 2, then the first of 4
/// ```
pub fn alibi_slopes(heads: usize, max: f64) -> Vec<f32> {
    let whole = 1 << heads.max(1).ilog2();
    let between = all(2 * whole, max).step_by(2);
    all(whole, max).chain(between).take(heads).collect()
}

/// The slopes of [`alibi_slopes`] in the order of MPT: where the number of heads is no power of two, of those of the
/// next power of two the second, the fourth and so on, then the first, the third.
///
/// ```
/// let slopes = outcrop_vector::alibi_slopes_mpt(3, 8.0);
/// assert_eq!(slopes, [1.0 / 16.0, 1.0 / 256.0, 0.25]);
/// let slopes = outcrop_vector::alibi_slopes_mpt(6, 8.0);
/// assert_eq!(slopes[4..], [0.5, 0.125]);
/// ```
pub fn alibi_slopes_mpt(heads: usize, max: f64) -> Vec<f32> {
    let whole = heads.max(1).next_power_of_two();
    if whole == heads {
        return all(whole, max).collect();
    }
    let even = all(whole, max).skip(1).step_by(2);
    even.chain(all(whole, max).step_by(2)).take(heads).collect()
}

/// The nearest bfloat16, the even one of two that are as near.
///
/// ```
/// assert_eq!([1.0, 257.0, 259.0, 0.1].map(outcrop_vector::bfloat16), [1.0, 256.0, 260.0, 0.100_097_656]);
/// ```
pub fn bfloat16(x: f32) -> f32 {
    let bits = x.to_bits();
    let up = 0x7fff + (bits >> 16 & 1);
    f32::from_bits((bits + up) & 0xffff_0000)
}

/// 2^(-max i / n) for i = 1 to n.
fn all(n: usize, max: f64) -> impl Iterator<Item = f32> {
    (1..=n).map(move |i| (-max * i as f64 / n as f64).exp2() as f32)
}
