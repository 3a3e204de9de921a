//! Clipped softmax (Bondarenko et al. 2023, arXiv 2306.12929): weights clip((eta - gamma) p + gamma, 0, 1) of softmax
//! weights p, with eta of 1 or more and gamma of 0 or less: those below -gamma / (eta - gamma) are exactly 0.

use crate::elementary::exp_or_zero;
use crate::panel::by_width;
use crate::vectorised;

/// What becomes of a softmax weight p.
#[inline(always)]
fn clipped(p: f32, [eta, gamma]: [f32; 2]) -> f32 {
    (eta - gamma).mul_add(p, gamma).clamp(0.0, 1.0)
}

vectorised! {
    /// Clips a panel [keys, queries] of weights that [`soften_panel`](crate::soften_panel) made, and the `extra` ones, with
    /// `sums` by query, which become 1. `bounds` are eta and gamma.
    ///
    /// # Panics
    /// Where the number of sums is not 1, 2, 4, 8, 16 or 32.
    pub fn clip_panel<'a>(
        weights: &'a mut [f32],
        extra: Option<&'a mut [f32]>,
        sums: &'a mut [f32],
        bounds: [f32; 2],
    ) -> () {
        by_width!(sums.len(), clip(weights, extra, sums, bounds));
    }
}

#[inline(always)]
fn clip<const W: usize>(
    weights: &mut [f32],
    extra: Option<&mut [f32]>,
    sums: &mut [f32],
    bounds: [f32; 2],
) {
    let mut factors = [0.0; W];
    let pairs = factors.iter_mut().zip(&*sums);
    pairs.for_each(|(factor, sum)| *factor = 1.0 / sum);
    for row in weights.as_chunks_mut::<W>().0 {
        for c in 0..W {
            row[c] = clipped(row[c] * factors[c], bounds);
        }
    }
    let extra = extra.into_iter().flatten().zip(&factors);
    extra.for_each(|(x, factor)| *x = clipped(*x * factor, bounds));
    sums.fill(1.0);
}

vectorised! {
    /// Clips the softmax weights of a row.
    ///
    /// ```
    /// let mut row = [0.75, 0.25];
    /// outcrop_vector::clip_row(&mut row, [1.0, -0.5]);
    /// assert_eq!(row, [0.625, 0.0]);
    /// ```
    pub fn clip_row<'a>(row: &'a mut [f32], bounds: [f32; 2]) -> () {
        row.iter_mut().for_each(|p| *p = clipped(*p, bounds));
    }
}

vectorised! {
    /// Panels [queries, keys] of scores, minus infinity where a key is not seen, and of `gradients` of weights w: scores
    /// become softmax weights p by the `log_sums` of queries, `weights` become w, gradients q = p dw dw/dp. The sum of q
    /// over keys is added to the `levels` of queries; that of all keys makes the gradients of scores, q - p level.
    ///
    /// # Panics
    /// Where the width `panel` is not 1, 2, 4, 8, 16 or 32.
    pub fn clip_panel_backward<'a>(
        scores: &'a mut [f32],
        gradients: &'a mut [f32],
        weights: &'a mut [f32],
        log_sums: &'a [f32],
        levels: &'a mut [f32],
        shape: ([f32; 2], usize),
    ) -> () {
        let (bounds, panel) = shape;
        by_width!(panel, backward(scores, gradients, weights, log_sums, levels, bounds));
    }
}

#[inline(always)]
fn backward<const W: usize>(
    scores: &mut [f32],
    gradients: &mut [f32],
    weights: &mut [f32],
    log_sums: &[f32],
    levels: &mut [f32],
    [eta, gamma]: [f32; 2],
) {
    let scores = scores.as_chunks_mut::<W>().0.iter_mut();
    let rows = scores.zip(gradients.as_chunks_mut::<W>().0);
    let rows = rows.zip(weights.as_chunks_mut::<W>().0);
    for (((p, q), w), (log_sum, level)) in rows.zip(log_sums.iter().zip(levels)) {
        for c in 0..W {
            p[c] = exp_or_zero(p[c] - log_sum);
            let stretched = (eta - gamma).mul_add(p[c], gamma);
            w[c] = stretched.clamp(0.0, 1.0);
            let slope = if w[c] == stretched { eta - gamma } else { 0.0 };
            q[c] *= p[c] * slope;
        }
        *level += q.iter().sum::<f32>();
    }
}

vectorised! {
    /// The gradients of scores from what [`clip_panel_backward`] made: q becomes q - p level.
    ///
    /// # Panics
    /// As [`clip_panel_backward`].
    pub fn clip_panel_levelled<'a>(
        q: &'a mut [f32],
        p: &'a [f32],
        levels: &'a [f32],
        panel: usize,
    ) -> () {
        by_width!(panel, levelled(q, p, levels));
    }
}

#[inline(always)]
fn levelled<const W: usize>(q: &mut [f32], p: &[f32], levels: &[f32]) {
    let rows = q.as_chunks_mut::<W>().0.iter_mut();
    for ((q, p), level) in rows.zip(p.as_chunks::<W>().0).zip(levels) {
        for c in 0..W {
            q[c] -= p[c] * level;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::{assert_close, difference, waves};
    use crate::soften_panel;

    const BOUNDS: [f32; 2] = [1.25, -0.125];

    fn exact(scores: &[f64], [eta, gamma]: [f64; 2]) -> Vec<f64> {
        let sum: f64 = scores.iter().map(|s| s.exp()).sum();
        let weight = |s: &f64| ((eta - gamma) * s.exp() / sum + gamma).clamp(0.0, 1.0);
        scores.iter().map(weight).collect()
    }

    fn clipped_panel(bounds: [f32; 2], width: usize) -> (Vec<f32>, Vec<f64>) {
        let (mut weights, scores) = waves(20 * width, 3);
        let mut sums = vec![0.0; width];
        soften_panel(&mut weights, 20, None, &mut sums, None);
        clip_panel(&mut weights, None, &mut sums, bounds);
        assert_eq!(sums, vec![1.0; width]);
        (weights, scores)
    }

    #[test]
    fn a_clipped_panel_is_a_clipped_softmax_with_exact_zeros() {
        for width in [32, 16, 8, 4, 2] {
            let (weights, scores) = clipped_panel(BOUNDS, width);
            let mut zeros = 0;
            for c in 0..width {
                let column: Vec<f64> = scores.iter().skip(c).step_by(width).copied().collect();
                let ours: Vec<f32> = weights.iter().skip(c).step_by(width).copied().collect();
                assert_close(&ours, &exact(&column, BOUNDS.map(f64::from)), 1e-6);
                zeros += ours.iter().filter(|w| **w == 0.0).count();
                let total: f64 = column.iter().map(|s| s.exp()).sum();
                let mut row: Vec<f32> = column.iter().map(|s| (s.exp() / total) as f32).collect();
                clip_row(&mut row, BOUNDS);
                assert_close(&row, &exact(&column, BOUNDS.map(f64::from)), 1e-6);
            }
            assert!(zeros > width, "{zeros}");
        }
    }

    #[test]
    fn without_stretching_it_is_softmax() {
        let (weights, scores) = clipped_panel([1.0, 0.0], 2);
        for c in 0..2 {
            let column = scores.iter().skip(c).step_by(2);
            let total: f64 = column.clone().map(|s| s.exp()).sum();
            for (ours, s) in weights.iter().skip(c).step_by(2).zip(column) {
                assert_close(&[*ours], &[s.exp() / total], 1e-6);
            }
        }
    }

    #[test]
    fn panels_back_are_the_derivatives() {
        let (width, queries) = (4, 6);
        let (scores, scores64) = waves(queries * width, 1);
        let (gradients, gradients64) = waves(queries * width, 2);
        let (mut p, mut q) = (scores, gradients);
        let (mut w, mut levels) = (vec![0.0; p.len()], vec![0.0; queries]);
        let sums = scores64
            .chunks(width)
            .map(|row| row.iter().map(|s| s.exp()).sum::<f64>());
        let logs: Vec<f32> = sums.map(|sum| sum.ln() as f32).collect();
        clip_panel_backward(&mut p, &mut q, &mut w, &logs, &mut levels, (BOUNDS, width));
        clip_panel_levelled(&mut q, &p, &levels, width);
        let bounds = BOUNDS.map(f64::from);
        for query in 0..queries {
            let row = query * width..(query + 1) * width;
            let (s, g) = (&scores64[row.clone()], &gradients64[row.clone()]);
            let value = |s: &[f64]| exact(s, bounds).iter().zip(g).map(|(w, g)| w * g).sum();
            assert_close(&w[row.clone()], &exact(s, bounds), 1e-6);
            assert_close(&q[row], &difference(s, value), 1e-5);
        }
    }
}
