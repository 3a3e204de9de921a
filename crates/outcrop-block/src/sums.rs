use outcrop_gemm::{Aligned, Onto};
use rayon::prelude::*;

use crate::Input;
use crate::extra::Extra;
use crate::memory::Buffer;
use crate::op::Norm;

/// Sums of gradients that are kept beside one another for `groups` groups of rows: as many threads work on
/// them, and they are added in the same order for any number of threads. Each has to be added to the
/// others in the end, so that more than four must have sixteen groups each.
pub(crate) fn lanes(groups: usize) -> usize {
    (groups / 16).clamp(4, 16)
}

/// The gradients of all inputs, of some of the rows.
pub(crate) struct Lane {
    pub(crate) sums: Vec<Buffer>,
    /// What products are added to: at first nothing.
    pub(crate) onto: Onto<'static>,
    /// In the place of gains, shifts and alphas that there are not.
    spare: [Vec<f32>; 3],
}

impl Lane {
    pub(crate) fn new(inputs: &[Input]) -> Self {
        Self::without(inputs, None)
    }

    /// With no place for one of them.
    pub(crate) fn without(inputs: &[Input], one: Option<usize>) -> Self {
        let buffer = |(i, input): (usize, &Input)| {
            let length = input.shape.iter().product();
            let mut buffer = Buffer::of(if one == Some(i) { 0 } else { length });
            if input.shape.len() == 1 {
                buffer.fill(0.0);
            }
            buffer
        };
        Self {
            sums: inputs.iter().enumerate().map(buffer).collect(),
            onto: Onto::ZERO,
            spare: Default::default(),
        }
    }

    /// The next rows are added to those before.
    pub(crate) fn next(&mut self) {
        self.onto = Onto::C;
    }

    /// The sums of a matrix, and of its bias where there is one.
    pub(crate) fn map(
        &mut self,
        weight: usize,
        bias: Option<usize>,
    ) -> (&mut [f32], Option<&mut [f32]>) {
        // a bias follows its matrix
        let (before, after) = self.sums.split_at_mut(weight + 1);
        let bias = bias.map(|bias| &mut **after[bias - weight - 1]);
        (&mut before[weight], bias)
    }

    /// The sums of what is learned of an extra score.
    pub(crate) fn extra(&mut self, extra: Extra<usize>) -> Extra<&mut [f32]> {
        // a value follows its key
        let first = match extra {
            Extra::None | Extra::Zero => return Extra::None,
            Extra::Logits(first) | Extra::Key { key: first, .. } => first,
        };
        let mut rest = self.sums[first..].iter_mut().map(|sum| &mut ***sum);
        extra.map(|_| rest.next().unwrap_or_default())
    }

    /// The sums of gain, shift and alpha of a norm.
    pub(crate) fn norm(&mut self, norm: &Norm) -> [&mut [f32]; 3] {
        let mut spare = self.spare.iter_mut();
        let (mut rest, mut skipped) = (&mut self.sums[..], 0);
        // a shift follows its gain, an alpha both
        [norm.gain, norm.shift, norm.alpha].map(|input| {
            let spare = spare.next();
            let Some(input) = input else {
                let spare = spare.unwrap_or_else(|| unreachable!("there are three"));
                spare.resize(norm.width * norm.gains, 0.0);
                return &mut spare[..];
            };
            let (sums, after) = std::mem::take(&mut rest).split_at_mut(input + 1 - skipped);
            (rest, skipped) = (after, input + 1);
            &mut sums[sums.len() - 1][..]
        })
    }
}

/// What lanes come to, added in their order.
#[derive(Default)]
pub(crate) struct Totals(Vec<Vec<f32>>);

impl Totals {
    /// Adds the next lanes.
    pub(crate) fn add(&mut self, lanes: &[Vec<Buffer>]) {
        let inputs = lanes.first().map_or(0, Vec::len);
        for input in 0..inputs {
            let lanes = lanes.iter().map(|sums| &*sums[input]);
            match self.0.get_mut(input) {
                Some(sum) => add_up(sum, lanes),
                None => self.0.push(total(lanes)),
            }
        }
    }

    /// By input.
    pub(crate) fn finish(self) -> Vec<Vec<f32>> {
        self.0
    }
}

/// The sum of what the lanes have, in their order.
pub(crate) fn total<'a>(mut lanes: impl Iterator<Item = &'a Aligned>) -> Vec<f32> {
    let Some(first) = lanes.next() else {
        return Vec::new();
    };
    let mut sum = first.to_vec();
    add_up(&mut sum, lanes);
    sum
}

/// Adds what the lanes have, in their order.
fn add_up<'a>(sum: &mut [f32], lanes: impl Iterator<Item = &'a Aligned>) {
    /// Numbers that are added up together: they stay in the first-level cache.
    const TOGETHER: usize = 4096;
    let lanes: Vec<&[f32]> = lanes.map(|lane| &**lane).collect();
    let parts = sum.par_chunks_mut(TOGETHER).enumerate();
    parts.for_each(|(i, sum)| {
        for lane in &lanes {
            let lane = &lane[i * TOGETHER..];
            sum.iter_mut().zip(lane).for_each(|(sum, x)| *sum += x);
        }
    });
}
