//! The logits of a model whose residual stream is rounded to int8 after every block, in a pass of their own.

use crate::{Hook, Published, forward};
use outcrop_observe::Site;

use super::lens::Looking;

/// The largest level.
const LEVELS: f32 = 127.0;

/// Observes them.
///
/// # Errors
/// As [`forward`].
pub(super) fn look(
    model: &Published,
    sequences: &[Vec<u32>],
    looking: &mut Looking<'_>,
) -> crate::Result<()> {
    let layers = model.arch().layers;
    forward(model, sequences, &mut Rounding { layers, looking })
}

struct Rounding<'a, 'b> {
    layers: usize,
    looking: &'a mut Looking<'b>,
}

impl Hook for Rounding<'_, '_> {
    fn residual(&mut self, layer: usize, sequence: usize, hidden: &mut [f32]) {
        round(hidden);
        if layer == self.layers {
            let at = (layer, Site::LogitsInt8, sequence);
            self.looking.take(at, true, hidden);
        }
    }
}

/// Rounds to 255 levels, symmetric around 0, of which the last is the largest magnitude. What is not finite stays as it is.
fn round(values: &mut [f32]) {
    let largest = values.iter().fold(0.0f32, |most, x| most.max(x.abs()));
    let scale = f64::from(largest) / f64::from(LEVELS);
    if largest > 0.0 && largest.is_finite() {
        for x in values {
            *x = ((f64::from(*x) / scale).round_ties_even() * scale) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_the_largest_magnitude_over_127() {
        let mut values = [-254.0, 1.0, 1.1, 3.0, 5.0, 0.9];
        round(&mut values);
        assert_eq!(values, [-254.0, 0.0, 2.0, 4.0, 4.0, 0.0]); // ties to even
        let mut zero = [0.0, -0.0];
        round(&mut zero);
        assert_eq!(zero, [0.0, 0.0]);
        let mut infinite = [f32::INFINITY, 2.5];
        round(&mut infinite);
        assert_eq!(infinite, [f32::INFINITY, 2.5]);
    }
}
