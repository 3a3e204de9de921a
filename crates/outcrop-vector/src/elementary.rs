//! Functions of one number, inlined into loops that the compiler vectorises.

/// exp(x) to 1e-7 of it, for x brought between -87 and 88: Cephes' polynomial after reduction by ln 2.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let (r, power) = reduced(x);
    let p = slope(r).mul_add(r, 1.0);
    p * power
}

/// r and 2^n of x = n ln 2 + r.
#[inline(always)]
fn reduced(x: f32) -> (f32, f32) {
    const SHIFT: f32 = 12_582_912.0; // 1.5 * 2^23: adding it rounds to a whole number
    let x = x.clamp(-87.0, 88.0);
    let shifted = x.mul_add(std::f32::consts::LOG2_E, SHIFT);
    let n = shifted - SHIFT;
    let r = n.mul_add(-0.693_359_4, x);
    let r = n.mul_add(2.121_944_4e-4, r);
    let power = f32::from_bits((shifted.to_bits().wrapping_add(127)) << 23);
    (r, power)
}

/// (exp(r) - 1) / r.
#[inline(always)]
fn slope(r: f32) -> f32 {
    polynomial(
        r,
        &[
            1.987_569_2e-4,
            1.398_2e-3,
            8.333_452e-3,
            4.166_58e-2,
            1.666_666_5e-1,
            0.5,
            1.0,
        ],
    )
}

/// exp(x) - 1 to 2e-7 of it, for x up to 88; -1 below -87.
#[inline(always)]
pub(crate) fn exp_less_one(x: f32) -> f32 {
    let (r, power) = reduced(x);
    (slope(r) * r).mul_add(power, power - 1.0)
}

/// exp(x), but 0 below -87.
#[inline(always)]
pub(crate) fn exp_or_zero(x: f32) -> f32 {
    if x < -87.0 { 0.0 } else { exp(x) }
}

/// erf(x) to 4e-7, a few units of the last place: a rational approximation on -4 to 4.
#[inline(always)]
pub fn erf(x: f32) -> f32 {
    let x = x.clamp(-4.0, 4.0);
    let s = x * x;
    let p = polynomial(
        s,
        &[
            -2.726_142_3e-10,
            2.770_681_4e-8,
            -2.101_024e-6,
            -5.692_506_4e-5,
            -7.349_906_3e-4,
            -2.954_6e-3,
            -1.609_603_3e-2,
        ],
    );
    let q = polynomial(
        s,
        &[
            -1.456_607_2e-5,
            -2.133_740_5e-4,
            -1.682_826_9e-3,
            -7.373_329_2e-3,
            -1.426_473_9e-2,
        ],
    );
    x * p / q
}

/// tanh(x) to 2e-7 of it: Cephes' polynomial near 0, elsewhere 1 - 2 / (exp(2 |x|) + 1).
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    let s = x * x;
    let p = polynomial(
        s,
        &[
            -5.704_988_7e-3,
            2.063_909e-2,
            -5.373_971_6e-2,
            1.333_144_2e-1,
            -3.333_328e-1,
        ],
    );
    let near = (p * s).mul_add(x, x);
    let far = (1.0 - 2.0 / (exp(2.0 * x.abs()) + 1.0)).copysign(x);
    if x.abs() < 0.625 { near } else { far }
}

/// Horner's rule, the highest power first.
#[inline(always)]
fn polynomial<const N: usize>(x: f32, coefficients: &[f32; N]) -> f32 {
    let [first, rest @ ..] = coefficients.as_slice() else {
        return 0.0;
    };
    rest.iter().fold(*first, |sum, c| sum.mul_add(x, *c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::exact;

    proptest! {
        #[test]
        fn exponentials(x in -87.0..88.0f32) {
            let exact = f64::from(x).exp();
            prop_assert!((f64::from(exp(x)) / exact - 1.0).abs() < 1e-7, "{x}");
        }

        #[test]
        fn exponentials_less_one(x in -87.0..88.0f32, small in -1e-3..1e-3f32) {
            for x in [x, small] {
                let exact = f64::from(x).exp_m1();
                prop_assert!((f64::from(exp_less_one(x)) - exact).abs() <= 2e-7 * exact.abs(), "{x}");
            }
        }

        #[test]
        fn hyperbolic_tangents(x in -20.0..20.0f32) {
            let exact = f64::from(x).tanh();
            prop_assert!((f64::from(tanh(x)) / exact - 1.0).abs() < 2e-7, "{x}");
        }

        #[test]
        fn error_functions(x in -6.0..6.0f32) {
            prop_assert!((f64::from(erf(x)) - exact::erf(f64::from(x))).abs() < 4e-7, "{x}");
        }
    }
}
