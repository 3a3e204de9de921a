//! The model types of transformers' `AutoModelForCausalLM` and which of them are read (`data/types.json`).

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::{FAMILIES, Family};

/// A model type: read, or refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct KnownType {
    /// The `model_type` of a `config.json`.
    #[serde(rename = "type")]
    pub name: String,
    /// The class of its language models.
    pub class: String,
    /// How many random models were compared with transformers; none of a type that is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<u64>,
    /// The largest difference of a residual stream from that of transformers, as a share of the largest magnitude of
    /// its layer, rounded up to one digit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<f64>,
    /// Why it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

static TYPES: LazyLock<Vec<KnownType>> = LazyLock::new(|| {
    // a test reads it: what fails here failed there
    serde_json::from_str(include_str!("../data/types.json")).unwrap_or_default()
});

/// All types that are known, by name.
///
/// ```
/// let of = |name| outcrop_arch::known_types().iter().find(|known| known.name == name).unwrap();
/// assert!(of("llama").is_read() && !of("mamba").is_read());
/// ```
pub fn known_types() -> &'static [KnownType] {
    &TYPES
}

impl KnownType {
    /// Whether its checkpoints are read.
    pub fn is_read(&self) -> bool {
        self.family().is_some()
    }

    /// The family that reads it.
    pub fn family(&self) -> Option<&'static Family> {
        let called = |family: &&&'static Family| family.is_called(&self.name);
        FAMILIES.iter().find(called).copied()
    }

    /// `right`; `as BASE` for a family that differs from its base in names of weights only, which were not compared; or
    /// `refused`.
    pub fn status(&self) -> String {
        match self.family() {
            None => "refused".into(),
            Some(family) => match family.base.filter(|_| family.renames_only()) {
                Some(base) => format!("as {base}"),
                None => "right".into(),
            },
        }
    }

    /// What is refused: the whole type, or settings of its `config.json` with the value that is read.
    pub fn refuses(&self) -> String {
        let Some(family) = self.family() else {
            let reason = self.refused.as_deref();
            return reason
                .unwrap_or("not compared with transformers")
                .to_owned();
        };
        let fixed = family.fixed().map(|(name, only)| match only {
            "null" => format!("`{name}`"),
            only => format!("`{name}` other than {only}"),
        });
        fixed.collect::<Vec<_>>().join(", ")
    }
}

/// The table of all types, as Markdown.
pub fn types_reference() -> String {
    let mut page = String::from(
        "| type | class | status | models | largest difference | refused |\n|---|---|---|---|---|---|\n",
    );
    for known in known_types() {
        let status = known.status();
        let models = known.models.map_or_else(String::new, |n| n.to_string());
        let difference = known
            .difference
            .map_or_else(String::new, |x| format!("{x:.0e}"));
        page += &format!(
            "| `{}` | `{}` | {status} | {models} | {difference} | {} |\n",
            known.name,
            known.class,
            known.refuses()
        );
    }
    page
}
