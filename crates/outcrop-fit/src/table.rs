//! From trajectories to rows of `fits.csv` and `curves.csv`.

use outcrop_core::{CurvePoint, Fit, Quantity, Trajectory};

use crate::curve::dense_steps;
use crate::{EMERGENCE, FittedRow, Hypothesis, Observations, FitOptions, Result, Series, paper};

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
    let first = hypotheses.first().map_or(EMERGENCE, |h| h.about().name);
    fit_each_of(trajectory, hypotheses, options).unwrap_or_else(|error| TrajectoryFit {
        fits: vec![Fit {
            n: trajectory.steps.len(),
            status: format!("failed to {error}"),
            ..named(trajectory, first)
        }],
        curves: Vec::new(),
    })
}

fn fit_each_of(
    trajectory: &Trajectory,
    hypotheses: &[&dyn Hypothesis],
    options: &FitOptions,
) -> Result<TrajectoryFit> {
    let series = Series::from_trajectory(trajectory)?;
    let observations = Observations::new(&series, options)?;
    let steps = match options.curve_points() {
        0 => Vec::new(),
        points => dense_steps(series.first(), series.last(), points),
    };
    let mut found = TrajectoryFit::default();
    for hypothesis in hypotheses {
        let fitted = hypothesis.row(&observations, &steps)?;
        let curve = &fitted.fitted.curve;
        let name = fitted.fitted.about.name;
        let mut points = dense(trajectory, name, |t| curve.value(t), &steps);
        set_band(&mut points, &steps, &fitted);
        found.curves.extend(points);
        found.fits.push(row(trajectory, fitted));
    }
    weigh(&mut found.fits);
    if let Some(options) = options.paper() {
        let fit = paper::fit(&series, options);
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
fn set_band(points: &mut [CurvePoint], steps: &[f64], fitted: &FittedRow) {
    let bands = steps.iter().zip(&fitted.band);
    for (step, band) in bands {
        let at = points.partition_point(|point| point.step < *step);
        if let Some(point) = points.get_mut(at).filter(|point| point.step == *step) {
            (point.value_lo, point.value_hi) = (band.lo, band.hi);
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
