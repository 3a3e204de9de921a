//! The fits as a printed table: the main columns, with intervals in brackets.

use outcrop_core::{Fit, Quantity};

use crate::cli::output::{columns, significant};

const HEADER: [&str; 14] = [
    "model",
    "layer",
    "hypothesis",
    "n",
    "r2",
    "aicc",
    "weight",
    "f_first",
    "f_last",
    "f_max",
    "t_half",
    "p_peak",
    "t_peak",
    "status",
];

/// Rows as columns in line; the best hypothesis of each layer has a star.
pub(super) fn table(fits: &[Fit]) -> String {
    let mut rows = vec![HEADER.map(str::to_owned).to_vec()];
    rows.extend(fits.iter().map(row));
    columns(&rows)
}

fn row(fit: &Fit) -> Vec<String> {
    let star = if fit.best { " *" } else { "" };
    let number = |x: Option<f64>| x.map(significant).unwrap_or_default();
    vec![
        fit.model.clone(),
        fit.layer.to_string(),
        format!("{}{star}", fit.hypothesis),
        fit.n.to_string(),
        number(fit.r2),
        number(fit.aicc),
        fit.weight.map(|w| format!("{w:.2}")).unwrap_or_default(),
        ranged(fit.quantity("f_first")),
        ranged(fit.quantity("f_last")),
        ranged(fit.quantity("f_max")),
        ranged(fit.quantity("t_half")),
        fit.value("p_peak")
            .map(|p| format!("{p:.2}"))
            .unwrap_or_default(),
        ranged(fit.quantity("t_peak")),
        fit.status.clone(),
    ]
}

/// `83.1 [80.2, 86.4]`, with the value alone where there is no interval.
fn ranged(quantity: Option<&Quantity>) -> String {
    let Some((value, quantity)) = quantity.and_then(|q| Some((q.value?, q))) else {
        return String::new();
    };
    let end = |x: Option<f64>| x.map(significant).unwrap_or_default();
    match (quantity.lo, quantity.hi) {
        (None, None) => significant(value),
        (lo, hi) => format!("{} [{}, {}]", significant(value), end(lo), end(hi)),
    }
}
