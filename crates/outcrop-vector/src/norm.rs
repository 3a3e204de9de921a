//! Norms of rows. A row is as long as its gain.

use crate::sums::sum;
use crate::vectorised;

/// Mean and 1 / sqrt(variance + eps) of a row.
#[inline(always)]
fn moments(row: &[f32], eps: f32) -> [f32; 2] {
    let n = row.len() as f32;
    let mean = sum(row, row, |x, _| x) / n;
    let variance = sum(row, row, |x, _| (x - mean) * (x - mean)) / n;
    [mean, 1.0 / (variance + eps).sqrt()]
}

vectorised! {
    /// y = gain (x - mean) / sqrt(variance + eps) + shift of each row; `norm` is gain and shift (Ba et al.
    /// 2016).
    pub fn layer_norm<'a>(x: &'a [f32], norm: [&'a [f32]; 2], eps: f32, y: &'a mut [f32]) -> () {
        let [gain, shift] = norm;
        let d = gain.len();
        for (x, y) in x.chunks_exact(d).zip(y.chunks_exact_mut(d)) {
            let [mean, factor] = moments(x, eps);
            for i in 0..d {
                y[i] = ((x[i] - mean) * factor).mul_add(gain[i], shift[i]);
            }
        }
    }
}

vectorised! {
    /// The backward pass of [`layer_norm`]. With n = (x - mean) / sqrt(variance + eps) and g = dy gain:
    /// dx += (g - mean(g) - n mean(g n)) / sqrt(variance + eps), dgain += dy n, dshift += dy. `dy` becomes
    /// g; `gradients` are those of gain and shift.
    pub fn layer_norm_backward<'a>(
        x: &'a [f32],
        gain: &'a [f32],
        eps: f32,
        dy: &'a mut [f32],
        dx: &'a mut [f32],
        gradients: [&'a mut [f32]; 2],
    ) -> () {
        let d = gain.len();
        let [dgain, dshift] = gradients.map(|g| &mut g[..d]);
        let mut normed = vec![0.0; d];
        let rows = x.chunks_exact(d).zip(dy.chunks_exact_mut(d)).zip(dx.chunks_exact_mut(d));
        for ((x, dy), dx) in rows {
            let [mean, factor] = moments(x, eps);
            for i in 0..d {
                normed[i] = (x[i] - mean) * factor;
                dgain[i] = dy[i].mul_add(normed[i], dgain[i]);
                dshift[i] += dy[i];
                dy[i] *= gain[i];
            }
            let level = sum(dy, dy, |g, _| g) / d as f32;
            let slope = sum(dy, &normed, |g, n| g * n) / d as f32;
            for i in 0..d {
                dx[i] += (dy[i] - level - normed[i] * slope) * factor;
            }
        }
    }
}

vectorised! {
    /// y = gain x / sqrt(mean(x^2) + eps) of each row (Zhang and Sennrich 2019).
    pub fn rms_norm<'a>(x: &'a [f32], gain: &'a [f32], eps: f32, y: &'a mut [f32]) -> () {
        let d = gain.len();
        for (x, y) in x.chunks_exact(d).zip(y.chunks_exact_mut(d)) {
            let square = sum(x, x, |x, _| x * x) / d as f32;
            let factor = 1.0 / (square + eps).sqrt();
            for i in 0..d {
                y[i] = x[i] * factor * gain[i];
            }
        }
    }
}

vectorised! {
    /// The backward pass of [`rms_norm`]. With n = x / sqrt(mean(x^2) + eps) and g = dy gain:
    /// dx += (g - n mean(g n)) / sqrt(mean(x^2) + eps), dgain += dy n. `dy` becomes g.
    pub fn rms_norm_backward<'a>(
        x: &'a [f32],
        gain: &'a [f32],
        eps: f32,
        dy: &'a mut [f32],
        dx: &'a mut [f32],
        dgain: &'a mut [f32],
    ) -> () {
        let d = gain.len();
        let dgain = &mut dgain[..d];
        let mut normed = vec![0.0; d];
        let rows = x.chunks_exact(d).zip(dy.chunks_exact_mut(d)).zip(dx.chunks_exact_mut(d));
        for ((x, dy), dx) in rows {
            let square = sum(x, x, |x, _| x * x) / d as f32;
            let factor = 1.0 / (square + eps).sqrt();
            for i in 0..d {
                normed[i] = x[i] * factor;
                dgain[i] = dy[i].mul_add(normed[i], dgain[i]);
                dy[i] *= gain[i];
            }
            let slope = sum(dy, &normed, |g, n| g * n) / d as f32;
            for i in 0..d {
                dx[i] += (dy[i] - normed[i] * slope) * factor;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::{assert_close, difference, waves};

    const D: usize = 37;
    const EPS: f32 = 1e-5;

    /// Both norms of a row in f64.
    fn exact(x: &[f64], gain: &[f64], shift: Option<&[f64]>) -> Vec<f64> {
        let n = x.len() as f64;
        let mean = shift.map_or(0.0, |_| x.iter().sum::<f64>() / n);
        let square = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        let root = (square + f64::from(EPS)).sqrt();
        let shift = |i| shift.map_or(0.0, |s: &[f64]| s[i]);
        let y = |i| (x[i] - mean) / root * gain[i] + shift(i);
        (0..x.len()).map(y).collect()
    }

    #[test]
    fn norms_of_rows_are_those_in_f64() {
        let [(x, x64), (gain, gain64), (shift, shift64)] =
            [waves(2 * D, 1), waves(D, 2), waves(D, 3)];
        let rows = |shift| -> Vec<f64> {
            let row = |x| exact(x, &gain64, shift);
            x64.chunks(D).flat_map(row).collect()
        };
        let mut y = vec![0.0; 2 * D];
        layer_norm(&x, [&gain, &shift], EPS, &mut y);
        assert_close(&y, &rows(Some(&*shift64)), 1e-6);
        rms_norm(&x, &gain, EPS, &mut y);
        assert_close(&y, &rows(None), 1e-6);
    }

    #[test]
    fn the_way_back_is_finite_differences_in_f64() {
        let [(x, x64), (gain, gain64), (_, shift64)] = [waves(D, 1), waves(D, 2), waves(D, 3)];
        let (mut dy, dy64) = waves(D, 4);
        let loss = |x: &[f64], gain: &[f64], shift: &[f64]| -> f64 {
            let y = exact(x, gain, Some(shift));
            y.iter().zip(&dy64).map(|(y, dy)| y * dy).sum()
        };
        let (mut dx, mut dgain, mut dshift) = (vec![1.0; D], vec![1.0; D], vec![1.0; D]);
        layer_norm_backward(&x, &gain, EPS, &mut dy, &mut dx, [&mut dgain, &mut dshift]);
        let by_x = difference(&x64, |x| loss(x, &gain64, &shift64));
        let by_gain = difference(&gain64, |gain| loss(&x64, gain, &shift64));
        let by_shift = difference(&shift64, |shift| loss(&x64, &gain64, shift));
        for (ours, slopes) in [(dx, by_x), (dgain, by_gain), (dshift, by_shift)] {
            let added: Vec<f64> = slopes.iter().map(|slope| 1.0 + slope).collect();
            assert_close(&ours, &added, 2e-6);
        }
        let (mut dy, _) = waves(D, 4);
        let (mut dx, mut dgain) = (vec![1.0; D], vec![1.0; D]);
        rms_norm_backward(&x, &gain, EPS, &mut dy, &mut dx, &mut dgain);
        let loss = |x: &[f64], gain: &[f64]| -> f64 {
            let y = exact(x, gain, None);
            y.iter().zip(&dy64).map(|(y, dy)| y * dy).sum()
        };
        let by_x = difference(&x64, |x| loss(x, &gain64));
        let by_gain = difference(&gain64, |gain| loss(&x64, gain));
        for (ours, slopes) in [(dx, by_x), (dgain, by_gain)] {
            let added: Vec<f64> = slopes.iter().map(|slope| 1.0 + slope).collect();
            assert_close(&ours, &added, 2e-6);
        }
    }
}
