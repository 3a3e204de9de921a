use super::drawn::drawn;
use super::fitted::Fitted;
use super::fitted_row::FittedRow;
use super::identified::{Identified, Solved};
use super::shared::FLAT_STATUS;
use super::{About, F_FIRST, F_LAST, F_MAX, Hypothesis, QuantityAbout, T_HALF, T_PEAK};
use crate::families::{MOST_STEEPNESS, OneRise, RiseAxes, TwoRises, rise};
use crate::observations::Observations;
use crate::{Curve, Result};

/// `hypothesis` of two rises.
pub const DOUBLE_RISE: &str = "double rise";

/// Two changes of the level, one after the other: f(t) = c + K1 g1(t) + K2 g2(t), g(t) = 1 / (1 + (t_mid / t)^h).
///
/// Each g is a sigmoid of ln t, half-way at t_mid; from 10 % to 90 % it takes 1.908 / h decades. Where K1 and K2 differ
/// in sign the curve rises and falls.
///
/// ```
/// use outcrop_fit::{DoubleRise, FitOptions, Hypothesis, Observations, Series};
///
/// let steps: Vec<f64> = (0..36).map(|i| 1.4f64.powi(i)).collect();
/// let g = |t: f64, mid: f64, h: i32| 1.0 / (1.0 + (mid / t).powi(h));
/// let values: Vec<f64> = steps.iter().map(|&t| 2.0 + 5.0 * g(t, 40.0, 2) + 30.0 * g(t, 9000.0, 3)).collect();
/// let (series, options) = (Series::new(&steps, &values)?, FitOptions::default());
/// let fitted = DoubleRise.fit(&Observations::new(&series, &options)?)?;
/// let found = fitted.curve.parameters();
/// assert_eq!((found[2].0, found[5].0), ("t_mid1", "t_mid2"));
/// assert!((found[2].1.unwrap_or(0.0) - 40.0).abs() < 1e-3 && (found[5].1.unwrap_or(0.0) - 9000.0).abs() < 0.1);
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DoubleRise;

const MIDDLE: &str = "step at which it is half-way; empty where that is behind the run";
const STEEPNESS: &str = "steepness, 0.5 to 20; empty where it lies between two checkpoints";

const fn middle(name: &'static str) -> QuantityAbout {
    let about = QuantityAbout::parameter(name, "steps", MIDDLE);
    about.within(0.0, f64::INFINITY).with_interval()
}

const fn steepness(name: &'static str) -> QuantityAbout {
    let about = QuantityAbout::parameter(name, "", STEEPNESS);
    about.within(0.0, MOST_STEEPNESS).with_interval()
}

static ABOUT: About = About {
    name: DOUBLE_RISE,
    formula: "f(t) = c + K1 / (1 + (t_mid1 / t)^h1) + K2 / (1 + (t_mid2 / t)^h2)",
    quantities: &[
        QuantityAbout::parameter("c", "ratio", "value at step 0").without_column(),
        QuantityAbout::parameter(
            "K1",
            "ratio",
            "size of the earlier rise; negative where it falls",
        )
        .with_interval(),
        middle("t_mid1"),
        steepness("h1"),
        QuantityAbout::parameter("K2", "ratio", "size of the later rise").with_interval(),
        middle("t_mid2"),
        steepness("h2"),
        F_FIRST.with_interval(),
        F_LAST.with_interval(),
        F_MAX.with_interval(),
        T_HALF.with_interval(),
        T_PEAK.with_interval(),
    ],
    limits: "one rise at K2 = 0; a constant at K1 = K2 = 0",
    source: "two curves of Hill (1910, Journal of Physiology 40:iv), logistic in ln t",
};

/// What is empty where one rise, or none, fits as well.
const BOTH: &[&str] = &["K1", "t_mid1", "h1", "K2", "t_mid2", "h2"];

#[derive(Clone, Copy, Debug)]
struct Rises {
    constant: f64,
    /// The earlier one first.
    sizes: [f64; 2],
    /// ln t_mid and ln h of each.
    places: [[f64; 2]; 2],
}

impl Rises {
    fn new(p: [f64; 4], [constant, one, other]: [f64; 3]) -> Self {
        let (mut sizes, mut places) = ([one, other], [[p[0], p[1]], [p[2], p[3]]]);
        if places[0][0] > places[1][0] {
            sizes.reverse();
            places.reverse();
        }
        Self {
            constant,
            sizes,
            places,
        }
    }

    /// The slope by ln t.
    fn slope(&self, log_t: f64) -> f64 {
        let of = |k: usize| -self.sizes[k] * rise(log_t.exp(), self.places[k])[1];
        of(0) + of(1)
    }
}

fn family(observations: &Observations<'_>) -> TwoRises {
    TwoRises(RiseAxes::new(observations.series.steps()))
}

fn identify(solved: &Solved<'_, 4, 3>, observations: &Observations<'_>) -> Result<Identified> {
    let (series, TwoRises(axes)) = (observations.series, family(observations));
    let rises = Rises::new(solved.solution.optimum.p, solved.coefficients());
    let mut open: Vec<(&'static str, &'static [&'static str])> = Vec::new();
    if solved.is_flat(6) {
        open.push((FLAT_STATUS, BOTH));
    } else if solved.reaches(&OneRise(axes), None, 3)? {
        open.push(("second rise not identified", BOTH));
    } else {
        let ends: [[&'static [&'static str]; 2]; 2] = [
            [&["K1", "t_mid1", "h1"], &["h1"]],
            [&["K2", "t_mid2", "h2"], &["h2"]],
        ];
        for ([log_m, log_h], [all, steepness]) in rises.places.into_iter().zip(ends) {
            if log_m >= series.last().ln() {
                open.push(("rise beyond the run", all));
            } else if log_h >= MOST_STEEPNESS.ln() - 1e-9 {
                open.push(("rise between two checkpoints", steepness));
            }
        }
    }
    Ok(Identified {
        fitted: solved.fitted(&ABOUT, rises),
        open,
    })
}

impl Hypothesis for DoubleRise {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fit(&self, observations: &Observations<'_>) -> Result<Fitted> {
        let solved = Solved::new(&family(observations), observations)?;
        Ok(identify(&solved, observations)?.fitted)
    }

    /// Without parameters where one rise fits as well; with intervals and the band from the posterior.
    fn row(&self, observations: &Observations<'_>, steps: &[f64]) -> Result<FittedRow> {
        let family = family(observations);
        let solved = Solved::new(&family, observations)?;
        let found = identify(&solved, observations)?;
        let curve = |p: &[f64; 4], coefficients| Rises::new(*p, coefficients);
        let drawn = drawn(&solved, &family, observations.options.draws(), curve);
        Ok(found.row_with(observations, steps, &drawn))
    }
}

/// Into how many parts of ln t the slope is cut to find its signs.
const PARTS: u32 = 2000;

impl Curve for Rises {
    fn value(&self, t: f64) -> f64 {
        let of = |k: usize| self.sizes[k] * rise(t, self.places[k])[0];
        self.constant + of(0) + of(1)
    }

    /// Where the slopes of the two cancel, which has no closed form: bisection between points of unlike sign. None where
    /// both rise, or both fall.
    fn turns(&self, first: f64, last: f64) -> Vec<f64> {
        if self.sizes[0] * self.sizes[1] >= 0.0 {
            return Vec::new();
        }
        // before the earliest rise there is nothing to find
        let least = (self.places[0][0] - 40.0).max(first.ln());
        let width = (last.ln() - least) / f64::from(PARTS);
        let at = |part: u32| least + width * f64::from(part);
        let changes = |part: &u32| self.slope(at(*part)) * self.slope(at(part + 1)) < 0.0;
        let turn = |part: u32| bisect(|log_t| self.slope(log_t), at(part), at(part + 1)).exp();
        let turns = (0..PARTS).filter(changes).map(turn);
        turns.filter(|t| first < *t && *t < last).collect()
    }

    fn parameters(&self) -> Vec<(&'static str, Option<f64>)> {
        let [[m1, h1], [m2, h2]] = self.places.map(|place| place.map(f64::exp));
        vec![
            ("c", Some(self.constant)),
            ("K1", Some(self.sizes[0])),
            ("t_mid1", Some(m1)),
            ("h1", Some(h1.min(MOST_STEEPNESS))),
            ("K2", Some(self.sizes[1])),
            ("t_mid2", Some(m2)),
            ("h2", Some(h2.min(MOST_STEEPNESS))),
        ]
    }
}

/// Where `f`, of unlike sign at both ends, is 0.
fn bisect(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    let sign = f(low) > 0.0;
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        match (f(middle) > 0.0) == sign {
            true => low = middle,
            false => high = middle,
        }
    }
    0.5 * (low + high)
}
