//! The caption of a plot.

use outcrop_core::Fit;

use crate::chart::{Axis, short};
use crate::curve::Band;

/// A training step in full where it is a count, shortened where it is between or beyond them.
pub(super) fn step(value: f64) -> String {
    match value {
        v if (0.0..100.0).contains(&v) => short(v),
        v if (100.0..1e15).contains(&v) => format!("{v:.0}"),
        v => short(v),
    }
}

/// `, 400 to 640` and its like for an interval, open or not.
pub(super) fn interval(low: Option<f64>, high: Option<f64>) -> String {
    let known = |end: Option<f64>| end.filter(|v| v.is_finite()).map(step);
    match (known(low), known(high)) {
        (Some(low), Some(high)) => format!(" ({low} to {high})"),
        (Some(low), None) => format!(" ({low} or later)"),
        (None, Some(high)) => format!(" ({high} or earlier)"),
        (None, None) => String::new(),
    }
}

/// R2, the hypothesis that AICc chooses, the peak: one line.
pub(super) fn goodness(main: Option<&Fit>, fits: &[&Fit]) -> Option<String> {
    let best = fits.iter().find(|f| f.best).map(|f| &f.hypothesis);
    let mut parts = Vec::new();
    if let Some(fit) = main {
        parts.push(format!("{}: {} points", fit.hypothesis, fit.n));
        parts.extend(fit.r2.map(|r2| format!("R² {r2:.4}")));
    }
    parts.extend(best.map(|best| format!("lowest AICc: {best}")));
    if let Some(fit) = main {
        parts.extend(fit.value("p_peak").map(|p| format!("p(peak) {p:.2}")));
        let [low, high] = fit.interval("t_peak");
        let range = interval(low, high);
        let peak = fit.value("t_peak").filter(|t| t.is_finite());
        parts.extend(peak.map(|t| format!("peak at step {}{range}", step(t))));
    }
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// The status of the drawn fit, or of all where none is drawn.
pub(super) fn status(main: Option<&Fit>, fits: &[&Fit]) -> String {
    let all: Vec<&str> = match main {
        Some(fit) => vec![fit.status.as_str()],
        None => fits.iter().map(|f| f.status.as_str()).collect(),
    };
    let mut told: Vec<&str> = all.into_iter().filter(|s| !s.is_empty()).collect();
    told.dedup();
    match told.is_empty() {
        true if fits.is_empty() => "no fit".into(),
        true => "status: unknown".into(),
        false => format!("status: {}", told.join("; ")),
    }
}

/// What a reader of the points must know that they do not show.
pub(super) fn hidden(lost: usize, beyond: usize) -> Option<String> {
    let mut parts = Vec::new();
    if lost > 0 {
        parts.push(format!("not finite and not drawn: {}", points(lost)));
    }
    if beyond > 0 {
        let beyond = points(beyond);
        parts.push(format!(
            "beyond the axes, drawn as triangles at their ends: {beyond}"
        ));
    }
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// That a band reaches beyond the axis of its plot, and how far.
pub(super) fn cut(bands: &[Band], axis: &Axis) -> Option<String> {
    let ends = || bands.iter().flatten().flat_map(|b| [b.1, b.2]);
    let low = ends().fold(f64::INFINITY, f64::min);
    let high = ends().fold(f64::NEG_INFINITY, f64::max);
    let to = |end: f64| match end.abs() < f64::MAX {
        true => short(end),
        false => "infinity".into(),
    };
    let (below, above) = (axis.beyond(low).is_lt(), axis.beyond(high).is_gt());
    let reach = match (below, above) {
        (false, false) => return None,
        (true, false) => format!("down to {}", to(low)),
        (false, true) => format!("up to {}", to(high)),
        (true, true) => format!("from {} to {}", to(low), to(high)),
    };
    Some(format!(
        "the band is cut at the end of the axis: it reaches {reach}"
    ))
}

fn points(n: usize) -> String {
    format!("{n} {}", if n == 1 { "point" } else { "points" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_says_how_far_it_reaches_beyond_the_axis() {
        let axis = Axis::between("", 0.0, 10.0);
        let band = |low, high| vec![vec![(1.0, 1.0, 9.0), (2.0, low, high)]];
        assert_eq!(cut(&band(2.0, 10.0), &axis), None);
        for (low, high, part) in [
            (2.0, 250.0, "up to 250"),
            (-4.0, 8.0, "down to -4"),
            (-4.0, f64::MAX, "from -4 to infinity"),
        ] {
            assert!(cut(&band(low, high), &axis).unwrap().ends_with(part));
        }
    }

    #[test]
    fn intervals_may_be_open() {
        assert_eq!(interval(Some(400.0), Some(640.4)), " (400 to 640)");
        assert_eq!(interval(Some(131_072.0), None), " (131072 or later)");
        assert_eq!(interval(None, Some(2.5)), " (2.5 or earlier)");
        assert_eq!(interval(None, Some(f64::NAN)), "");
    }
}
