//! What Lion does with a parameter.

use burn::tensor::Tensor;
use outcrop_vector::vectorised;

use crate::optimizer::rule::{Given, Rule, Slot, Update, with_one_state};

pub(super) struct Lion;

impl Rule for Lion {
    fn state(&self) -> &'static [&'static str] {
        &["m"]
    }

    fn in_place(&self, update: &Update<'_>, slot: &mut Slot) {
        let (scale, rate) = (update.scale as f32, update.rate as f32);
        let betas = update.settings.betas;
        with_one_state(slot, |p, g, m, decay| {
            piece(p, g, m, betas, [scale, rate, decay])
        });
    }

    fn composed(&self, update: &Update<'_>, given: Given) -> (Tensor<1>, Vec<Tensor<1>>) {
        let Given {
            parameter,
            gradient,
            mut state,
            decay,
            ..
        } = given;
        let ([b1, b2], m) = (update.settings.betas, state.remove(0));
        let direction = (m.clone() * b1 + gradient.clone() * (1.0 - b1)).sign();
        let m = m * b2 + gradient * (1.0 - b2);
        (parameter * decay - direction * update.rate, vec![m])
    }
}

vectorised! {
    fn piece<'a>(
        p: &'a mut [f32],
        g: &'a [f32],
        m: &'a mut [f32],
        betas: [f64; 2],
        numbers: [f32; 3],
    ) -> () {
        let [scale, rate, decay] = numbers;
        let [b1, b2] = betas.map(|b| b as f32);
        let [a1, a2] = betas.map(|b| (1.0 - b) as f32);
        for ((p, g), m) in p.iter_mut().zip(g).zip(m) {
            let g = *g * scale;
            let direction = *m * b1 + g * a1;
            let sign = if direction == 0.0 { 0.0 } else { 1f32.copysign(direction) };
            *p = *p * decay - rate * sign;
            *m = *m * b2 + g * a2;
        }
    }
}
