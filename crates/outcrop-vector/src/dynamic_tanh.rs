//! The tanh that takes the place of a norm (DyT, Zhu et al. 2025, arXiv 2503.10622).

use crate::elementary::tanh;
use crate::sums::sum;
use crate::vectorised;

vectorised! {
    /// y = gain tanh(alpha x) + shift of each row; a row is as long as the gain, `scale` is gain and shift.
    pub fn dynamic_tanh<'a>(x: &'a [f32], alpha: f32, scale: [&'a [f32]; 2], y: &'a mut [f32]) -> () {
        let [gain, shift] = scale;
        let d = gain.len();
        for (x, y) in x.chunks_exact(d).zip(y.chunks_exact_mut(d)) {
            for i in 0..d {
                y[i] = tanh(alpha * x[i]).mul_add(gain[i], shift[i]);
            }
        }
    }
}

vectorised! {
    /// The backward pass of [`dynamic_tanh`]. With t = tanh(alpha x) and g = dy gain (1 - t^2): dx += alpha g,
    /// dgain += dy t, dshift += dy; returns the gradient of alpha, the sum of g x. `dy` becomes g; `gradients` are those of
    /// gain and shift.
    pub fn dynamic_tanh_backward<'a>(
        x: &'a [f32],
        alpha: f32,
        gain: &'a [f32],
        dy: &'a mut [f32],
        dx: &'a mut [f32],
        gradients: [&'a mut [f32]; 2],
    ) -> f32 {
        let d = gain.len();
        let [dgain, dshift] = gradients.map(|g| &mut g[..d]);
        let mut dalpha = 0.0;
        let rows = x.chunks_exact(d).zip(dy.chunks_exact_mut(d)).zip(dx.chunks_exact_mut(d));
        for ((x, dy), dx) in rows {
            for i in 0..d {
                let t = tanh(alpha * x[i]);
                dgain[i] = dy[i].mul_add(t, dgain[i]);
                dshift[i] += dy[i];
                dy[i] *= gain[i] * (1.0 - t * t);
                dx[i] = alpha.mul_add(dy[i], dx[i]);
            }
            dalpha += sum(dy, x, |g, x| g * x);
        }
        dalpha
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::{assert_close, difference, waves};

    const D: usize = 37;
    const ALPHA: f32 = 0.625;

    fn exact(x: &[f64], alpha: f64, gain: &[f64], shift: &[f64]) -> Vec<f64> {
        let y = |i: usize| (alpha * x[i]).tanh() * gain[i] + shift[i];
        (0..x.len()).map(y).collect()
    }

    #[test]
    fn rows_are_those_in_f64_and_bounded_by_gain_and_shift() {
        let [(x, x64), (gain, gain64), (shift, shift64)] =
            [waves(2 * D, 1), waves(D, 2), waves(D, 3)];
        let row = |x| exact(x, f64::from(ALPHA), &gain64, &shift64);
        let rows: Vec<f64> = x64.chunks(D).flat_map(row).collect();
        let mut y = vec![0.0; 2 * D];
        dynamic_tanh(&x, ALPHA, [&gain, &shift], &mut y);
        assert_close(&y, &rows, 1e-6);
        for factor in [1.0, 1e3, 1e30, f32::MAX] {
            let x: Vec<f32> = x.iter().map(|x| x * factor).collect();
            dynamic_tanh(&x, ALPHA, [&gain, &shift], &mut y);
            for (i, y) in y.iter().enumerate() {
                let bound = gain[i % D].abs() + shift[i % D].abs();
                assert!(y.abs() <= bound * (1.0 + f32::EPSILON), "{y} {bound}");
            }
        }
    }

    #[test]
    fn the_way_back_is_finite_differences_in_f64() {
        let [(x, x64), (gain, gain64), (_, shift64)] = [waves(D, 1), waves(D, 2), waves(D, 3)];
        let (mut dy, dy64) = waves(D, 4);
        let loss = |x: &[f64], alpha: f64, gain: &[f64], shift: &[f64]| -> f64 {
            let y = exact(x, alpha, gain, shift);
            y.iter().zip(&dy64).map(|(y, dy)| y * dy).sum()
        };
        let alpha = f64::from(ALPHA);
        let (mut dx, mut dgain, mut dshift) = (vec![1.0; D], vec![1.0; D], vec![1.0; D]);
        let gradients = [&mut dgain[..], &mut dshift];
        let dalpha = dynamic_tanh_backward(&x, ALPHA, &gain, &mut dy, &mut dx, gradients);
        let by_x = difference(&x64, |x| loss(x, alpha, &gain64, &shift64));
        let by_gain = difference(&gain64, |gain| loss(&x64, alpha, gain, &shift64));
        let by_shift = difference(&shift64, |shift| loss(&x64, alpha, &gain64, shift));
        for (ours, slopes) in [(dx, by_x), (dgain, by_gain), (dshift, by_shift)] {
            let added: Vec<f64> = slopes.iter().map(|slope| 1.0 + slope).collect();
            assert_close(&ours, &added, 2e-6);
        }
        let by_alpha = difference(&[alpha], |alpha| loss(&x64, alpha[0], &gain64, &shift64));
        assert_close(&[dalpha], &by_alpha, 2e-6);
    }
}
