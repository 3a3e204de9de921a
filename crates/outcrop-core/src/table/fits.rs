//! The table of fits.

use serde::Serialize;

use super::row::{QuantitiesOf, Row};
use crate::Fit;

/// The columns of every fit, in order.
#[derive(Serialize)]
#[serde(remote = "Fit")]
struct Fixed {
    model: String,
    layer: u32,
    hypothesis: String,
    n: usize,
    best: bool,
    status: String,
    sse: Option<f64>,
    r2: Option<f64>,
    r2_adjusted: Option<f64>,
    aic: Option<f64>,
    aicc: Option<f64>,
    weight: Option<f64>,
    durbin_watson: Option<f64>,
    runs_p: Option<f64>,
    condition: Option<f64>,
}

#[derive(Serialize)]
#[serde(transparent)]
struct WithoutQuantities<'a>(#[serde(serialize_with = "fixed")] &'a Fit);

fn fixed<S: serde::Serializer>(fit: &&Fit, serializer: S) -> Result<S::Ok, S::Error> {
    Fixed::serialize(fit, serializer)
}

impl Row for Fit {
    const REQUIRED: &'static [&'static str] = &["model", "layer", "hypothesis", "n"];
    const HEADER: &'static [&'static str] = &[
        "model",
        "layer",
        "hypothesis",
        "n",
        "best",
        "status",
        "sse",
        "r2",
        "r2_adjusted",
        "aic",
        "aicc",
        "weight",
        "durbin_watson",
        "runs_p",
        "condition",
    ];
    const NAMED: &'static [&'static str] = &["model", "hypothesis"];
    const QUANTITIES: Option<QuantitiesOf<Self>> = Some(QuantitiesOf {
        get: |fit| &fit.quantities,
        get_mut: |fit| &mut fit.quantities,
    });

    fn key(&self) -> String {
        let Self {
            model,
            layer,
            hypothesis,
            ..
        } = self;
        format!("model {model:?}, layer {layer:?}, hypothesis {hypothesis:?}")
    }

    fn fixed(&self) -> impl Serialize {
        WithoutQuantities(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_those_that_are_written() {
        let fit = serde_json::to_value(Fit::default().fixed()).unwrap();
        let written: Vec<&String> = fit.as_object().unwrap().keys().collect();
        assert_eq!(written, Fit::HEADER);
        assert_eq!(serde_json::to_value(Fit::default()).unwrap(), fit);
    }
}
