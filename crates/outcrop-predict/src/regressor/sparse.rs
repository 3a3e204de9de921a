//! Exact lasso and elastic net on a Gram matrix.

use linfa_linalg::cholesky::SolveC;
use ndarray::{Array1, Array2, Axis};

/// A slope outside the active set joins it where its gradient exceeds the penalty by this share.
const SLACK: f64 = 1e-11;
/// Far more changes of the active set than any path of a few dozen columns has.
const MAX_CHANGES: usize = 1000;

/// absolute sum abs(w) + square/2 sum w^2.
pub(super) struct Penalty {
    pub(super) absolute: f64,
    pub(super) square: f64,
}

/// Minimises w' xx w / 2 - xy' w + penalty from `start` by the feature-sign search of Lee, Battle,
/// Raina and Ng, "Efficient sparse coding algorithms" (2006), algorithm 1: for given signs the
/// minimum is a linear system, and each step lowers the objective until the signs are those of the
/// minimum. Where columns are copies of each other one of them is enough; where rounding leaves a
/// system singular the best point so far is returned.
pub(super) fn minimise(
    xx: &Array2<f64>,
    xy: &Array1<f64>,
    penalty: &Penalty,
    start: Array1<f64>,
) -> Array1<f64> {
    let mut search = Search {
        xx: xx + &(Array2::<f64>::eye(xy.len()) * penalty.square),
        xy,
        absolute: penalty.absolute,
        signs: start.mapv(sign),
        w: start,
    };
    for _ in 0..MAX_CHANGES {
        let settled = search.step();
        if settled != Some(false) && (settled.is_none() || !search.activate()) {
            break;
        }
    }
    search.w
}

struct Search<'a> {
    xx: Array2<f64>,
    xy: &'a Array1<f64>,
    absolute: f64,
    w: Array1<f64>,
    /// Of the active slopes; 0 outside.
    signs: Array1<f64>,
}

impl Search<'_> {
    /// Moves to the minimum for the present signs, or to the best point on the way where a slope
    /// changes its sign. Whether no sign changed; none where the system is singular.
    fn step(&mut self) -> Option<bool> {
        let active: Vec<usize> = (0..self.w.len())
            .filter(|i| self.signs[*i] != 0.0)
            .collect();
        if active.is_empty() {
            return Some(true);
        }
        let right = active
            .iter()
            .map(|i| self.xy[*i] - self.absolute * self.signs[*i]);
        let right: Array1<f64> = right.collect();
        let mut system = self.xx.select(Axis(0), &active).select(Axis(1), &active);
        let solved = system.solvec(&right.insert_axis(Axis(1))).ok()?;
        let mut end = Array1::zeros(self.w.len());
        active.iter().zip(&solved).for_each(|(i, v)| end[*i] = *v);
        let crossing = |i: &usize| self.w[*i] != 0.0 && sign(end[*i]) != sign(self.w[*i]);
        let crossings: Vec<usize> = active.iter().copied().filter(crossing).collect();
        let settled = active.iter().all(|i| sign(end[*i]) == self.signs[*i]);
        let mut best = (self.objective(&end), end.clone());
        for i in crossings {
            let share = self.w[i] / (self.w[i] - end[i]);
            let mut point = &self.w + &((&end - &self.w) * share);
            point[i] = 0.0;
            let objective = self.objective(&point);
            if objective < best.0 {
                best = (objective, point);
            }
        }
        self.w = best.1;
        self.signs = self.w.mapv(sign);
        Some(settled)
    }

    /// Lets in the slope whose gradient exceeds the penalty the most; whether there was one.
    fn activate(&mut self) -> bool {
        let gradient = self.xx.dot(&self.w) - self.xy;
        let outside = (0..self.w.len()).filter(|i| self.signs[*i] == 0.0);
        let worst = outside.max_by(|a, b| gradient[*a].abs().total_cmp(&gradient[*b].abs()));
        let limit = self.absolute + SLACK * self.xy.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        let worst = worst.filter(|i| gradient[*i].abs() > limit);
        if let Some(i) = worst {
            self.signs[i] = -sign(gradient[i]);
        }
        worst.is_some()
    }

    fn objective(&self, w: &Array1<f64>) -> f64 {
        let absolute: f64 = w.iter().map(|v| v.abs()).sum();
        w.dot(&self.xx.dot(w)) / 2.0 - self.xy.dot(w) + self.absolute * absolute
    }
}

/// -1, 0 or 1.
fn sign(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value.signum() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The conditions of Karush, Kuhn and Tucker hold: the gradient is the penalty's against
        /// the sign of each slope, and no larger where the slope is 0.
        #[test]
        fn every_minimum_is_one(
            values in prop::collection::vec(-2.0..2.0f64, 60),
            xy in prop::collection::vec(-1.0..1.0f64, 6),
            start in prop::collection::vec(-1.0..1.0f64, 6),
            absolute in 0.001..0.8f64,
            square in prop::sample::select(vec![0.0, 0.3]),
        ) {
            let x = Array2::from_shape_vec((10, 6), values)?;
            let xx = x.t().dot(&x) / 10.0 + Array2::<f64>::eye(6) * 1e-3;
            let xy = Array1::from(xy);
            let penalty = Penalty { absolute, square };
            let w = minimise(&xx, &xy, &penalty, Array1::from(start));
            let gradient = xx.dot(&w) + &w * square - &xy;
            for (w, g) in w.iter().zip(&gradient) {
                match *w == 0.0 {
                    true => prop_assert!(g.abs() < absolute + 1e-9, "{w} {g}"),
                    false => prop_assert!((g + absolute * w.signum()).abs() < 1e-9, "{w} {g}"),
                }
            }
        }
    }
}
