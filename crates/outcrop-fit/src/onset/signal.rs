use crate::{Error, Result};

/// Fewest checkpoints of a trajectory in which a transition is looked for.
pub const MIN_CHECKPOINTS: usize = 8;

/// A trajectory that was checked: finite values, not all equal, at ascending steps.
#[derive(Clone, Copy)]
pub(super) struct Signal<'a> {
    pub(super) steps: &'a [f64],
    pub(super) values: &'a [f64],
}

impl<'a> Signal<'a> {
    pub(super) fn check(name: &str, steps: &'a [f64], values: &'a [f64]) -> Result<Self> {
        let series = || name.to_owned();
        let n = values.len();
        if steps.len() != n {
            return Err(Error::Lengths {
                series: series(),
                steps: steps.len(),
                values: n,
            });
        }
        for (at, (step, value)) in steps.iter().zip(values).enumerate() {
            let ascends = at == 0 || steps[at - 1] < *step;
            if !(step.is_finite() && *step >= 0.0 && ascends) {
                return Err(Error::Step {
                    series: series(),
                    step: *step,
                    value: *value,
                });
            }
        }
        check_values(name, steps, values)?;
        Ok(Self { steps, values })
    }
}

/// Enough values, finite, not all equal.
pub(crate) fn check_values(name: &str, steps: &[f64], values: &[f64]) -> Result<()> {
    let (series, n) = (name.to_owned(), values.len());
    if n < MIN_CHECKPOINTS {
        return Err(Error::TooFewPoints {
            series,
            found: n,
            needed: MIN_CHECKPOINTS,
        });
    }
    let step = |at: usize| steps.get(at).copied().unwrap_or(at as f64);
    // beyond 1e100 squares are not finite
    if let Some(at) = values
        .iter()
        .position(|v| !v.is_finite() || v.abs() > 1e100)
    {
        return Err(Error::NotFinite {
            series,
            step: step(at),
            value: values[at],
        });
    }
    match values.iter().all(|value| *value == values[0]) {
        false => Ok(()),
        true => Err(Error::Constant {
            series,
            n,
            value: values[0],
            first: step(0),
            last: step(n - 1),
        }),
    }
}
