//! From trajectories to rows of `fits.csv` and `curves.csv`.

use outcrop_core::{CurvePoint, Fit, Trajectory};

use crate::summary::{Curve, dense_steps};
use crate::{
    Emergence, FirstOrderStep, Goodness, Options, Result, SecondOrderStep, Series, Summary,
    fit_emergence, fit_first_order_step, fit_second_order_step,
};

/// `hypothesis` of the emergence curve.
pub const EMERGENCE: &str = "emergence";
/// `hypothesis` of the first-order step.
pub const FIRST_ORDER_STEP: &str = "first-order step";
/// `hypothesis` of the second-order step.
pub const SECOND_ORDER_STEP: &str = "second-order step";

/// Every hypothesis fitted to one trajectory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrajectoryFit {
    /// One row for each hypothesis, in the order [`EMERGENCE`], [`FIRST_ORDER_STEP`],
    /// [`SECOND_ORDER_STEP`]; a trajectory that cannot be fitted has a single row, of
    /// [`EMERGENCE`], whose status is the reason.
    pub fits: Vec<Fit>,
    /// The curves, one after the other, for drawing.
    pub curves: Vec<CurvePoint>,
}

/// Fits every hypothesis to one trajectory and marks the one with the lowest AICc as `best`. It
/// never fails: a bad series gives one row whose status is the reason.
///
/// ```
/// use outcrop_core::Trajectory;
/// use outcrop_fit::{Options, fit};
///
/// let mut trajectory = Trajectory { model: "m".into(), layer: 3, ..Trajectory::default() };
/// trajectory.steps = vec![0, 1, 2, 4];
/// trajectory.ratios = vec![5.0, 5.1, 5.4, 6.0];
/// let found = fit(&trajectory, &Options::default());
/// assert!(found.fits[0].status.contains("at least 7"));
/// ```
pub fn fit(trajectory: &Trajectory, options: &Options) -> TrajectoryFit {
    hypotheses(trajectory, options).unwrap_or_else(|error| TrajectoryFit {
        fits: vec![Fit {
            n: trajectory.steps.len(),
            status: format!("failed to {error}"),
            ..named(trajectory, EMERGENCE)
        }],
        curves: Vec::new(),
    })
}

fn hypotheses(trajectory: &Trajectory, options: &Options) -> Result<TrajectoryFit> {
    let series = Series::from_trajectory(trajectory)?;
    let emergence = fit_emergence(&series, options)?;
    let first = fit_first_order_step(&series, options)?;
    let second = fit_second_order_step(&series, options)?;
    let mut fits = vec![
        emergence_row(trajectory, &emergence),
        first_order_row(trajectory, &first),
        second_order_row(trajectory, &second),
    ];
    mark_best(&mut fits);
    let mut curves = dense(trajectory, EMERGENCE, &emergence, options);
    curves.extend(dense(trajectory, FIRST_ORDER_STEP, &first, options));
    curves.extend(dense(trajectory, SECOND_ORDER_STEP, &second, options));
    Ok(TrajectoryFit { fits, curves })
}

fn named(trajectory: &Trajectory, hypothesis: &str) -> Fit {
    Fit {
        model: trajectory.model.clone(),
        layer: trajectory.layer,
        hypothesis: hypothesis.into(),
        ..Fit::default()
    }
}

fn row(trajectory: &Trajectory, hypothesis: &str, goodness: Goodness, summary: Summary) -> Fit {
    Fit {
        n: goodness.n,
        status: "ok".into(),
        sse: Some(goodness.sse),
        r2: Some(goodness.r2),
        aicc: goodness.aicc,
        f_first: Some(summary.f_first),
        f_last: Some(summary.f_last),
        f_max: Some(summary.f_max),
        t_half: summary.t_half,
        ..named(trajectory, hypothesis)
    }
}

fn emergence_row(trajectory: &Trajectory, curve: &Emergence) -> Fit {
    let p = curve.parameters();
    let notes: Vec<String> = curve.notes().iter().map(ToString::to_string).collect();
    let row = row(trajectory, EMERGENCE, curve.goodness(), curve.summary());
    Fit {
        status: if notes.is_empty() {
            row.status
        } else {
            notes.join("; ")
        },
        a: p.a,
        lambda: p.lambda,
        gamma: p.gamma,
        t0: p.t0,
        k: p.k,
        beta: p.beta,
        tau0: p.tau0,
        a1: p.a1,
        a2: p.a2,
        t_peak: curve.t_peak(),
        ..row
    }
}

fn first_order_row(trajectory: &Trajectory, curve: &FirstOrderStep) -> Fit {
    row(
        trajectory,
        FIRST_ORDER_STEP,
        curve.goodness(),
        curve.summary(),
    )
}

fn second_order_row(trajectory: &Trajectory, curve: &SecondOrderStep) -> Fit {
    Fit {
        t_peak: curve.t_peak(),
        ..row(
            trajectory,
            SECOND_ORDER_STEP,
            curve.goodness(),
            curve.summary(),
        )
    }
}

/// Marks the row with the lowest AICc, the first of equals.
fn mark_best(fits: &mut [Fit]) {
    let scored = fits.iter_mut().filter(|f| f.aicc.is_some());
    let lowest = scored.min_by(|a, b| {
        let aicc = |f: &Fit| f.aicc.unwrap_or(f64::INFINITY);
        aicc(a).total_cmp(&aicc(b))
    });
    if let Some(fit) = lowest {
        fit.best = true;
    }
}

fn dense(
    trajectory: &Trajectory,
    hypothesis: &str,
    curve: &impl Curve,
    options: &Options,
) -> Vec<CurvePoint> {
    let (first, last) = curve.span();
    let steps = dense_steps(first, last, options.curve_points());
    let point = |step| CurvePoint {
        model: trajectory.model.clone(),
        layer: trajectory.layer,
        hypothesis: hypothesis.into(),
        step,
        value: curve.value(step),
        ..CurvePoint::default()
    };
    steps.into_iter().map(point).collect()
}
