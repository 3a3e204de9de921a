use outcrop_core::{Quantities, Quantity};

use super::Fitted;
use crate::Interval;

/// What a hypothesis says of one series: its row of `fits.csv`, but for the names, and its curve.
#[derive(Clone, Debug)]
pub struct FittedRow {
    /// The curve and how well it fits.
    pub fitted: Fitted,
    /// `ok`, or codes of what is not identified, separated by `; `.
    pub status: String,
    /// Condition number of the Jacobian by the parameters, scaled, at least 1; empty where it is not known.
    pub condition: Option<f64>,
    /// The quantities that the hypothesis declares, in that order.
    pub quantities: Quantities,
    /// The band of the curve at each step that was asked for; empty where there is none.
    pub band: Vec<Interval>,
}

impl FittedRow {
    /// Each quantity that is declared has the value of the curve's parameter of that name, or else of the
    /// [summary](crate::CurveSummary); others are empty, as are intervals and the band. The status says whether
    /// residuals are autocorrelated.
    pub fn new(fitted: Fitted) -> Self {
        let parameters = fitted.curve.parameters();
        let summary = fitted.summary.named();
        let value = |name: &str| {
            let named = parameters.iter().chain(&summary);
            named
                .filter(|(symbol, _)| *symbol == name)
                .find_map(|(_, value)| *value)
        };
        let columns = fitted.about.columns();
        let status = match fitted.goodness.is_autocorrelated() {
            true => "residuals autocorrelated",
            false => "ok",
        };
        Self {
            quantities: columns
                .map(|q| Quantity::new(q.name, value(q.name)))
                .collect(),
            status: status.into(),
            condition: None,
            band: Vec::new(),
            fitted,
        }
    }
}
