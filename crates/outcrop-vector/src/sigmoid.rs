//! Attention weights 1 / (1 + exp(-s)) of scores s, each of its own (Gu et al., arXiv 2410.10781; Ramapuram et al. 2024,
//! arXiv 2409.04431): 0 where a score is minus infinity.

use crate::elementary::exp_or_zero;
use crate::panel::{by_width, hide};
use crate::vectorised;

#[inline(always)]
fn sigmoid(s: f32) -> f32 {
    let e = exp_or_zero(s);
    e / (1.0 + e)
}

vectorised! {
    /// Scores of a row become weights.
    ///
    /// ```
    /// let mut row = [0.0, 3f32.ln(), f32::NEG_INFINITY];
    /// outcrop_vector::sigmoid_row(&mut row);
    /// assert!((row[1] - 0.75).abs() < 1e-6);
    /// assert_eq!([row[0], row[2]], [0.5, 0.0]);
    /// ```
    pub fn sigmoid_row<'a>(row: &'a mut [f32]) -> () {
        row.iter_mut().for_each(|s| *s = sigmoid(*s));
    }
}

vectorised! {
    /// Makes weights of a panel of scores [keys, queries] of `panel` columns. Column c sees the rows to `first` + c; the
    /// weights of others are 0.
    ///
    /// # Panics
    /// Where the width `panel` is not 1, 2, 4, 8, 16 or 32.
    pub fn sigmoid_panel<'a>(scores: &'a mut [f32], first: usize, panel: usize) -> () {
        by_width!(panel, forward(scores, first));
    }
}

#[inline(always)]
fn forward<const W: usize>(scores: &mut [f32], first: usize) {
    scores.iter_mut().for_each(|s| *s = sigmoid(*s));
    hide(scores.as_chunks_mut::<W>().0, first, 0.0);
}

vectorised! {
    /// Scores become weights w, and the `gradients` of the weights become those of the scores, w (1 - w) dw.
    pub fn sigmoid_panel_backward<'a>(scores: &'a mut [f32], gradients: &'a mut [f32]) -> () {
        for (s, g) in scores.iter_mut().zip(gradients) {
            let e = exp_or_zero(*s);
            let rest = 1.0 / (1.0 + e);
            *s = e * rest;
            *g *= *s * rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::{assert_close, difference, waves};

    fn exact(scores: &[f64]) -> Vec<f64> {
        scores.iter().map(|s| 1.0 / (1.0 + (-s).exp())).collect()
    }

    #[test]
    fn weights_are_those_of_each_score_alone() {
        let (mut row, row64) = waves(37, 1);
        let mut far = [-100.0, 100.0, f32::NEG_INFINITY];
        sigmoid_row(&mut row);
        sigmoid_row(&mut far);
        assert_close(&row, &exact(&row64), 1e-6);
        assert_eq!(far, [0.0, 1.0, 0.0]);
        // another score changes none but its own
        let (mut other, _) = waves(37, 1);
        other[5] = 9.0;
        sigmoid_row(&mut other);
        let differ = row.iter().zip(&other).filter(|(a, b)| a != b);
        assert_eq!(differ.count(), 1);
    }

    #[test]
    fn a_panel_hides_what_is_later() {
        for width in [32, 16, 8, 4, 2] {
            let (mut weights, scores) = waves(9 * width, 2);
            sigmoid_panel(&mut weights, 3, width);
            for (at, weight) in weights.iter().enumerate() {
                let (key, column) = (at / width, at % width);
                let exact = if key <= 3 + column {
                    exact(&scores)[at]
                } else {
                    0.0
                };
                assert_close(&[*weight], &[exact], 1e-6);
            }
        }
    }

    #[test]
    fn the_derivatives_are_those_of_the_formula() {
        let (mut w, scores) = waves(37, 1);
        let (mut g, g64) = waves(37, 2);
        sigmoid_panel_backward(&mut w, &mut g);
        let value = |s: &[f64]| exact(s).iter().zip(&g64).map(|(w, g)| w * g).sum();
        assert_close(&w, &exact(&scores), 1e-6);
        assert_close(&g, &difference(&scores, value), 1e-5);
    }
}
