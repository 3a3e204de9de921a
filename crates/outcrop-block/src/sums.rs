use outcrop_gemm::{Aligned, Onto};
use rayon::prelude::*;

use crate::Input;
use crate::extra::Extra;
use crate::memory::Buffer;

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
    /// In the place of gains and shifts that there are not.
    spare: [Vec<f32>; 2],
}

impl Lane {
    pub(crate) fn new(inputs: &[Input]) -> Self {
        let buffer = |input: &Input| {
            let mut buffer = Buffer::of(input.shape.iter().product());
            if input.shape.len() == 1 {
                buffer.fill(0.0);
            }
            buffer
        };
        Self {
            sums: inputs.iter().map(buffer).collect(),
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

    /// The sums of a gain and a shift, `width` numbers each.
    pub(crate) fn norm(
        &mut self,
        gain: Option<usize>,
        shift: Option<usize>,
        width: usize,
    ) -> [&mut [f32]; 2] {
        let [no_gain, no_shift] = self.spare.each_mut();
        no_gain.resize(width, 0.0);
        no_shift.resize(width, 0.0);
        // a shift follows its gain
        let (before, after) = self.sums.split_at_mut(gain.map_or(0, |gain| gain + 1));
        let skipped = before.len();
        let gain = match gain {
            Some(gain) => &mut **before[gain],
            None => no_gain,
        };
        let shift = match shift {
            Some(shift) => &mut **after[shift - skipped],
            None => no_shift,
        };
        [gain, shift]
    }
}

/// The sum of what the lanes have, in their order.
pub(crate) fn total<'a>(lanes: impl Iterator<Item = &'a Aligned>) -> Vec<f32> {
    /// Numbers that are added up together: they stay in the first-level cache.
    const TOGETHER: usize = 4096;
    let lanes: Vec<&[f32]> = lanes.map(|lane| &**lane).collect();
    let Some((first, others)) = lanes.split_first() else {
        return Vec::new();
    };
    let mut sum = first.to_vec();
    sum.par_chunks_mut(TOGETHER)
        .enumerate()
        .for_each(|(i, sum)| {
            for lane in others {
                let lane = &lane[i * TOGETHER..];
                sum.iter_mut().zip(lane).for_each(|(sum, x)| *sum += x);
            }
        });
    sum
}
