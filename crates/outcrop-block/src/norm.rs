//! Norms of rows, centred or not, with or without gain and shift; or a tanh in their place.

use std::borrow::Cow;
use std::ops::Range;

use outcrop_vector::{
    add_columns, dynamic_tanh, dynamic_tanh_backward, layer_norm, layer_norm_backward, rms_norm,
    rms_norm_backward,
};

use crate::op::Norm;
use crate::weight::Weights;

impl Norm {
    /// The gain of every row, or those of rows that follow one another.
    fn gain<'w>(&self, weights: &'w Weights<'_>) -> Cow<'w, [f32]> {
        let width = self.width * self.gains;
        match self.gain.map(|gain| weights.vector(gain)) {
            Some(&[single]) => vec![single; width].into(),
            Some(gain) => gain.into(),
            None => vec![1.0; width].into(),
        }
    }

    /// The number inside of the tanh that takes the place of the norm.
    fn alpha(&self, weights: &Weights<'_>) -> Option<f32> {
        self.alpha.map(|alpha| weights.vector(alpha)[0])
    }

    /// y = gain (x - mean) / sqrt(variance + eps) + shift of each row, mean 0 where it is not centred; or
    /// y = gain tanh(alpha x) + shift.
    pub(crate) fn apply(&self, weights: &Weights<'_>, x: &[f32], y: &mut [f32]) {
        let gain = self.gain(weights);
        let shift = self.shift.map(|shift| weights.vector(shift));
        if let Some(alpha) = self.alpha(weights) {
            let shift = self.shift_or_none(shift);
            return dynamic_tanh(x, alpha, [&gain, &shift], y);
        }
        if self.gains == 1 {
            return self.rows(&gain, shift, x, y);
        }
        let rows = x
            .chunks_exact(self.width)
            .zip(y.chunks_exact_mut(self.width));
        for (i, (x, y)) in rows.enumerate() {
            let own = self.own(i);
            self.rows(&gain[own.clone()], shift.map(|shift| &shift[own]), x, y);
        }
    }

    /// Where the gain of row `i` stands.
    fn own(&self, i: usize) -> Range<usize> {
        let first = i % self.gains * self.width;
        first..first + self.width
    }

    fn shift_or_none<'s>(&self, shift: Option<&'s [f32]>) -> Cow<'s, [f32]> {
        shift.map_or_else(|| vec![0.0; self.width].into(), Cow::Borrowed)
    }

    fn rows(&self, gain: &[f32], shift: Option<&[f32]>, x: &[f32], y: &mut [f32]) {
        if self.centred {
            let shift = self.shift_or_none(shift);
            return layer_norm(x, [gain, &shift], self.eps, y);
        }
        rms_norm(x, gain, self.eps, y);
        for row in y.chunks_exact_mut(self.width) {
            let shift = shift.into_iter().flatten();
            row.iter_mut().zip(shift).for_each(|(y, shift)| *y += shift);
        }
    }

    /// dx += the gradient of `x`, from `dy`, which is overwritten; those of gain, shift and alpha are added to
    /// `gradients`, as long as these.
    pub(crate) fn backward(
        &self,
        weights: &Weights<'_>,
        x: &[f32],
        dy: &mut [f32],
        dx: &mut [f32],
        [dgain, dshift, dalpha]: [&mut [f32]; 3],
    ) {
        let gain = self.gain(weights);
        if let Some(alpha) = self.alpha(weights) {
            dalpha[0] += dynamic_tanh_backward(x, alpha, &gain, dy, dx, [dgain, dshift]);
            return;
        }
        if self.gain.is_some() && dgain.len() < gain.len() {
            // of one gain for all channels
            let mut each = vec![0.0; gain.len()];
            self.rows_backward(&gain, x, dy, dx, [&mut each, dshift]);
            dgain[0] += each.iter().sum::<f32>();
            return;
        }
        if self.gains == 1 {
            return self.rows_backward(&gain, x, dy, dx, [dgain, dshift]);
        }
        let width = self.width;
        let rows = x.chunks_exact(width).zip(dy.chunks_exact_mut(width));
        for (i, ((x, dy), dx)) in rows.zip(dx.chunks_exact_mut(width)).enumerate() {
            let own = self.own(i);
            let gradients = [&mut dgain[own.clone()], &mut dshift[own.clone()]];
            self.rows_backward(&gain[own], x, dy, dx, gradients);
        }
    }

    fn rows_backward(
        &self,
        gain: &[f32],
        x: &[f32],
        dy: &mut [f32],
        dx: &mut [f32],
        [dgain, dshift]: [&mut [f32]; 2],
    ) {
        if self.centred {
            return layer_norm_backward(x, gain, self.eps, dy, dx, [dgain, dshift]);
        }
        if self.shift.is_some() {
            add_columns(dy, dshift);
        }
        rms_norm_backward(x, gain, self.eps, dy, dx, dgain);
    }
}
