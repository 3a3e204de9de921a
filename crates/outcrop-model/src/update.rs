//! AdamW in one pass over memory.

use outcrop_vector::vectorised;
use rayon::prelude::*;

use crate::Numbers;

/// Numbers that are updated, or whose squares are summed, one after another: enough to be worth a task.
const PIECE: usize = 1 << 14;
/// Sums of squares side by side, added in order at the end.
const LANES: usize = 16;

/// A parameter with its gradient and the moments that AdamW keeps of it, all of one size.
#[derive(Debug)]
pub struct Slot {
    /// The parameter.
    pub parameter: Numbers,
    /// The gradient of the loss, not clipped.
    pub gradient: Numbers,
    /// Running means of the gradient and of its square.
    pub moments: [Numbers; 2],
    /// Factor of the parameter before the step: 1 - rate * weight decay, or 1.
    pub decay: f32,
}

/// The numbers of one update of AdamW, with g = `scale` * gradient:
/// m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
/// p = `decay` p - `rate` m / (sqrt(`correction` v) + `eps`).
#[derive(Clone, Copy, Debug)]
pub struct AdamWStep {
    /// What clips the gradient, 1 or less.
    pub scale: f32,
    /// b1 and b2.
    pub betas: [f64; 2],
    /// Learning rate / (1 - b1^t) in update t.
    pub rate: f32,
    /// 1 / (1 - b2^t) in update t.
    pub correction: f32,
    /// Added to the denominator.
    pub eps: f32,
}

/// The sum of the squares of all gradients, the same on any number of threads.
pub fn sum_of_squares(slots: &[Slot]) -> f64 {
    let pieces = slots
        .par_iter()
        .flat_map(|slot| slot.gradient.as_slice().par_chunks(PIECE));
    let sums: Vec<f64> = pieces.map(squares).collect();
    sums.into_iter().sum()
}

/// Updates parameters and moments where they lie.
pub fn adamw_in_place(slots: &mut [Slot], step: &AdamWStep) {
    slots.par_iter_mut().for_each(|slot| {
        let [m, v] = slot.moments.each_mut().map(Numbers::as_mut_slice);
        let moments = m.par_chunks_mut(PIECE).zip(v.par_chunks_mut(PIECE));
        let parameter = slot.parameter.as_mut_slice().par_chunks_mut(PIECE);
        let gradient = slot.gradient.as_slice().par_chunks(PIECE);
        let pieces = parameter.zip(gradient).zip(moments);
        pieces.for_each(|((p, g), (m, v))| update(p, g, [m, v], slot.decay, step));
    });
}

vectorised! {
    fn squares<'a>(row: &'a [f32]) -> f64 {
        let mut sums = [0.0; LANES];
        let (rows, rest) = row.as_chunks::<LANES>();
        for row in rows {
            for (sum, x) in sums.iter_mut().zip(row) {
                *sum += f64::from(*x) * f64::from(*x);
            }
        }
        for (sum, x) in sums.iter_mut().zip(rest) {
            *sum += f64::from(*x) * f64::from(*x);
        }
        sums.into_iter().sum()
    }
}

vectorised! {
    fn update<'a>(
        p: &'a mut [f32],
        g: &'a [f32],
        moments: [&'a mut [f32]; 2],
        decay: f32,
        step: &'a AdamWStep,
    ) -> () {
        let AdamWStep { scale, betas, rate, correction, eps } = *step;
        let [b1, b2] = betas.map(|b| b as f32);
        let [a1, a2] = betas.map(|b| (1.0 - b) as f32);
        let [m, v] = moments;
        for ((p, g), (m, v)) in p.iter_mut().zip(g).zip(m.iter_mut().zip(v)) {
            let g = *g * scale;
            *m = *m * b1 + g * a1;
            *v = *v * b2 + g * g * a2;
            *p = *p * decay - *m / ((*v * correction).sqrt() + eps) * rate;
        }
    }
}
