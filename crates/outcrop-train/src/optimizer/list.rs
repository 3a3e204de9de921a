use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::{Map, Value, json};

use super::row::{OptimizerKeys, Row};
use super::{adamw, lion, muon, sgd};

/// Every optimiser; the first is the default.
static OPTIMIZERS: [&Row; 4] = [&adamw::ROW, &muon::ROW, &sgd::ROW, &lion::ROW];

/// The optimiser of a run: `train.optimizer`, one of the words that [`OptimizerKind::all`] lists.
///
/// ```
/// use outcrop_train::OptimizerKind;
///
/// let words: Vec<_> = OptimizerKind::all().map(OptimizerKind::word).collect();
/// assert_eq!(words, ["adamw", "muon", "sgd", "lion"]);
/// assert_eq!(OptimizerKind::named("lion").unwrap().defaults().betas, Some([0.9, 0.99]));
/// ```
#[derive(Clone, Copy)]
pub struct OptimizerKind(&'static Row);

impl OptimizerKind {
    /// Every optimiser; the first is the default.
    pub fn all() -> impl Iterator<Item = Self> {
        OPTIMIZERS.into_iter().map(Self)
    }

    /// The one of this word.
    pub fn named(word: &str) -> Option<Self> {
        Self::all().find(|kind| kind.word() == word)
    }

    /// As a spec spells it.
    pub fn word(self) -> &'static str {
        self.0.word
    }

    /// Its formula.
    pub fn about(self) -> &'static str {
        self.0.about
    }

    /// Who described it.
    pub fn source(self) -> &'static str {
        self.0.source
    }

    /// The keys that it reads, with their defaults; none for a key that it does not read.
    pub fn defaults(self) -> OptimizerKeys {
        self.0.defaults
    }

    /// The reference of all optimisers, in Markdown.
    pub fn reference() -> String {
        let mut text = String::new();
        for kind in Self::all() {
            text += &format!("\n## `{}`\n\n{}\n\n", kind.word(), kind.about());
            text += &format!(
                "Source: {}.\n\n| key | default | meaning |\n|---|---|---|\n",
                kind.source()
            );
            for (key, about, default) in kind.defaults().rows() {
                if let Some(default) = default {
                    text += &format!("| `{key}` | `{default}` | {about} |\n");
                }
            }
        }
        text
    }

    /// What it does with a parameter.
    #[cfg(feature = "burn")]
    pub(super) fn rule(self, weight: &outcrop_arch::TensorName) -> &'static dyn super::rule::Rule {
        (self.0.rule)(weight)
    }

    fn words() -> String {
        let words: Vec<_> = Self::all()
            .map(|kind| format!("`{}`", kind.word()))
            .collect();
        words.join(", ")
    }
}

impl Default for OptimizerKind {
    fn default() -> Self {
        Self(OPTIMIZERS[0])
    }
}

impl PartialEq for OptimizerKind {
    fn eq(&self, other: &Self) -> bool {
        self.word() == other.word()
    }
}

impl Eq for OptimizerKind {}

impl fmt::Debug for OptimizerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Serialize for OptimizerKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl<'de> Deserialize<'de> for OptimizerKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let unknown = || {
            D::Error::custom(format!(
                "unknown `{word}`, expected one of {}",
                Self::words()
            ))
        };
        Self::named(&word).ok_or_else(unknown)
    }
}

/// The schemas of the keys of optimisers.
pub(crate) fn schema() -> Map<String, Value> {
    let about = OptimizerKind::all().map(|kind| format!("{}: {}", kind.word(), kind.about()));
    let words: Vec<_> = OptimizerKind::all().map(OptimizerKind::word).collect();
    let optimizer = json!({
        "enum": words,
        "default": words[0],
        "description": about.collect::<Vec<_>>().join(" "),
    });
    let mut all = Map::from_iter([("optimizer".to_owned(), optimizer)]);
    for (at, (key, about, _)) in OptimizerKeys::NONE.rows().into_iter().enumerate() {
        let of = |kind: OptimizerKind| {
            let value = kind.defaults().rows()[at].2.clone()?;
            Some(format!("{value} with {}", kind.word()))
        };
        let defaults: Vec<_> = OptimizerKind::all().filter_map(of).collect();
        let kind = match key {
            "betas" => json!("array"),
            "nesterov" => json!("boolean"),
            _ => json!("number"),
        };
        let about = format!("{about}. Default: {}.", defaults.join(", "));
        all.insert(
            key.to_owned(),
            json!({ "type": kind, "description": about }),
        );
    }
    all
}
