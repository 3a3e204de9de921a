//! What the runs of a design may cost.

use outcrop_train::RunSpec;
use toml::Value;

use super::factor::as_number;

/// What a run costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Parameters of the model, embeddings included.
    pub parameters: u64,
    /// Tokens that it is trained on: updates, sequences of an update and length of a sequence multiplied.
    pub tokens: u64,
    /// Floating-point operations of the training: those of a token, as
    /// [`ArchSpec::flops_per_token`](outcrop_arch::ArchSpec::flops_per_token) counts them, for each token.
    pub flops: f64,
}

impl Cost {
    /// The cost of `run`.
    pub fn of(run: &RunSpec) -> Self {
        let tokens = run.train.steps * (run.train.batch * run.arch.context) as u64;
        Self {
            parameters: run.arch.parameters().total,
            tokens,
            flops: tokens as f64 * run.arch.flops_per_token(),
        }
    }
}

/// A cost that may be bounded: its key in a profile, and its value.
type Bounded = (&'static str, fn(&Cost) -> f64);

const BOUNDED: [Bounded; 3] = [
    ("parameters", |cost| cost.parameters as f64),
    ("tokens", |cost| cost.tokens as f64),
    ("flops", |cost| cost.flops),
];

/// The bounds of a profile.
#[derive(Clone, Debug, Default)]
pub(super) struct Budget {
    bounds: Vec<(Bounded, f64, f64)>,
}

impl Budget {
    /// Reads the section `budget`.
    ///
    /// # Errors
    /// The key at fault, and what is wrong with it.
    pub(super) fn read(table: &toml::Table) -> Result<Self, (String, String)> {
        let mut bounds = Vec::new();
        for (key, value) in table {
            let wrong = |reason: &str| Err((key.clone(), format!("`{key}`: {reason}")));
            let Some(bounded) = BOUNDED.iter().find(|(known, _)| known == key) else {
                return wrong("a budget bounds parameters, tokens or flops");
            };
            let known = |table: &&toml::Table| table.keys().all(|k| k == "from" || k == "to");
            let Some(ends) = value.as_table().filter(known) else {
                return wrong("expected { from = 1e5, to = 1e6 }, or one of both");
            };
            let end = |key: &str, absent: f64| ends.get(key).map_or(Some(absent), as_number);
            match (end("from", 0.0), end("to", f64::INFINITY)) {
                (Some(from), Some(to)) if from <= to => bounds.push((*bounded, from, to)),
                _ => return wrong("`from` and `to` are numbers, the first at most the second"),
            }
        }
        Ok(Self { bounds })
    }

    /// Why a run of that cost is outside, in words; none where it is inside.
    pub(super) fn excess(&self, cost: &Cost) -> Option<String> {
        self.bounds.iter().find_map(|((name, of), from, to)| {
            let value = of(cost);
            let below = (value < *from)
                .then(|| format!("stay in the budget: {name} are fewer than {from}"));
            below.or_else(|| {
                (value > *to).then(|| format!("stay in the budget: {name} are more than {to}"))
            })
        })
    }
}

/// The number at a path of a table, such as `arch.d_model`.
pub(super) fn number_at(table: &toml::Table, path: &str) -> Option<f64> {
    let (first, rest) = path
        .split_once('.')
        .map_or((path, None), |(a, b)| (a, Some(b)));
    match (table.get(first)?, rest) {
        (Value::Table(inner), Some(rest)) => number_at(inner, rest),
        (value, None) => as_number(value),
        (_, Some(_)) => None,
    }
}
