use serde_json::{Map, Value};

use super::names::Quantity;
use super::{MAX_LAYERS, json};
use crate::Fit;

/// The parameters of Eq. 9, in the order of the paper.
const EQ_9: [&str; 5] = ["A", "λ", "γ", "t0", "K"];

/// No layer has as many fits.
const MAX_HYPOTHESES: usize = 64;

/// The fits in the text of one file, and what could not be read of it; the error is the reason why
/// nothing could.
pub(super) fn fits(
    text: &str,
    model: &str,
    quantity: Quantity,
) -> Result<(Vec<Fit>, Vec<String>), String> {
    let Value::Array(layers) = json::parse(text)? else {
        return Err("no list over layers".into());
    };
    if layers.is_empty() {
        return Err("the list over layers is empty".into());
    }
    if layers.len() > MAX_LAYERS {
        return Err(format!(
            "{} layers, at most {MAX_LAYERS} are read",
            layers.len()
        ));
    }
    let (mut fits, mut problems) = (Vec::new(), Vec::new());
    for (layer, entry) in (1..).zip(layers) {
        let Value::Object(hypotheses) = entry else {
            problems.push(format!("layer {layer}: no map of hypotheses"));
            continue;
        };
        if hypotheses.len() > MAX_HYPOTHESES {
            let reason = format!(
                "{} fits, at most {MAX_HYPOTHESES} are read",
                hypotheses.len()
            );
            problems.push(format!("layer {layer}: {reason}"));
        }
        for (name, entry) in hypotheses.into_iter().take(MAX_HYPOTHESES) {
            match fit(&name, &entry) {
                Ok(fit) => fits.push(Fit {
                    model: model.into(),
                    layer,
                    hypothesis: label(&name, quantity),
                    ..fit
                }),
                Err(reason) => problems.push(format!("layer {layer}, {name:?}: {reason}")),
            }
        }
    }
    Ok((fits, problems))
}

/// Fits of the ratio are told from those of the other quantities.
fn label(hypothesis: &str, quantity: Quantity) -> String {
    match quantity {
        Quantity::Ratio => format!("published {hypothesis}"),
        Quantity::Top1 => format!("published top1 {hypothesis}"),
        Quantity::Median => format!("published median {hypothesis}"),
    }
}

fn fit(hypothesis: &str, entry: &Value) -> Result<Fit, String> {
    let entry = entry.as_object().ok_or("no map")?;
    let mut fit = Fit {
        status: "ok".into(),
        r2: number(entry.get("r2")),
        aic: number(entry.get("aic")),
        ..Fit::default()
    };
    if let Some(residuals) = entry.get("residuals").and_then(Value::as_array) {
        fit.n = residuals.len();
        let squares: Option<f64> = residuals.iter().map(|r| r.as_f64().map(|r| r * r)).sum();
        fit.sse = squares.filter(|sse| sse.is_finite() && fit.n > 0);
    }
    let Some(values) = entry.get("popt").and_then(Value::as_array) else {
        fit.status = "no parameters published".into();
        return Ok(fit);
    };
    let names = names(hypothesis, entry)?;
    if names.len() != values.len() {
        return Err(format!(
            "{} param_names for {} popt",
            names.len(),
            values.len()
        ));
    }
    let mut missing = Vec::new();
    for (name, value) in names.iter().zip(values) {
        let parameter = parameter(name).ok_or_else(|| unknown(name))?;
        let value = number(Some(value));
        fit.quantities.set_value(parameter, value);
        if value.is_none() {
            missing.push(format!("{name} is not finite"));
        }
    }
    if !missing.is_empty() {
        fit.status = missing.join("; ");
    }
    Ok(fit)
}

fn names<'a>(hypothesis: &str, entry: &'a Map<String, Value>) -> Result<Vec<&'a str>, String> {
    match entry.get("param_names").and_then(Value::as_array) {
        Some(names) => {
            let names = names.iter().map(|name| name.as_str());
            let names: Option<_> = names.collect();
            names.ok_or_else(|| "a name in param_names is no text".into())
        }
        None if hypothesis == "original" => Ok(EQ_9.to_vec()),
        None => Err("no param_names".into()),
    }
}

fn number(value: Option<&Value>) -> Option<f64> {
    value?.as_f64().filter(|v| v.is_finite())
}

fn unknown(name: &str) -> String {
    format!("unknown parameter {name:?}")
}

/// What the parameter that they call `name` is called here.
fn parameter(name: &str) -> Option<&'static str> {
    let plain = name.replace(['_', '{', '}', '$', '\\'], "");
    let plain = plain.replace('₀', "0").replace('₁', "1").replace('₂', "2");
    Some(match plain.as_str() {
        "A" => "A",
        "λ" | "lambda" | "lam" => "lambda",
        "γ" | "gamma" => "gamma",
        "t0" => "t0",
        "K" => "K",
        "A1" => "A1",
        "A2" => "A2",
        "β" | "beta" => "beta",
        "τ0" | "tau0" => "tau0",
        "τ" | "tau" => "tau",
        "ω" | "ωn" | "omega" | "omegan" | "wn" => "omega",
        "ζ" | "zeta" => "zeta",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_foreign_is_told_and_the_rest_is_read() {
        let text = r#"[
            {"original": {"popt": [1, 2, 3, 4, NaN], "r2": 0.5},
             "failed": {"param_names": ["A"], "popt": null},
             "other": {"param_names": ["q"], "popt": [1]},
             "short": {"param_names": ["A", "K"], "popt": [1]}},
            null,
            {"original": {"param_names": ["A_1", "β", "tau_0"], "popt": [5, 6, 7], "residuals": [3, -4]}}
        ]"#;
        let (fits, problems) = fits(text, "pythia-14m", Quantity::Ratio).unwrap();
        assert_eq!(fits.len(), 3);
        assert_eq!(
            (fits[0].value("A"), fits[0].value("t0"), fits[0].value("K")),
            (Some(1.0), Some(4.0), None)
        );
        assert_eq!(fits[0].status, "K is not finite");
        assert_eq!(fits[1].hypothesis, "published failed");
        let third = &fits[2];
        assert_eq!((third.layer, third.n, third.sse), (3, 2, Some(25.0)));
        assert_eq!(
            (third.value("A1"), third.value("beta"), third.value("tau0")),
            (Some(5.0), Some(6.0), Some(7.0))
        );
        let said = problems.join("\n");
        for part in [
            "unknown parameter \"q\"",
            "2 param_names for 1",
            "layer 2: no map",
        ] {
            assert!(said.contains(part), "{said}");
        }
        let many = format!("[{}{{}}]", "{},".repeat(MAX_LAYERS));
        let many = super::fits(&many, "m", Quantity::Ratio).unwrap_err();
        assert!(many.contains("1025 layers"), "{many}");
        for bad in ["{}", "[]", "[", "nonsense", ""] {
            assert!(super::fits(bad, "m", Quantity::Ratio).is_err(), "{bad}");
        }
    }
}
