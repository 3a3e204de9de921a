//! From trajectories to rows of `fits.csv` and `curves.csv`.

use outcrop_core::{CurvePoint, Fit, Trajectory};

use crate::curve::dense_steps;
use crate::{EMERGENCE, Emergence, Fitted, HYPOTHESES, Observations, Options, Result, Series};

/// Every hypothesis fitted to one trajectory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrajectoryFit {
    /// One row for each hypothesis, in the order of [`HYPOTHESES`]; a trajectory that cannot be
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
    let mut found = TrajectoryFit::default();
    for hypothesis in HYPOTHESES {
        let (fitted, row) = if hypothesis.about().name == EMERGENCE {
            let emergence = Emergence::fit(&observations)?;
            let fitted = emergence.fitted().clone();
            (fitted, emergence_row(trajectory, &emergence))
        } else {
            let fitted = hypothesis.fit(&observations)?;
            let row = row(trajectory, &fitted);
            (fitted, row)
        };
        found
            .curves
            .extend(dense(trajectory, &series, &fitted, options));
        found.fits.push(row);
    }
    weigh(&mut found.fits);
    Ok(found)
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
    series: &Series,
    fitted: &Fitted,
    options: &Options,
) -> Vec<CurvePoint> {
    let steps = dense_steps(series.first(), series.last(), options.curve_points());
    let point = |step| CurvePoint {
        model: trajectory.model.clone(),
        layer: trajectory.layer,
        hypothesis: fitted.about.name.into(),
        step,
        value: fitted.curve.value(step),
        ..CurvePoint::default()
    };
    steps.into_iter().map(point).collect()
}
