//! Gates that multiply several numbers each.

use crate::sums::sum;
use crate::vectorised;

vectorised! {
    /// y = g x, each g for as many x that follow one another as there are more of them.
    pub fn gate<'a>(gates: &'a [f32], x: &'a [f32], y: &'a mut [f32]) -> () {
        let width = x.len() / gates.len().max(1);
        let rows = x.chunks_exact(width.max(1)).zip(y.chunks_exact_mut(width.max(1)));
        for ((x, y), gate) in rows.zip(gates) {
            y.iter_mut().zip(x).for_each(|(y, x)| *y = x * gate);
        }
    }
}

vectorised! {
    /// The backward pass of [`gate`]: `dx`, the gradients of y, become those of x, and `dgates` those of the gates, the
    /// sums of dy x.
    pub fn gate_backward<'a>(
        gates: &'a [f32],
        x: &'a [f32],
        dx: &'a mut [f32],
        dgates: &'a mut [f32],
    ) -> () {
        let width = (x.len() / gates.len().max(1)).max(1);
        let rows = x.chunks_exact(width).zip(dx.chunks_exact_mut(width));
        for ((x, dx), (gate, dgate)) in rows.zip(gates.iter().zip(dgates)) {
            *dgate = sum(x, dx, |x, dy| x * dy);
            dx.iter_mut().for_each(|dx| *dx *= gate);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::{assert_close, difference, waves};

    #[test]
    fn values_and_finite_differences_are_those_in_f64() {
        let [(gates, gates64), (x, x64), (mut dx, dy64)] =
            [waves(6, 1), waves(42, 2), waves(42, 3)];
        let exact = |gates: &[f64], x: &[f64]| -> Vec<f64> {
            x.iter()
                .enumerate()
                .map(|(i, x)| x * gates[i / 7])
                .collect()
        };
        let mut y = vec![0.0; 42];
        gate(&gates, &x, &mut y);
        assert_close(&y, &exact(&gates64, &x64), 1e-6);
        let loss = |gates: &[f64], x: &[f64]| -> f64 {
            let y = exact(gates, x);
            y.iter().zip(&dy64).map(|(y, dy)| y * dy).sum()
        };
        let mut dgates = vec![9.0; 6];
        gate_backward(&gates, &x, &mut dx, &mut dgates);
        assert_close(&dx, &difference(&x64, |x| loss(&gates64, x)), 2e-6);
        assert_close(
            &dgates,
            &difference(&gates64, |gates| loss(gates, &x64)),
            2e-6,
        );
    }
}
