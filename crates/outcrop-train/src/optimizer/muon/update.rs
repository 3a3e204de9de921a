//! What Muon does with a parameter.

use std::cell::RefCell;

use burn::tensor::Tensor;
use outcrop_vector::vectorised;

use crate::optimizer::newton_schulz::{NewtonSchulz, composed};
use crate::optimizer::rule::{Given, Rule, Slot, Update, squares};

/// The root mean square of an update of a square matrix, as AdamW's is about.
const SIZE: f64 = 0.2;
/// The least norm that a matrix is divided by.
const LEAST: f64 = 1e-7;

pub(super) struct Muon;

thread_local! {
    static ROOM: RefCell<(Vec<f32>, Vec<f32>, NewtonSchulz)> = RefCell::default();
}

/// Shares of the gradient and of the momentum in the direction of an update.
fn shares(update: &Update<'_>) -> [f64; 2] {
    let b = update.settings.momentum;
    match update.settings.nesterov {
        true => [1.0 - b, b],
        false => [0.0, 1.0],
    }
}

/// Rows and columns of a matrix, or of that of one of so many experts, and what a direction of norm about 1 is multiplied by.
fn size(shape: &[usize], experts: usize, rate: f64) -> ([usize; 2], f64) {
    let &[rows, columns] = shape else {
        unreachable!("it is a matrix")
    };
    let columns = columns / experts;
    let scale = SIZE * (rows.max(columns) as f64).sqrt();
    ([rows, columns], rate * scale)
}

impl Rule for Muon {
    fn state(&self) -> &'static [&'static str] {
        &["momentum"]
    }

    /// One matrix on one thread: a model has many.
    fn in_place(&self, update: &Update<'_>, slot: &mut Slot) {
        let experts = slot.weight.stack.unwrap_or(1);
        let (shape, rate) = size(&slot.shape, experts, update.rate);
        let [of_gradient, of_momentum] = shares(update);
        let b = update.settings.momentum;
        let numbers = [update.scale, b, 1.0 - b, of_gradient, of_momentum].map(|x| x as f32);
        let [m] = slot.state.as_mut_slice() else {
            unreachable!("it keeps one number of each")
        };
        ROOM.with_borrow_mut(|(direction, own, newton_schulz)| {
            direction.resize(m.as_slice().len(), 0.0);
            blend(
                slot.gradient.as_slice(),
                m.as_mut_slice(),
                numbers,
                direction,
            );
            match experts {
                1 => orthogonalise(direction, shape, newton_schulz),
                _ => one_by_one(
                    direction,
                    shape,
                    experts,
                    |direction| {
                        orthogonalise(direction, shape, newton_schulz);
                    },
                    own,
                ),
            }
            change(
                slot.parameter.as_mut_slice(),
                direction,
                slot.decay,
                rate as f32,
            );
        });
    }

    fn composed(&self, update: &Update<'_>, given: Given) -> (Tensor<1>, Vec<Tensor<1>>) {
        let Given {
            parameter,
            gradient,
            mut state,
            shape,
            experts,
            decay,
        } = given;
        let (shape, rate) = size(&shape, experts, update.rate);
        let b = update.settings.momentum;
        let m = state.remove(0) * b + gradient.clone() * (1.0 - b);
        let [of_gradient, of_momentum] = shares(update);
        let direction = gradient * of_gradient + m.clone() * of_momentum;
        let [rows, columns] = shape;
        let beside = direction.reshape([rows, experts * columns]);
        let one = |expert: usize| {
            let own = beside.clone().narrow(1, expert * columns, columns);
            let norm = own.clone().square().sum().sqrt().clamp_min(LEAST);
            composed(own / norm.unsqueeze())
        };
        let direction = Tensor::cat((0..experts).map(one).collect(), 1);
        (parameter * decay - direction.reshape([-1]) * rate, vec![m])
    }
}

/// Replaces a matrix by one of the same singular vectors whose singular values are nearly 1.
fn orthogonalise(direction: &mut [f32], shape: [usize; 2], newton_schulz: &mut NewtonSchulz) {
    let norm = squares(direction).sqrt().max(LEAST);
    let share = (1.0 / norm) as f32;
    direction.iter_mut().for_each(|x| *x *= share);
    newton_schulz.apply(direction, shape);
}

/// Changes each of `count` matrices of a shape, which stand one beside another; `own` is memory.
fn one_by_one(
    beside: &mut [f32],
    [_, columns]: [usize; 2],
    count: usize,
    mut change: impl FnMut(&mut [f32]),
    own: &mut Vec<f32>,
) {
    for expert in 0..count {
        let place = expert * columns..(expert + 1) * columns;
        let rows = beside.chunks(count * columns);
        own.clear();
        own.extend(rows.flat_map(|row| &row[place.clone()]));
        change(own);
        let rows = beside.chunks_mut(count * columns).zip(own.chunks(columns));
        rows.for_each(|(row, own)| row[place.clone()].copy_from_slice(own));
    }
}

vectorised! {
    fn blend<'a>(g: &'a [f32], m: &'a mut [f32], numbers: [f32; 5], direction: &'a mut [f32]) -> () {
        let [scale, of_old, of_new, of_gradient, of_momentum] = numbers;
        for ((g, m), direction) in g.iter().zip(m).zip(direction) {
            let g = *g * scale;
            *m = *m * of_old + g * of_new;
            *direction = g * of_gradient + *m * of_momentum;
        }
    }
}

vectorised! {
    fn change<'a>(p: &'a mut [f32], direction: &'a [f32], decay: f32, rate: f32) -> () {
        for (p, direction) in p.iter_mut().zip(direction) {
            *p = *p * decay - *direction * rate;
        }
    }
}
