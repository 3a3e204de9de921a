//! The posterior over the plane, on a grid that zooms in.

use crate::separable::{Data, Separable, axis, squares};

/// Points of the plane with their probabilities, which add up to 1.
#[derive(Clone, Debug, Default)]
pub(super) struct Plane {
    pub(super) points: Vec<[f64; 2]>,
    pub(super) masses: Vec<f64>,
}

/// Cells along each coordinate while zooming, and at the end where the mass needs it.
const CELLS: usize = 32;
const FINE_CELLS: usize = 64;
/// Zooms at most.
const ROUNDS: usize = 8;
/// Cells whose mass is below exp(-9) of the largest are outside.
const REACH: f64 = 9.0;
/// The zoom ends where the box keeps this share of both sides.
const SETTLED: f64 = 0.8;
/// A grid with fewer cells' worth of mass is too coarse.
const ENOUGH: f64 = 40.0;

/// A box of the plane.
#[derive(Clone, Copy, Debug)]
struct Window {
    low: [f64; 2],
    high: [f64; 2],
}

impl Window {
    /// The part of it that holds `points`, with one cell of `widths` around.
    fn around(&self, points: &[[f64; 2]], widths: [f64; 2]) -> Self {
        let least = |k: usize| points.iter().map(|p| p[k]).fold(f64::INFINITY, f64::min);
        let most = |k: usize| {
            points
                .iter()
                .map(|p| p[k])
                .fold(f64::NEG_INFINITY, f64::max)
        };
        Self {
            low: [0, 1].map(|k| (least(k) - widths[k]).max(self.low[k])),
            high: [0, 1].map(|k| (most(k) + widths[k]).min(self.high[k])),
        }
    }

    fn sides(&self) -> [f64; 2] {
        [0, 1].map(|k| self.high[k] - self.low[k])
    }
}

/// Zooms from the bounds of `family` to where the mass lies; `best` is the optimum and its sum of
/// squares, which a coarse grid could miss.
pub(super) fn zoom<F: Separable<2, 3>>(
    family: &F,
    data: Data<'_>,
    best: ([f64; 2], f64),
    freedom: f64,
) -> Plane {
    let log_mass = |sse: f64| -0.5 * freedom * sse.max(f64::MIN_POSITIVE).ln();
    let bounds = family.bounds();
    let mut window = Window {
        low: bounds.lower,
        high: bounds.upper,
    };
    let mut cells = CELLS;
    for round in 0..=ROUNDS {
        let axes = [0, 1].map(|k| axis(window.low[k], window.high[k], cells));
        let logs: Vec<f64> = squares(family, data, &axes)
            .into_iter()
            .map(log_mass)
            .collect();
        let plane = Plane::new(&axes, &logs, log_mass(best.1));
        let mut inside = plane.points.clone();
        inside.push(best.0);
        let sides = window.sides();
        let inner = window.around(&inside, sides.map(|side| side / (cells - 1) as f64));
        let kept = inner.sides();
        window = inner;
        if round < ROUNDS && (0..2).any(|k| kept[k] < SETTLED * sides[k]) {
            continue;
        }
        if round < ROUNDS && cells < FINE_CELLS && plane.effective() < ENOUGH {
            cells = FINE_CELLS;
            continue;
        }
        if !plane.points.is_empty() {
            return plane;
        }
    }
    Plane {
        points: vec![best.0],
        masses: vec![1.0],
    }
}

impl Plane {
    /// The points of the grid within reach of the top, by the logarithms of their masses.
    fn new(axes: &[Vec<f64>; 2], logs: &[f64], best: f64) -> Self {
        let top = logs.iter().copied().fold(best, f64::max);
        let mut plane = Self::default();
        let columns = axes[1].len();
        for (cell, log) in logs.iter().enumerate().filter(|l| *l.1 > top - REACH) {
            plane
                .points
                .push([axes[0][cell / columns], axes[1][cell % columns]]);
            plane.masses.push((log - top).exp());
        }
        let total: f64 = plane.masses.iter().sum();
        plane.masses.iter_mut().for_each(|m| *m /= total);
        plane
    }

    /// How many points of equal mass would be as even.
    fn effective(&self) -> f64 {
        1.0 / self.masses.iter().map(|m| m * m).sum::<f64>()
    }
}
