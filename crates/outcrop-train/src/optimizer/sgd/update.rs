//! What Stochastic gradient descent with momentum does with a parameter.

use burn::tensor::Tensor;
use outcrop_vector::vectorised;

use crate::optimizer::rule::{Given, Rule, Slot, Update, with_one_state};

pub(super) struct Sgd;

/// Shares of the gradient and of the momentum in the direction of an update.
fn shares(update: &Update<'_>) -> [f64; 2] {
    match update.settings.nesterov {
        true => [1.0, update.settings.momentum],
        false => [0.0, 1.0],
    }
}

impl Rule for Sgd {
    fn state(&self) -> &'static [&'static str] {
        &["momentum"]
    }

    fn in_place(&self, update: &Update<'_>, slot: &mut Slot) {
        let [of_gradient, of_momentum] = shares(update);
        let numbers = [
            update.scale,
            update.settings.momentum,
            update.rate * of_gradient,
            update.rate * of_momentum,
        ];
        let numbers = numbers.map(|x| x as f32);
        with_one_state(slot, |p, g, m, decay| piece(p, g, m, numbers, decay));
    }

    fn composed(&self, update: &Update<'_>, given: Given) -> (Tensor<1>, Vec<Tensor<1>>) {
        let Given {
            parameter,
            gradient,
            mut state,
            decay,
            ..
        } = given;
        let m = state.remove(0) * update.settings.momentum + gradient.clone();
        let [of_gradient, of_momentum] = shares(update).map(|share| share * update.rate);
        let change = gradient * of_gradient + m.clone() * of_momentum;
        (parameter * decay - change, vec![m])
    }
}

vectorised! {
    fn piece<'a>(
        p: &'a mut [f32],
        g: &'a [f32],
        m: &'a mut [f32],
        numbers: [f32; 4],
        decay: f32,
    ) -> () {
        let [scale, momentum, of_gradient, of_momentum] = numbers;
        for ((p, g), m) in p.iter_mut().zip(g).zip(m) {
            let g = *g * scale;
            *m = *m * momentum + g;
            *p = *p * decay - (g * of_gradient + *m * of_momentum);
        }
    }
}
