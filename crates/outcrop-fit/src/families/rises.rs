//! Rises that are sigmoids of ln t, g(t) = 1 / (1 + (m / t)^h): half-way at step m, the steeper the larger h.

use super::columns::{fill, ones};
use crate::separable::{Bounds, Columns, Separable, Slopes};

/// The least h: from 10 % to 90 % it takes 3.8 decades.
const LEAST_STEEPNESS: f64 = 0.5;
/// The largest: a tenth of a decade, less than lies between two checkpoints.
pub(crate) const MOST_STEEPNESS: f64 = 20.0;

/// Where rises may lie: from half of the first step above 0 to twice the last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RiseAxes {
    earliest: f64,
    latest: f64,
}

impl RiseAxes {
    /// For checkpoints at these steps, of which one is above 0.
    pub(crate) fn new(steps: &[f64]) -> Self {
        let first = steps.iter().copied().find(|step| *step > 0.0);
        let last = steps.last().copied().unwrap_or(1.0);
        Self {
            earliest: 0.5 * first.unwrap_or(1.0),
            latest: 2.0 * last,
        }
    }

    /// Lower and upper bounds of ln m and ln h.
    fn bounds(self) -> [[f64; 2]; 2] {
        [
            [self.earliest.ln(), LEAST_STEEPNESS.ln()],
            [self.latest.ln(), MOST_STEEPNESS.ln()],
        ]
    }
}

/// g and its derivatives by ln m and ln h.
pub(crate) fn rise(t: f64, [log_m, log_h]: [f64; 2]) -> [f64; 3] {
    if t <= 0.0 {
        return [0.0; 3];
    }
    let (h, apart) = (log_h.exp(), t.ln() - log_m);
    let x = h * apart;
    let g = 1.0 / (1.0 + (-x).exp());
    let rest = g / (1.0 + x.exp());
    [g, -h * rest, x * rest]
}

/// Columns 1 and g over ln m and ln h.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OneRise(pub(crate) RiseAxes);

impl Separable<2, 2> for OneRise {
    fn bounds(&self) -> Bounds<2> {
        let [lower, upper] = self.0.bounds();
        Bounds { lower, upper }
    }

    fn evaluate(
        &self,
        steps: &[f64],
        p: &[f64; 2],
        columns: &mut Columns<2>,
        slopes: Option<&mut Slopes<2, 2>>,
    ) {
        ones(steps.len(), &mut columns[0]);
        fill(steps, &mut columns[1], |t| rise(t, *p)[0]);
        if let Some([[_, by_m], [_, by_h]]) = slopes {
            fill(steps, by_m, |t| rise(t, *p)[1]);
            fill(steps, by_h, |t| rise(t, *p)[2]);
        }
    }
}

/// Columns 1 and the g of two rises over ln m and ln h of the one and of the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TwoRises(pub(crate) RiseAxes);

impl Separable<4, 3> for TwoRises {
    fn bounds(&self) -> Bounds<4> {
        let [[m0, h0], [m1, h1]] = self.0.bounds();
        Bounds {
            lower: [m0, h0, m0, h0],
            upper: [m1, h1, m1, h1],
        }
    }

    /// Steepness changes a curve slowly.
    fn shape(&self, cells: usize) -> [usize; 4] {
        let (m, h) = ((cells / 2).max(4), (cells / 8).max(3));
        [m, h, m, h]
    }

    /// Either rise may be the first, so that every minimum is there twice; and any two neighbouring points make a rise.
    fn starts(&self) -> usize {
        40
    }

    fn evaluate(
        &self,
        steps: &[f64],
        p: &[f64; 4],
        columns: &mut Columns<3>,
        slopes: Option<&mut Slopes<4, 3>>,
    ) {
        let [one, other] = [[p[0], p[1]], [p[2], p[3]]];
        ones(steps.len(), &mut columns[0]);
        fill(steps, &mut columns[1], |t| rise(t, one)[0]);
        fill(steps, &mut columns[2], |t| rise(t, other)[0]);
        if let Some([[_, m0, _], [_, h0, _], [_, _, m1], [_, _, h1]]) = slopes {
            fill(steps, m0, |t| rise(t, one)[1]);
            fill(steps, h0, |t| rise(t, one)[2]);
            fill(steps, m1, |t| rise(t, other)[1]);
            fill(steps, h1, |t| rise(t, other)[2]);
        }
    }

    /// Each rise is computed once for each of its places.
    fn sweep(
        &self,
        steps: &[f64],
        axes: &[Vec<f64>; 4],
        visit: &mut dyn FnMut(usize, &Columns<3>),
    ) {
        let rises = |m: &[f64], h: &[f64]| -> Vec<Vec<f64>> {
            let places = m.iter().flat_map(|m| h.iter().map(|h| [*m, *h]));
            let column = |place| steps.iter().map(|t| rise(*t, place)[0]).collect();
            places.map(column).collect()
        };
        let others = rises(&axes[2], &axes[3]);
        let mut columns = [vec![1.0; steps.len()], Vec::new(), Vec::new()];
        let mut unchanged = 0;
        for one in rises(&axes[0], &axes[1]) {
            columns[1] = one;
            for other in &others {
                columns[2].clone_from(other);
                visit(unchanged, &columns);
                unchanged = 2;
            }
            unchanged = 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::separable::check_slopes;
    use proptest::prelude::*;

    const STEPS: [f64; 7] = [0.0, 1.0, 30.0, 400.0, 3_000.0, 20_000.0, 100_000.0];

    proptest! {
        #[test]
        fn slopes_are_those_of_the_columns(u in 0.0..1.0f64, v in 0.0..1.0f64, w in 0.0..1.0f64, x in 0.0..1.0f64) {
            let axes = RiseAxes::new(&STEPS);
            let [lower, upper] = axes.bounds();
            let at = |k: usize, share: f64| lower[k] + share * (upper[k] - lower[k]);
            check_slopes(&OneRise(axes), [at(0, u), at(1, v)], &STEPS);
            check_slopes(&TwoRises(axes), [at(0, u), at(1, v), at(0, w), at(1, x)], &STEPS);
        }
    }

    #[test]
    fn a_rise_is_the_closed_form() {
        for (t, m, h) in [
            (10.0f64, 40.0f64, 1.5f64),
            (40.0, 40.0, 7.0),
            (900.0, 40.0, 0.7),
        ] {
            let [g, ..] = rise(t, [m.ln(), h.ln()]);
            assert!((g - t.powf(h) / (t.powf(h) + m.powf(h))).abs() < 1e-14);
        }
        assert_eq!(rise(0.0, [1.0, 1.0]), [0.0; 3]);
        assert_eq!(rise(1e30, [0.0, 20f64.ln()]), [1.0, -0.0, 0.0]);
    }
}
