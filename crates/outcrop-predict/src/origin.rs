use outcrop_arch::ArchSpec;
use outcrop_core::{NamedArch, arch_sha256, sha256_hex};
use serde::{Deserialize, Serialize};

use crate::range::{FeatureRange, Outside, outside, ranges};
use crate::table::Row;
use crate::{Error, Recipe, Result, Table};

/// The training data of a [`Predictor`](crate::Predictor), and its date; saved with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// [`Table::sha256`] of the table: the same for two predictors that learned from the same data.
    pub data_sha256: String,
    /// The day of training, `YYYY-MM-DD`, as the caller gave it: see
    /// [`Predictor::dated`](crate::Predictor::dated).
    pub date: Option<String>,
    /// What else the caller said of it: see [`Predictor::with_notes`](crate::Predictor::with_notes).
    pub notes: Notes,
    /// The models, in the order of the table.
    pub models: Vec<String>,
    /// Number of different architectures among them, each one sample of an architecture.
    pub architectures: usize,
    /// Number of rows, one for each (model, layer).
    pub rows: usize,
    /// The range of each of [`Feature::range`](crate::Feature::range), but for a rotary embedding that no model
    /// has, and of each of [`Feature::RECIPE`](crate::Feature::RECIPE) where all models have a recipe.
    pub ranges: Vec<FeatureRange>,
    /// The different recipes with the number of models of each, the most frequent first; none where a model lacks one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipes: Vec<(Recipe, usize)>,
}

/// The training recipe of the models, which a table does not contain: a prediction is for models that are trained in
/// the same way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Notes {
    /// How they were trained, in words: the command, the corpus.
    pub recipe: Option<String>,
    /// Their last training step, the one to which predicted curves go.
    pub last_step: Option<u64>,
    /// The verdicts on the table ([`Verdict`](crate::Verdict)), in words.
    pub verdict: Option<String>,
}

impl Origin {
    pub(crate) fn new(table: &Table) -> Result<Self> {
        let last = table.architectures().iter().max();
        Ok(Self {
            data_sha256: table.sha256()?,
            date: None,
            notes: Notes::default(),
            models: table.models().iter().map(|m| m.model.clone()).collect(),
            architectures: last.map_or(0, |last| last + 1),
            rows: table.rows(),
            ranges: ranges(table.models(), table.recipes()),
            recipes: table.known_recipes(),
        })
    }

    /// What of `arch`, trained by `recipe` or else by the usual one, lies outside the range of training.
    pub fn outside(&self, arch: &ArchSpec, recipe: Option<&Recipe>) -> Vec<Outside> {
        outside(&self.ranges, arch, recipe.or(self.usual_recipe()))
    }

    /// The most frequent recipe of training: predictions are for it where no other is given.
    pub fn usual_recipe(&self) -> Option<&Recipe> {
        self.recipes.first().map(|(recipe, _)| recipe)
    }
}

/// `date` itself, if it is a day in the form `YYYY-MM-DD`.
pub(crate) fn checked(date: &str) -> Result<String> {
    let number = |part: &str, digits: usize| {
        let all = part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<u32>().ok().filter(|_| all)
    };
    let parts: Vec<&str> = date.split('-').collect();
    let valid = match parts[..] {
        [year, month, day] => {
            number(year, 4).is_some()
                && number(month, 2).is_some_and(|m| (1..=12).contains(&m))
                && number(day, 2).is_some_and(|d| (1..=31).contains(&d))
        }
        _ => false,
    };
    match valid {
        true => Ok(date.into()),
        false => Err(Error::Option {
            option: "date",
            value: date.into(),
            allowed: "a day as YYYY-MM-DD",
        }),
    }
}

impl Table {
    /// SHA-256 of everything that is learned from: names, architectures and recipes of the models, and layer,
    /// targets, their intervals and measured ratios of every row, bit for bit.
    ///
    /// # Errors
    /// [`Error::Architecture`] where an architecture cannot be written.
    pub fn sha256(&self) -> Result<String> {
        let mut text = String::new();
        for named in self.models() {
            text += &format!("{:?} {}\n", named.model, sha256_of(named)?);
        }
        for recipe in self.recipes().iter().flatten() {
            text += &format!("{recipe:?}\n");
        }
        for row in self.all_rows() {
            text += &line(row);
        }
        Ok(sha256_hex(text.as_bytes()))
    }
}

fn sha256_of(named: &NamedArch) -> Result<String> {
    arch_sha256(&named.arch).map_err(|source| Error::Architecture {
        model: named.model.clone(),
        source: Box::new(source),
    })
}

/// Numbers as the hexadecimal digits of their bits, `-` where there is none.
fn line(row: &Row) -> String {
    let bits = |value: Option<f64>| value.map_or("-".into(), |v| format!("{:x}", v.to_bits()));
    let mut text = format!("{} {}", row.model, row.layer);
    for target in crate::Target::ALL {
        let interval = row.interval(target);
        let numbers = [
            row.target(target),
            interval.map(|i| i[0]),
            interval.map(|i| i[1]),
        ];
        for number in numbers.map(bits) {
            text = text + " " + &number;
        }
    }
    for [step, ln_ratio] in &row.points {
        text += &format!(" {step}:{:x}", ln_ratio.to_bits());
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_a_day() {
        assert_eq!(checked("2026-11-25").unwrap(), "2026-11-25");
        for wrong in [
            "",
            "2026",
            "2026-13-01",
            "2026-00-01",
            "26-11-25",
            "2026-11-32",
            "2026-11-2 ",
        ] {
            let said = checked(wrong).unwrap_err().to_string();
            assert!(
                said.contains("date") && said.contains("YYYY-MM-DD"),
                "{said}"
            );
        }
    }
}
