//! What AdamW does with a parameter.

use burn::tensor::Tensor;
use outcrop_model::Numbers;
use outcrop_vector::vectorised;
use rayon::prelude::*;

use crate::optimizer::rule::{Given, PIECE, Rule, Slot, Update};

/// The rule of every parameter, and of those that Muon leaves.
pub(in crate::optimizer) struct AdamW;

/// The numbers of an update, with g = `scale` * gradient.
struct Coefficients {
    scale: f32,
    /// b1 and b2.
    betas: [f64; 2],
    /// Learning rate / (1 - b1^t).
    rate: f32,
    /// 1 / (1 - b2^t).
    correction: f32,
    eps: f32,
    /// Factor of the parameter.
    decay: f32,
}

/// 1 - b^t of both moments in update t.
fn corrections(update: &Update<'_>) -> [f64; 2] {
    let t = i32::try_from(update.number).unwrap_or(i32::MAX);
    update.settings.betas.map(|b| 1.0 - b.powi(t))
}

impl Rule for AdamW {
    fn state(&self) -> &'static [&'static str] {
        &["m", "v"]
    }

    fn in_place(&self, update: &Update<'_>, slot: &mut Slot) {
        let [c1, c2] = corrections(update);
        let coefficients = Coefficients {
            scale: update.scale as f32,
            betas: update.settings.betas,
            rate: (update.rate / c1) as f32,
            correction: (1.0 / c2) as f32,
            eps: update.settings.eps as f32,
            decay: slot.decay,
        };
        let [m, v] = slot.state.as_mut_slice() else {
            unreachable!("it keeps two numbers of each")
        };
        let [m, v] = [m, v].map(Numbers::as_mut_slice);
        let moments = m.par_chunks_mut(PIECE).zip(v.par_chunks_mut(PIECE));
        let parameter = slot.parameter.as_mut_slice().par_chunks_mut(PIECE);
        let gradient = slot.gradient.as_slice().par_chunks(PIECE);
        let pieces = parameter.zip(gradient).zip(moments);
        pieces.for_each(|((p, g), (m, v))| piece(p, g, [m, v], &coefficients));
    }

    fn composed(&self, update: &Update<'_>, given: Given) -> (Tensor<1>, Vec<Tensor<1>>) {
        let Given {
            parameter,
            gradient,
            state,
            decay,
            ..
        } = given;
        let Ok([m, v]) = <[Tensor<1>; 2]>::try_from(state) else {
            unreachable!("it keeps two numbers of each")
        };
        let ([b1, b2], [c1, c2]) = (update.settings.betas, corrections(update));
        let m = m * b1 + gradient.clone() * (1.0 - b1);
        let v = v * b2 + gradient.square() * (1.0 - b2);
        let denominator = (v.clone() / c2).sqrt() + update.settings.eps;
        let change = m.clone() / denominator * (update.rate / c1);
        (parameter * decay - change, vec![m, v])
    }
}

vectorised! {
    fn piece<'a>(
        p: &'a mut [f32],
        g: &'a [f32],
        moments: [&'a mut [f32]; 2],
        with: &'a Coefficients,
    ) -> () {
        let Coefficients { scale, betas, rate, correction, eps, decay } = *with;
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
