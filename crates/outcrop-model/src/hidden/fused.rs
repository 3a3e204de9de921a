//! The same as one operation of the CPU.

use burn::tensor::Tensor;
use outcrop_vector::vectorised;
use rayon::prelude::*;

use super::{Change, TAIL, Treated};
use crate::fused::{finish, laid_out, slice, tracked};

/// The residual stream `x` with some scalars changed. The gradient of `share` times the mean of (|h| / 3)^4 over what it
/// was before is added to the gradient.
pub(super) fn treated(x: Tensor<3>, changes: Vec<Change>, share: f64) -> Treated {
    let (device, shape) = (x.device(), x.dims());
    let given = [tracked(x)];
    let before = laid_out(&given[0]);
    let size = shape.iter().skip(1).product::<usize>().max(1);
    let count = slice(&before).len().max(1) as f64;
    let tail = (share != 0.0).then(|| {
        let sums: Vec<f64> = slice(&before).par_chunks(size).map(tails).collect();
        let mean = sums.into_iter().sum::<f64>() / count;
        Tensor::from_data([mean as f32], &device.clone().inner())
    });
    let mut after = before.clone();
    if !changes.is_empty() {
        let numbers = after.storage_mut::<f32>();
        for change in &changes {
            numbers[change.at] = numbers[change.at] * change.factor + change.added;
        }
    }
    let slope = (share * 4.0 / count / TAIL.powi(4)) as f32;
    let hidden = finish(&given, Vec::new(), after, &device, move |mut dy| {
        let numbers = dy.storage_mut::<f32>();
        for change in &changes {
            numbers[change.at] *= change.factor;
        }
        if slope != 0.0 {
            let parts = numbers
                .par_chunks_mut(size)
                .zip(slice(&before).par_chunks(size));
            parts.for_each(|(dy, h)| add_cubes(h, slope, dy));
        }
        vec![dy]
    });
    Treated {
        hidden,
        tail,
        term: None,
    }
}

vectorised! {
    /// The sum of (|h| / 3)^4.
    fn tails<'a>(row: &'a [f32]) -> f64 {
        let mut sums = [0.0; 16];
        let (rows, rest) = row.as_chunks::<16>();
        let power = |h: f32| (f64::from(h) / TAIL).powi(2).powi(2);
        for row in rows {
            for (sum, h) in sums.iter_mut().zip(row) {
                *sum += power(*h);
            }
        }
        sums.into_iter().sum::<f64>() + rest.iter().map(|h| power(*h)).sum::<f64>()
    }
}

vectorised! {
    /// y += slope h^3.
    fn add_cubes<'a>(h: &'a [f32], slope: f32, y: &'a mut [f32]) -> () {
        for (y, h) in y.iter_mut().zip(h) {
            *y += slope * *h * *h * *h;
        }
    }
}
