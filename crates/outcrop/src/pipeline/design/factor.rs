//! What a design varies, and the values that it may have.

use toml::Value;

/// A key of the spec that a design varies.
#[derive(Clone, Debug)]
pub(super) struct Factor {
    /// Its path, such as `arch.d_model`.
    pub(super) path: String,
    /// Where it stands in the profile.
    pub(super) place: String,
    /// Its values.
    pub(super) values: Values,
}

/// The values of a factor.
#[derive(Clone, Debug)]
pub(super) enum Values {
    /// One of a list.
    List(Vec<Value>),
    /// From `from` to `to`, whole multiples of `step` from `from` on where there is one.
    Range {
        from: f64,
        to: f64,
        step: Option<u32>,
        log: bool,
    },
    /// A multiple of another key.
    Times { key: String, by: Vec<f64> },
}

/// The value of a factor at a point.
pub(super) struct Level {
    pub(super) value: Value,
    /// The same as a number, for correlations.
    pub(super) coordinate: f64,
}

impl Values {
    /// Reads what a profile gives; none for a section of other keys.
    pub(super) fn read(value: &Value) -> Option<Result<Self, &'static str>> {
        match value {
            Value::Array(list) if list.is_empty() => Some(Err("the list is empty")),
            Value::Array(list) => Some(Ok(Self::List(list.clone()))),
            Value::Table(table) if table.contains_key("times") => Some(times(table)),
            Value::Table(table) if table.contains_key("from") || table.contains_key("to") => {
                Some(range(table))
            }
            Value::Table(_) => None,
            _ => Some(Err(FORMS)),
        }
    }

    /// How many values a grid takes; none of a range of real numbers.
    pub(super) fn count(&self) -> Option<usize> {
        match self {
            Self::List(list) => Some(list.len()),
            Self::Times { by, .. } => Some(by.len()),
            Self::Range { step: None, .. } => None,
            Self::Range {
                from,
                to,
                step: Some(step),
                ..
            } => Some(((to - from) / f64::from(*step)) as usize + 1),
        }
    }

    /// The value at `at`, in [0, 1); `other` gives the number of another key.
    ///
    /// # Errors
    /// In words, where that key has no number.
    pub(super) fn level(
        &self,
        at: f64,
        other: &dyn Fn(&str) -> Option<f64>,
    ) -> Result<Level, String> {
        let place = |n: usize| ((at * n as f64) as usize).min(n - 1);
        match self {
            Self::List(list) => {
                let place = place(list.len());
                Ok(Level {
                    value: list[place].clone(),
                    coordinate: place as f64,
                })
            }
            Self::Times { key, by } => {
                let place = place(by.len());
                let number = other(key).ok_or_else(|| {
                    format!("`{key}` is no number of the base, a run or the design")
                })?;
                let product = by[place] * number;
                let whole = product.round();
                let is_whole = (product - whole).abs() < 1e-9 * product.abs().max(1.0);
                Ok(Level {
                    value: if is_whole {
                        Value::from(whole as i64)
                    } else {
                        Value::from(product)
                    },
                    coordinate: place as f64,
                })
            }
            Self::Range {
                from,
                to,
                step: None,
                log,
            } => {
                let x = between(*from, *to, *log, at);
                Ok(Level {
                    value: Value::from(x),
                    coordinate: if *log { x.ln() } else { x },
                })
            }
            Self::Range {
                from,
                to,
                step: Some(step),
                log,
            } => {
                let step = f64::from(*step);
                let most = ((to - from) / step).floor();
                let x = between(from - step / 2.0, from + (most + 0.5) * step, *log, at);
                let x = from + ((x - from) / step).round().clamp(0.0, most) * step;
                Ok(Level {
                    value: Value::from(x as i64),
                    coordinate: if *log { x.ln() } else { x },
                })
            }
        }
    }
}

/// The point at the share `at` of the way from `low` to `high`, or of that between their logarithms.
fn between(low: f64, high: f64, log: bool, at: f64) -> f64 {
    match log {
        true => low * (high / low).powf(at),
        false => low + (high - low) * at,
    }
}

const FORMS: &str = "a factor is a list of values, { from = 1, to = 12 } (with step, or scale = \"log\"), or \
                     { times = \"arch.d_model\", by = [1, 2, 4] }";

pub(super) fn as_number(value: &Value) -> Option<f64> {
    value
        .as_float()
        .or_else(|| Some(value.as_integer()? as f64))
}

fn has_only(table: &toml::Table, keys: &[&str]) -> bool {
    table.keys().all(|key| keys.contains(&key.as_str()))
}

fn times(table: &toml::Table) -> Result<Values, &'static str> {
    let by = table.get("by").and_then(Value::as_array);
    let by: Option<Vec<f64>> = by.and_then(|by| by.iter().map(as_number).collect());
    match (table["times"].as_str(), by) {
        (Some(key), Some(by)) if !by.is_empty() && has_only(table, &["times", "by"]) => {
            Ok(Values::Times {
                key: key.to_owned(),
                by,
            })
        }
        _ => Err(FORMS),
    }
}

fn range(table: &toml::Table) -> Result<Values, &'static str> {
    let end = |key: &str| table.get(key).and_then(as_number);
    let (Some(from), Some(to)) = (end("from"), end("to")) else {
        return Err("a range needs numbers `from` and `to`");
    };
    if !has_only(table, &["from", "to", "step", "scale"]) {
        return Err(FORMS);
    }
    let log = match table.get("scale").map(Value::as_str) {
        None | Some(Some("linear")) => false,
        Some(Some("log")) => true,
        Some(_) => return Err("`scale` is \"linear\" or \"log\""),
    };
    let whole = table["from"].is_integer() && table["to"].is_integer();
    let step = match table.get("step") {
        None => whole.then_some(1),
        Some(step) => {
            let step = step.as_integer().and_then(|step| u32::try_from(step).ok());
            Some(
                step.filter(|step| whole && *step > 0)
                    .ok_or("`step` is a whole number above 0, of a range of whole numbers")?,
            )
        }
    };
    match from < to && from.is_finite() && to.is_finite() {
        false => Err("`from` must be below `to`"),
        true if log && from <= step.map_or(0.0, |step| f64::from(step) / 2.0) => {
            Err("a range with scale \"log\" begins above 0, with a step above half of it")
        }
        true => Ok(Values::Range {
            from,
            to,
            step,
            log,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Values, &'static str> {
        let table: toml::Table = format!("x = {text}").parse().unwrap();
        Values::read(&table["x"]).unwrap()
    }

    fn values(text: &str, at: &[f64]) -> Vec<Value> {
        let values = read(text).unwrap();
        let level = |at: &f64| values.level(*at, &|_| Some(64.0)).unwrap().value;
        at.iter().map(level).collect()
    }

    #[test]
    fn values_follow_from_coordinates() {
        let at = [0.0, 0.49, 0.51, 0.999];
        assert_eq!(values("[1, 2]", &at), [1, 1, 2, 2].map(Value::from));
        assert_eq!(
            values("{ from = 1, to = 4 }", &at),
            [1, 2, 3, 4].map(Value::from)
        );
        assert_eq!(
            values("{ from = 32, to = 96, step = 32 }", &at),
            [32, 64, 64, 96].map(Value::from)
        );
        assert_eq!(
            values("{ times = 'arch.d_model', by = [0.5, 4] }", &at),
            [32, 32, 256, 256].map(Value::from)
        );
        let middle = values("{ from = 1e-4, to = 1e-2, scale = 'log' }", &[0.5]);
        assert!((middle[0].as_float().unwrap() - 1e-3).abs() < 1e-15);
    }

    #[test]
    fn each_whole_number_is_as_likely() {
        let values = read("{ from = 1, to = 12 }").unwrap();
        let mut counts = [0; 12];
        for i in 0..1200 {
            let at = (f64::from(i) + 0.5) / 1200.0;
            let value = values.level(at, &|_| None).unwrap().value;
            counts[value.as_integer().unwrap() as usize - 1] += 1;
        }
        assert_eq!(counts, [100; 12]);
        assert_eq!(values.count(), Some(12));
    }

    #[test]
    fn what_is_no_factor_is_refused() {
        for bad in [
            "3",
            "[]",
            "{ from = 1 }",
            "{ from = 2, to = 1 }",
            "{ from = 0.0, to = 1.0, scale = 'log' }",
            "{ from = 1, to = 2, scale = 'square' }",
            "{ from = 1.0, to = 2.0, step = 1 }",
            "{ from = 1, to = 2, stop = 1 }",
            "{ times = 'a' }",
            "{ times = 'a', by = ['b'] }",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let table: toml::Table = "x = { kind = 'a' }".parse().unwrap();
        assert!(Values::read(&table["x"]).is_none());
    }
}
