//! The posterior over the plane, on a grid that zooms in.

use crate::hypotheses::emergence::EmergenceFamily;
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

/// Zooms from the bounds of `family` to where the mass lies; `best` is the optimum, which a coarse
/// grid could miss.
pub(super) fn zoom(family: &EmergenceFamily, data: Data<'_>, best: ([f64; 2], f64)) -> Plane {
    let freedom = data.scales.iter().filter(|s| **s > 0.0).count() as f64 - 5.0;
    let freedom = freedom.max(1.0);
    let log_mass = |sse: f64| -0.5 * freedom * sse.max(f64::MIN_POSITIVE).ln();
    let bounds = family.bounds();
    let (mut low, mut high) = (bounds.lower, bounds.upper);
    let mut cells = CELLS;
    for round in 0.. {
        let axes = [0, 1].map(|k| axis(low[k], high[k], cells));
        let logs: Vec<f64> = squares(family, data, &axes)
            .into_iter()
            .map(log_mass)
            .collect();
        let top = logs.iter().copied().fold(log_mass(best.1), f64::max);
        let point = |cell: usize| [axes[0][cell / cells], axes[1][cell % cells]];
        let kept: Vec<usize> = (0..logs.len()).filter(|&c| logs[c] > top - REACH).collect();
        let mut inner = (best.0, best.0);
        for &cell in &kept {
            let p = point(cell);
            for k in 0..2 {
                inner.0[k] = inner.0[k].min(p[k]);
                inner.1[k] = inner.1[k].max(p[k]);
            }
        }
        let mut settled = true;
        let (old_low, old_high) = (low, high);
        for k in 0..2 {
            let width = (high[k] - low[k]) / (cells - 1) as f64;
            low[k] = (inner.0[k] - width).max(low[k]);
            high[k] = (inner.1[k] + width).min(high[k]);
            settled &= high[k] - low[k] >= SETTLED * (old_high[k] - old_low[k]);
        }
        let masses: Vec<f64> = kept.iter().map(|&c| (logs[c] - top).exp()).collect();
        let total: f64 = masses.iter().sum();
        let effective = total * total / masses.iter().map(|m| m * m).sum::<f64>();
        let coarse = effective.is_nan() || effective < ENOUGH;
        if settled || round >= ROUNDS {
            if coarse && cells < FINE_CELLS && round < ROUNDS {
                cells = FINE_CELLS;
                continue;
            }
            if kept.is_empty() {
                return Plane {
                    points: vec![best.0],
                    masses: vec![1.0],
                };
            }
            return Plane {
                points: kept.iter().map(|&c| point(c)).collect(),
                masses: masses.iter().map(|m| m / total).collect(),
            };
        }
    }
    Plane::default()
}
