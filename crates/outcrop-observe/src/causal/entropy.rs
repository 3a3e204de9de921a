//! The entropy of the weights of one query.

use crate::sums::{LANES, larger, sum_of_f32};

/// Terms that are added up in f32: 16 in each lane, few enough that their sum keeps six digits.
const BLOCK: usize = 16 * LANES;

/// -sum w ln w.
#[inline(always)]
pub(super) fn entropy(weights: &[f32]) -> f64 {
    let mut sum = 0.0;
    for block in weights.chunks(BLOCK) {
        let mut terms = [0.0f32; LANES];
        for weights in block.chunks(LANES) {
            for (terms, weight) in terms.iter_mut().zip(weights) {
                *terms = weight.mul_add(ln(*weight), *terms);
            }
        }
        sum += sum_of_f32(&terms);
    }
    -sum
}

/// ln of a number from 0 to 2, to seven digits; a finite number at 0, whose product with 0 is 0. Without a branch, so that
/// several are computed at once: ln(2^e (1 + t)) = e ln 2 + t - t^2 / 2 + t^3 p(t), 1 + t from sqrt(1/2) to sqrt 2. p is the
/// polynomial through 8 Chebyshev nodes.
#[inline(always)]
fn ln(x: f32) -> f32 {
    /// The bits of sqrt(1/2).
    const LEAST: u32 = 0x3f35_04f3;
    let positive = larger(x, f32::MIN_POSITIVE);
    let bits = positive.to_bits().wrapping_sub(LEAST);
    let exponent = bits.cast_signed() >> 23;
    let t = f32::from_bits((bits & 0x007f_ffff) + LEAST) - 1.0;
    let p = (-0.079_036_44f32).mul_add(t, 0.126_237_39);
    let p = p.mul_add(t, -0.129_984_9);
    let p = p.mul_add(t, 0.142_143_56);
    let p = p.mul_add(t, -0.166_412_47);
    let p = p.mul_add(t, 0.200_010_48);
    let p = p.mul_add(t, -0.250_003_07);
    let p = p.mul_add(t, 0.333_333_3);
    let of_mantissa = (t * t).mul_add(p.mul_add(t, -0.5), t);
    (exponent as f32).mul_add(std::f32::consts::LN_2, of_mantissa)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_have_seven_digits() {
        let numbers = (0..200_000u32).map(|i| f32::from_bits(0x0080_0000 + i * 5_300));
        for x in numbers.filter(|x| *x <= 1.02) {
            let expected = f64::from(x).ln();
            let error = (f64::from(ln(x)) - expected).abs();
            assert!(error <= 2e-7 * expected.abs().max(0.3), "{x} {error:e}");
        }
        assert_eq!(0.0 * ln(0.0), 0.0);
        assert_eq!(ln(1.0), 0.0);
    }
}
