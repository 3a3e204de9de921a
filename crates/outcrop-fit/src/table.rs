//! From trajectories to rows of `fits.csv` and `curves.csv`.

use outcrop_core::{CurvePoint, Fit, Trajectory};

use crate::curve::dense_steps;
use crate::{
    EMERGENCE, Emergence, Fitted, Interval, Intervals, Note, Observations, Options, Posterior,
    Result, Series, hypothesis, paper,
};

/// Every hypothesis fitted to one trajectory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrajectoryFit {
    /// One row for each hypothesis, in the order of [`crate::HYPOTHESES`]; a trajectory that cannot be
    /// fitted has a single row, of [`EMERGENCE`], whose status is the reason.
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
    let observations = Observations::new(&series, options)?;
    let steps = match options.curve_points() {
        0 => Vec::new(),
        points => dense_steps(series.first(), series.last(), points),
    };
    let mut found = TrajectoryFit::default();
    for &name in options.hypotheses() {
        if name == EMERGENCE {
            let (row, curve) = emergence(trajectory, &observations, &steps)?;
            found.fits.push(row);
            found.curves.extend(curve);
        } else {
            let fitted = hypothesis(name)?.fit(&observations)?;
            found.fits.push(row(trajectory, &fitted));
            let value = |t| fitted.curve.value(t);
            found.curves.extend(dense(trajectory, name, value, &steps));
        }
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
    let mut row = Fit {
        status: "ok".into(),
        sse: Some(fitted.sse),
        r2: Some(fitted.r2),
        aic: finite(fitted.aic),
        f_first: at(trajectory.steps.first()),
        f_last: at(trajectory.steps.last()),
        ..row
    };
    let parameters = fitted.curve.parameters();
    set_parameters(
        &mut row,
        &parameters.map(|(symbol, x)| (symbol, x.and_then(finite))),
    );
    row
}

/// The row of the emergence curve, with its intervals, and its points, with their band.
fn emergence(
    trajectory: &Trajectory,
    observations: &Observations<'_>,
    steps: &[f64],
) -> Result<(Fit, Vec<CurvePoint>)> {
    let (options, emergence) = (observations.options, Emergence::fit(observations)?);
    let mut row = emergence_row(trajectory, &emergence);
    let mut curve = dense(trajectory, EMERGENCE, |t| emergence.value(t), steps);
    if options.draws() > 0 {
        let posterior = Posterior::new(observations, &emergence);
        let intervals = posterior.intervals(emergence.notes(), options.level());
        set_intervals(&mut row, &intervals);
        if intervals.scale_is_open() {
            leave_scale_open(&mut row);
        }
        if !emergence.notes().contains(&Note::Flat) {
            row.p_peak = Some(posterior.p_peak());
        }
        let band = posterior.band(steps, options.level());
        for (point, band) in curve.iter_mut().zip(band) {
            (point.value_lo, point.value_hi) = (band.lo, band.hi);
        }
    }
    Ok((row, curve))
}

/// Empties the parameters that only Eq. 9 has, and says why.
fn leave_scale_open(row: &mut Fit) {
    (row.lambda, row.gamma, row.t0) = (None, None, None);
    let note = Note::Scale.to_string();
    if row.status == "ok" {
        row.status = note;
    } else if !row.status.contains(&note) {
        row.status = format!("{}; {note}", row.status);
    }
}

fn set_intervals(row: &mut Fit, found: &Intervals) {
    let ends = |interval: Interval| (interval.lo, interval.hi);
    (row.a_lo, row.a_hi) = ends(found.a);
    (row.lambda_lo, row.lambda_hi) = ends(found.lambda);
    (row.gamma_lo, row.gamma_hi) = ends(found.gamma);
    (row.t0_lo, row.t0_hi) = ends(found.t0);
    (row.k_lo, row.k_hi) = ends(found.k);
    (row.beta_lo, row.beta_hi) = ends(found.beta);
    (row.tau0_lo, row.tau0_hi) = ends(found.tau0);
    (row.a1_lo, row.a1_hi) = ends(found.a1);
    (row.f_first_lo, row.f_first_hi) = ends(found.f_first);
    (row.f_last_lo, row.f_last_hi) = ends(found.f_last);
    (row.f_max_lo, row.f_max_hi) = ends(found.f_max);
    (row.t_half_lo, row.t_half_hi) = ends(found.t_half);
    if row.t_peak.is_some() {
        (row.t_peak_lo, row.t_peak_hi) = ends(found.t_peak);
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

fn row(trajectory: &Trajectory, fitted: &Fitted) -> Fit {
    let (goodness, summary) = (&fitted.goodness, &fitted.summary);
    let status = if goodness.is_autocorrelated() {
        "residuals autocorrelated"
    } else {
        "ok"
    };
    let mut row = Fit {
        n: goodness.n,
        status: status.into(),
        sse: Some(goodness.sse),
        r2: Some(goodness.r2),
        r2_adjusted: goodness.r2_adjusted,
        aic: Some(goodness.aic),
        aicc: goodness.aicc,
        durbin_watson: Some(goodness.durbin_watson),
        runs_p: goodness.runs_p,
        f_first: Some(summary.f_first),
        f_last: Some(summary.f_last),
        f_max: Some(summary.f_max),
        t_half: summary.t_half,
        t_peak: summary.t_peak,
        ..named(trajectory, fitted.about.name)
    };
    set_parameters(&mut row, &fitted.curve.parameters());
    row
}

/// Fills the columns that the parameters of a hypothesis have.
fn set_parameters(row: &mut Fit, parameters: &[(&str, Option<f64>)]) {
    for &(symbol, value) in parameters {
        let column = match symbol {
            "A" => &mut row.a,
            "lambda" => &mut row.lambda,
            "gamma" => &mut row.gamma,
            "t0" => &mut row.t0,
            "K" => &mut row.k,
            "beta" => &mut row.beta,
            "tau0" => &mut row.tau0,
            "A1" => &mut row.a1,
            "A2" => &mut row.a2,
            "tau" => &mut row.tau,
            "omega" => &mut row.omega,
            "zeta" => &mut row.zeta,
            "t_mid" => &mut row.t_mid,
            _ => continue, // c is f(0); a and b have no column
        };
        *column = value;
    }
}

fn emergence_row(trajectory: &Trajectory, curve: &Emergence) -> Fit {
    let notes: Vec<String> = curve.notes().iter().map(ToString::to_string).collect();
    let mut row = row(trajectory, curve.fitted());
    set_parameters(&mut row, &curve.parameters().named());
    row.condition = Some(curve.covariance().map_or(f64::INFINITY, |c| c.condition));
    row.status = if notes.is_empty() {
        "ok".into()
    } else {
        notes.join("; ")
    };
    row
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
