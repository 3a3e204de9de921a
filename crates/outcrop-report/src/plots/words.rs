//! What is written under a plot.

use outcrop_core::Fit;

use crate::chart::short;

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
        parts.extend(fit.p_peak.map(|p| format!("p(peak) {p:.2}")));
        let range = interval(fit.t_peak_lo, fit.t_peak_hi);
        let peak = fit.t_peak.filter(|t| t.is_finite());
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

fn points(n: usize) -> String {
    format!("{n} {}", if n == 1 { "point" } else { "points" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_may_be_open() {
        assert_eq!(interval(Some(400.0), Some(640.4)), " (400 to 640)");
        assert_eq!(interval(Some(131_072.0), None), " (131072 or later)");
        assert_eq!(interval(None, Some(2.5)), " (2.5 or earlier)");
        assert_eq!(interval(None, Some(f64::NAN)), "");
    }
}
