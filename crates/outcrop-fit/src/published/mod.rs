//! Fits that others published beside ours.

mod curve;
mod values;

use std::collections::HashMap;

use outcrop_core::{Comparison, CurveVerdict, Fit, Trajectory};

use crate::{
    EMERGENCE, FIRST_ORDER_STEP, PAPER_ORIGINAL, PAPER_REPARAMETRISED, SECOND_ORDER_STEP,
    TrajectoryFit,
};
use values::Values;

/// Curves that differ nowhere by more than this share of the range of the ratios are the same.
const SAME: f64 = 0.01;
/// R2 on other values differs by more than this.
const SAME_R2: f64 = 0.02;

/// Holds published fits of the ratio, as [`outcrop_core::published::read`] gives them, against ours of
/// the same model and layer: a row for each published fit and each of our fits of the same curve
/// ([`EMERGENCE`], and the paper's own procedure where it was asked for).
///
/// Both curves are evaluated on the steps of the trajectory, the published one from its parameters by
/// Eq. 9, f(t) = A exp(-lambda x) ln(x) + K with x = gamma t + t0, or by
/// f(t) = exp(-beta t) (A1 ln(t + tau0) + A2) + K. Ours comes from its parameters where they are all
/// identified, and from the points of its curve where they are not (straight lines in ln(1 + t)).
/// Differences are relative to the range of the ratios. The sums of squares are unweighted: to ask
/// whether the published fit is the optimum of what the paper minimises, fit with
/// [`FitOptions::paper_like`](crate::FitOptions::paper_like).
///
/// Rows are not comparable where a fit, its parameters or its trajectory are missing, where the
/// curve is another (the steps), and where the published parameters give another R2 on the
/// trajectory than the published one, by more than 0.02: normalising shifts and scales the values,
/// which leaves R2 as it is, so these parameters are of normalised values or of other steps.
///
/// ```
/// use outcrop_core::{Fit, Trajectory, CurveVerdict};
/// use outcrop_fit::{FitOptions, compare_published, fit};
///
/// let f = |t: f64| (-2e-5 * t).exp() * (90.0 * (t + 40.0).ln() - 250.0) + 30.0;
/// let steps: Vec<u64> = (0..18).map(|i| (1u64 << i) - 1).collect();
/// let ratios = steps.iter().map(|&t| f(t as f64)).collect();
/// let trajectory = Trajectory { model: "m".into(), layer: 1, stage: None, steps, ratios, sem: Vec::new() };
/// let published = Fit {
///     model: "m".into(),
///     layer: 1,
///     hypothesis: "published reparametrized".into(),
///     quantities: [("beta", 2e-5), ("tau0", 40.0), ("A1", 90.0), ("A2", -250.0), ("K", 30.0)].into(),
///     ..Fit::default()
/// };
/// let ours = fit(&trajectory, &FitOptions::default());
/// let rows = compare_published(&[trajectory], &[ours], &[published]);
/// assert_eq!(rows[0].verdict, CurveVerdict::SameCurve);
/// ```
pub fn compare_published(
    trajectories: &[Trajectory],
    ours: &[TrajectoryFit],
    published: &[Fit],
) -> Vec<Comparison> {
    let trajectories: HashMap<_, _> = trajectories
        .iter()
        .map(|t| ((t.model.as_str(), t.layer), t))
        .collect();
    let ours: HashMap<_, _> = ours
        .iter()
        .filter_map(|found| {
            let first = found.fits.first()?;
            Some(((first.model.as_str(), first.layer), found))
        })
        .collect();
    let mut rows = Vec::new();
    for fit in published {
        let key = (fit.model.as_str(), fit.layer);
        let counterparts = counterparts(&fit.hypothesis);
        let found = ours.get(&key);
        let same = found.into_iter().flat_map(|found| {
            let fits = found.fits.iter();
            fits.filter(|ours| counterparts.contains(&ours.hypothesis.as_str()))
                .map(|ours| (ours, *found))
        });
        let before = rows.len();
        rows.extend(
            same.map(|(ours, found)| row(fit, ours, found, trajectories.get(&key).copied())),
        );
        if rows.len() == before {
            rows.push(Comparison {
                reason: reason_for_none(fit, counterparts),
                ..beside(fit, &Fit::default())
            });
        }
    }
    rows
}

/// Our hypotheses of the same curve.
fn counterparts(hypothesis: &str) -> &'static [&'static str] {
    let Some(name) = hypothesis.strip_prefix("published ") else {
        return &[];
    };
    let letters = name.chars().filter(|c| c.is_ascii_alphanumeric());
    let plain: String = letters.map(|c| c.to_ascii_lowercase()).collect();
    // `published top1 ...` and `published median ...` are no fits of the ratio
    match plain.as_str() {
        p if p.starts_with("original") => &[EMERGENCE, PAPER_ORIGINAL],
        p if p.starts_with("reparam") => &[EMERGENCE, PAPER_REPARAMETRISED],
        p if p.starts_with("firstorder") => &[FIRST_ORDER_STEP],
        p if p.starts_with("secondorder") => &[SECOND_ORDER_STEP],
        _ => &[],
    }
}

fn reason_for_none(fit: &Fit, counterparts: &[&str]) -> String {
    match counterparts {
        [] => format!("ours has no fit of what `{}` is", fit.hypothesis),
        [first, ..] => format!("no fit of {first} to this layer is at hand"),
    }
}

/// The columns that need no curve.
fn beside(published: &Fit, ours: &Fit) -> Comparison {
    Comparison {
        model: published.model.clone(),
        layer: published.layer,
        published: published.hypothesis.clone(),
        ours: ours.hypothesis.clone(),
        published_n: published.n,
        published_r2: published.r2,
        r2: ours.r2,
        published_sse: published.sse,
        sse: ours.sse,
        t_peak: ours.value("t_peak"),
        published_a: published.value("A"),
        a: ours.value("A"),
        published_lambda: published.value("lambda"),
        lambda: ours.value("lambda"),
        published_gamma: published.value("gamma"),
        gamma: ours.value("gamma"),
        published_t0: published.value("t0"),
        t0: ours.value("t0"),
        published_k: published.value("K"),
        k: ours.value("K"),
        published_beta: published.value("beta"),
        beta: ours.value("beta"),
        published_tau0: published.value("tau0"),
        tau0: ours.value("tau0"),
        published_a1: published.value("A1"),
        a1: ours.value("A1"),
        published_a2: published.value("A2"),
        a2: ours.value("A2"),
        ..Comparison::default()
    }
}

fn row(
    published: &Fit,
    ours: &Fit,
    found: &TrajectoryFit,
    trajectory: Option<&Trajectory>,
) -> Comparison {
    let mut row = beside(published, ours);
    let outcome = compare(&mut row, published, ours, found, trajectory);
    (row.verdict, row.reason) = match outcome {
        Ok(verdict) => (verdict, String::new()),
        Err(reason) => (CurveVerdict::NotComparable, reason),
    };
    row
}

/// Fills the columns that need the curves; the error is the reason why they are not comparable.
fn compare(
    row: &mut Comparison,
    published: &Fit,
    ours: &Fit,
    found: &TrajectoryFit,
    trajectory: Option<&Trajectory>,
) -> Result<CurveVerdict, String> {
    let trajectory = trajectory.ok_or("the trajectory of this layer is not at hand")?;
    row.n = trajectory.steps.len();
    let values = Values::new(trajectory)?;
    let theirs = curve::of(published).ok_or_else(|| match published.status.as_str() {
        "" | "ok" => "its parameters are not those of Eq. 9 or of the reparametrised form".into(),
        status => status.to_owned(),
    })?;
    row.published_t_peak = curve::peak(&theirs).filter(|t| values.inside(*t));
    let theirs = values
        .at(|t| theirs.value(t))
        .map_err(|step| format!("the published curve has no finite value at step {step}"))?;
    let (sse, r2) = values.goodness(&theirs);
    (row.published_sse_here, row.published_r2_here) = (Some(sse), Some(r2));
    if let Some(said) = published.r2.filter(|said| (said - r2).abs() > SAME_R2) {
        return Err(format!(
            "R2 is {said:.4} as published and {r2:.4} of its parameters on this trajectory: they \
             are of normalised values or of other steps"
        ));
    }
    let our_sse = ours.sse.ok_or_else(|| format!("ours: {}", ours.status))?;
    row.sse_ratio = Some(our_sse / sse).filter(|ratio| ratio.is_finite());
    let lower = match our_sse <= sse {
        true => CurveVerdict::OursLower,
        false => CurveVerdict::PublishedLower,
    };
    let our_curve = curve::of(ours).map_or_else(
        || values.at(|t| curve::between(&found.curves, &ours.hypothesis, t)),
        |curve| values.at(|t| curve.value(t)),
    );
    // without ours the sums of squares still say which is nearer
    let Ok(our_curve) = our_curve else {
        return Ok(lower);
    };
    let difference = values.difference(&theirs, &our_curve);
    row.max_difference = Some(difference.max);
    row.max_difference_step = Some(difference.step);
    row.rms_difference = Some(difference.rms);
    Ok(match difference.max <= SAME {
        true => CurveVerdict::SameCurve,
        false => lower,
    })
}
