//! A box, with the operations of the reflective method.

use nalgebra::DVector;

/// Lower and upper bounds of each variable, possibly infinite.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    lower: Vec<f64>,
    upper: Vec<f64>,
}

/// Coleman and Li's scaling: how far each variable is from the bound that the descent heads for.
pub(super) struct Scaling {
    /// The distance; 1 where there is no bound ahead.
    pub(super) distance: DVector<f64>,
    /// The derivative of the distance by the variable: 1, -1, or 0 where there is no bound ahead.
    pub(super) slope: DVector<f64>,
}

/// How far one can go along a direction.
pub(super) struct Reach {
    /// The multiple of the direction at which the first bound lies; possibly infinite.
    pub(super) stride: f64,
    /// The variables that arrive there.
    pub(super) hits: Vec<bool>,
}

impl Bounds {
    #[cfg(test)]
    pub(super) fn new(lower: &[f64], upper: &[f64]) -> Self {
        Self {
            lower: lower.to_vec(),
            upper: upper.to_vec(),
        }
    }

    /// `n` variables of which number `i` is at least 0.
    pub(super) fn at_least_zero(n: usize, i: usize) -> Self {
        let mut lower = vec![f64::NEG_INFINITY; n];
        lower[i] = 0.0;
        Self {
            lower,
            upper: vec![f64::INFINITY; n],
        }
    }

    pub(super) fn contain(&self, x: &DVector<f64>) -> bool {
        let mut sides = x.iter().zip(self.lower.iter().zip(&self.upper));
        sides.all(|(x, (lower, upper))| x >= lower && x <= upper)
    }

    /// `x` with each variable that lies closer to a bound than `margin` (relative to the bound, and
    /// at least absolute) moved that far inside. A margin of 0 means the next number inside.
    pub(super) fn inside(&self, mut x: DVector<f64>, margin: f64) -> DVector<f64> {
        for (x, (&lower, &upper)) in x.iter_mut().zip(self.lower.iter().zip(&self.upper)) {
            let (below, above) = (room(lower, margin), room(upper, margin));
            let (down, up) = (*x - lower, upper - *x);
            let moved = if lower.is_finite() && down <= up.min(below) {
                if margin == 0.0 {
                    lower.next_up()
                } else {
                    lower + below
                }
            } else if upper.is_finite() && up <= down.min(above) {
                if margin == 0.0 {
                    upper.next_down()
                } else {
                    upper - above
                }
            } else {
                continue;
            };
            let fits = lower <= moved && moved <= upper;
            *x = if fits { moved } else { 0.5 * (lower + upper) };
        }
        x
    }

    pub(super) fn scaling(&self, x: &DVector<f64>, gradient: &DVector<f64>) -> Scaling {
        let n = x.len();
        let (mut distance, mut slope) = (DVector::repeat(n, 1.0), DVector::zeros(n));
        for i in 0..n {
            if gradient[i] < 0.0 && self.upper[i].is_finite() {
                distance[i] = self.upper[i] - x[i];
                slope[i] = -1.0;
            } else if gradient[i] > 0.0 && self.lower[i].is_finite() {
                distance[i] = x[i] - self.lower[i];
                slope[i] = 1.0;
            }
        }
        Scaling { distance, slope }
    }

    pub(super) fn reach(&self, x: &DVector<f64>, direction: &DVector<f64>) -> Reach {
        let strides: Vec<f64> = (0..x.len())
            .map(|i| {
                let s = direction[i];
                if s == 0.0 {
                    return f64::INFINITY;
                }
                let (a, b) = ((self.lower[i] - x[i]) / s, (self.upper[i] - x[i]) / s);
                if a > b { a } else { b }
            })
            .collect();
        let smaller = |a: f64, &b: &f64| if b < a || b.is_nan() { b } else { a };
        let stride = strides.iter().fold(f64::INFINITY, smaller);
        let hits = strides.iter().map(|&s| s == stride).collect();
        Reach { stride, hits }
    }
}

fn room(bound: f64, margin: f64) -> f64 {
    margin * bound.abs().max(1.0)
}
