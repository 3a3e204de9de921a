//! From trajectories to rows of `fits.csv` and `curves.csv`.

use outcrop_core::{CurvePoint, Fit, Quantity, Trajectory};

use crate::curve::dense_steps;
use crate::{
    EMERGENCE, Error, FitOptions, FittedRow, Hypothesis, Observations, Result, Series, ValueScale,
    ValueShape, paper,
};

/// Every hypothesis fitted to one trajectory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrajectoryFit {
    /// One row for each hypothesis, in the order of [`crate::HYPOTHESES`]; a trajectory that cannot be
    /// fitted has a single row, of the first of them, whose status is the reason.
    pub fits: Vec<Fit>,
    /// The curves, one after the other, for drawing.
    pub curves: Vec<CurvePoint>,
}

/// Fits every hypothesis to one trajectory and marks the one with the lowest AICc as `best`. It
/// never fails: a bad series gives one row whose status is the reason.
///
/// ```
/// use outcrop_core::Trajectory;
/// use outcrop_fit::{FitOptions, fit};
///
/// let mut trajectory = Trajectory { model: "m".into(), layer: 3, ..Trajectory::default() };
/// trajectory.steps = vec![0, 1, 2, 4];
/// trajectory.ratios = vec![5.0, 5.1, 5.4, 6.0];
/// let found = fit(&trajectory, &FitOptions::default());
/// assert!(found.fits[0].status.contains("at least 7"));
/// ```
pub fn fit(trajectory: &Trajectory, options: &FitOptions) -> TrajectoryFit {
    fit_among(trajectory, &options.chosen(), options)
}

/// As [`fit`], with these hypotheses: those of [`crate::HYPOTHESES`], of another crate, or both. Which of them the
/// options name does not matter. The table of such fits has the columns
/// [`quantity_columns`](crate::quantity_columns).
///
/// ```
/// use outcrop_core::Trajectory;
/// use outcrop_fit::{Hypothesis, LogOnly, Logistic, FitOptions, fit_among};
///
/// let mut trajectory = Trajectory { model: "m".into(), layer: 3, ..Trajectory::default() };
/// trajectory.steps = (0..12).map(|i| 50 * i).collect();
/// trajectory.ratios = (0..12).map(|i| 5.0 + f64::from(i).sqrt()).collect();
/// let hypotheses: [&dyn Hypothesis; 2] = [&Logistic, &LogOnly];
/// let found = fit_among(&trajectory, &hypotheses, &FitOptions::default());
/// assert_eq!(found.fits[1].hypothesis, "log only");
/// assert!(found.fits[0].value("f_last").is_some());
/// ```
pub fn fit_among(
    trajectory: &Trajectory,
    hypotheses: &[&dyn Hypothesis],
    options: &FitOptions,
) -> TrajectoryFit {
    let series = Series::from_trajectory(trajectory);
    let series = series.map(|series| series.with_schedule(options.schedule_of(trajectory)));
    let found = series.and_then(|series| fit_series(trajectory, &series, hypotheses, options));
    found.unwrap_or_else(|error| failed(trajectory, hypotheses, &error))
}

/// As [`fit`], for any observable of this shape, whose values at the checkpoints are the trajectory's `ratios`.
///
/// Curves are fitted on the scale of the shape. The curves returned, their bands, `f_first`, `f_last`, `f_max` and
/// `t_half`, with their intervals, are values of the observable; parameters are on the scale, and so are SSE, R2 and AIC:
/// AICc compares hypotheses, not scales. `curve leaves its range` in the status says that a curve on the linear scale goes
/// beyond the bounds of the shape. The paper's own procedure is for ratios and left out.
///
/// ```
/// use outcrop_core::Trajectory;
/// use outcrop_fit::{FitOptions, ValueScale, ValueShape, fit_observable};
///
/// let share = |t: f64| 1.0 / (1.0 + (3.0 - t / 100.0).exp());
/// let mut sinks = Trajectory { model: "m".into(), layer: 3, ..Trajectory::default() };
/// sinks.steps = (0..30).map(|i| 40 * i).collect();
/// sinks.ratios = sinks.steps.iter().map(|t| 0.9 * share(*t as f64)).collect();
/// let shape = ValueShape::within(0.0, 1.0)?.on(ValueScale::Logit)?;
/// let found = fit_observable(&sinks, &shape, &FitOptions::default());
/// let f_last = found.fits[0].quantity("f_last").expect("of every hypothesis");
/// assert!(f_last.lo < f_last.value && f_last.value < f_last.hi && f_last.hi < Some(1.0));
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
pub fn fit_observable(
    trajectory: &Trajectory,
    shape: &ValueShape,
    options: &FitOptions,
) -> TrajectoryFit {
    let (hypotheses, options) = (options.chosen(), options.clone().without_paper());
    let series = Series::from_observable(trajectory, shape);
    let series = series.map(|series| series.with_schedule(options.schedule_of(trajectory)));
    let found = series.and_then(|series| {
        let mut found = fit_series(trajectory, &series, &hypotheses, &options)?;
        if let ValueScale::Linear = shape.scale() {
            name_out_of_range(&mut found, shape);
        }
        Ok(found)
    });
    found.unwrap_or_else(|error| failed(trajectory, &hypotheses, &error))
}

/// Says in the status of each hypothesis whether its curve leaves the range.
fn name_out_of_range(found: &mut TrajectoryFit, shape: &ValueShape) {
    let [lo, hi] = shape.range();
    for fit in &mut found.fits {
        let points = found
            .curves
            .iter()
            .filter(|p| p.hypothesis == fit.hypothesis);
        let ends = ["f_first", "f_last", "f_max"].map(|name| fit.value(name));
        let values = points
            .map(|point| point.value)
            .chain(ends.into_iter().flatten());
        // values that are rounding away from a bound are at it
        let rounding = 1e-9 * fit.value("f_max").map_or(0.0, f64::abs);
        let leaves = |value: f64| value < lo - rounding || value > hi + rounding;
        if values.into_iter().any(leaves) {
            fit.status = match &*fit.status {
                "ok" => OUT_OF_RANGE.into(),
                status => format!("{status}; {OUT_OF_RANGE}"),
            };
        }
    }
}

const OUT_OF_RANGE: &str = "curve leaves its range";

fn failed(trajectory: &Trajectory, hypotheses: &[&dyn Hypothesis], error: &Error) -> TrajectoryFit {
    let first = hypotheses.first().map_or(EMERGENCE, |h| h.about().name);
    TrajectoryFit {
        fits: vec![failed_row(trajectory, first, error)],
        curves: Vec::new(),
    }
}

fn failed_row(trajectory: &Trajectory, hypothesis: &str, error: &Error) -> Fit {
    Fit {
        n: trajectory.steps.len(),
        status: format!("failed to {error}"),
        ..named(trajectory, hypothesis)
    }
}

fn fit_series(
    trajectory: &Trajectory,
    series: &Series,
    hypotheses: &[&dyn Hypothesis],
    options: &FitOptions,
) -> Result<TrajectoryFit> {
    let observations = Observations::new(series, options)?;
    let shape = series.shape();
    let steps = match options.curve_points() {
        0 => Vec::new(),
        points => dense_steps(series.first(), series.last(), points),
    };
    let mut found = TrajectoryFit::default();
    for hypothesis in hypotheses {
        let fitted = match hypothesis.row(&observations, &steps) {
            Err(error @ Error::NoSchedule { .. }) => {
                let name = hypothesis.about().name;
                found.fits.push(failed_row(trajectory, name, &error));
                continue;
            }
            fitted => fitted?,
        };
        let curve = &fitted.fitted.curve;
        let name = fitted.fitted.about.name;
        let mut points = dense(trajectory, name, |t| shape.back(curve.value(t)), &steps);
        set_band(&mut points, &steps, &fitted, shape);
        found.curves.extend(points);
        found.fits.push(row(trajectory, fitted));
    }
    weigh(&mut found.fits);
    if let Some(options) = options.paper() {
        let fit = paper::fit(series, options);
        for (name, form) in [
            (PAPER_ORIGINAL, &fit.original),
            (PAPER_REPARAMETRISED, &fit.reparametrised),
        ] {
            found.fits.push(paper_row(trajectory, name, form));
            if let Ok(form) = form {
                let value = |t| form.curve.value(t);
                found.curves.extend(dense(trajectory, name, value, &steps));
            }
        }
    }
    Ok(found)
}

/// `hypothesis` of Eq. 9 fitted by the paper's own procedure.
pub const PAPER_ORIGINAL: &str = "paper original form";
/// `hypothesis` of the reparametrised form fitted by the paper's own procedure.
pub const PAPER_REPARAMETRISED: &str = "paper reparametrised form";

fn paper_row(
    trajectory: &Trajectory,
    name: &str,
    form: &Result<paper::FittedForm, paper::FormFailure>,
) -> Fit {
    let row = Fit {
        n: trajectory.steps.len(),
        ..named(trajectory, name)
    };
    let fitted = match form {
        Ok(fitted) => fitted,
        Err(failure) => {
            return Fit {
                status: format!("failed to {failure}"),
                ..row
            };
        }
    };
    // at the end of its logarithm the curve has no number
    let finite = |x: f64| Some(x).filter(|x| x.is_finite());
    let at = |step: Option<&u64>| finite(fitted.curve.value(*step? as f64));
    let parameters = fitted.curve.parameters().into_iter();
    let parameters = parameters.map(|(name, value)| (name, value.and_then(finite)));
    let ends = [
        ("f_first", at(trajectory.steps.first())),
        ("f_last", at(trajectory.steps.last())),
    ];
    let quantities = parameters.chain(ends);
    Fit {
        status: "ok".into(),
        sse: Some(fitted.sse),
        r2: Some(fitted.r2),
        aic: finite(fitted.aic),
        quantities: quantities
            .map(|(name, value)| Quantity::new(name, value))
            .collect(),
        ..row
    }
}

/// The points are as many as the steps wherever there is a band.
fn set_band(points: &mut [CurvePoint], steps: &[f64], fitted: &FittedRow, shape: &ValueShape) {
    let bands = steps.iter().zip(&fitted.band);
    for (step, band) in bands {
        let at = points.partition_point(|point| point.step < *step);
        if let Some(point) = points.get_mut(at).filter(|point| point.step == *step) {
            let [lo, hi] = [band.lo, band.hi].map(|end| end.map(|end| shape.back(end)));
            (point.value_lo, point.value_hi) = (lo, hi);
        }
    }
}

fn named(trajectory: &Trajectory, hypothesis: &str) -> Fit {
    Fit {
        model: trajectory.model.clone(),
        layer: trajectory.layer,
        hypothesis: hypothesis.into(),
        ..Fit::default()
    }
}

fn row(trajectory: &Trajectory, fitted: FittedRow) -> Fit {
    let goodness = fitted.fitted.goodness;
    Fit {
        n: goodness.n,
        status: fitted.status,
        sse: Some(goodness.sse),
        r2: Some(goodness.r2),
        r2_adjusted: goodness.r2_adjusted,
        aic: Some(goodness.aic),
        aicc: goodness.aicc,
        durbin_watson: Some(goodness.durbin_watson),
        runs_p: goodness.runs_p,
        condition: fitted.condition,
        quantities: fitted.quantities,
        ..named(trajectory, fitted.fitted.about.name)
    }
}

/// Gives each row its Akaike weight and marks the one with the lowest AICc, the first of equals.
fn weigh(fits: &mut [Fit]) {
    let scores: Vec<Option<f64>> = fits.iter().map(|f| f.aicc).collect();
    let weights = crate::average::akaike_weights(&scores);
    let mut best: Option<(usize, f64)> = None;
    for (i, (fit, weight)) in fits.iter_mut().zip(weights).enumerate() {
        fit.weight = weight;
        if let Some(aicc) = fit.aicc
            && best.is_none_or(|(_, lowest)| aicc < lowest)
        {
            best = Some((i, aicc));
        }
    }
    if let Some((i, _)) = best {
        fits[i].best = true;
    }
}

fn dense(
    trajectory: &Trajectory,
    hypothesis: &str,
    value: impl Fn(f64) -> f64,
    steps: &[f64],
) -> Vec<CurvePoint> {
    let point = |&step: &f64| CurvePoint {
        model: trajectory.model.clone(),
        layer: trajectory.layer,
        hypothesis: hypothesis.into(),
        step,
        value: value(step),
        ..CurvePoint::default()
    };
    // the paper's forms have no value where their logarithm has none
    let points = steps.iter().map(point);
    points.filter(|point| point.value.is_finite()).collect()
}
