//! Switches that are one of several words.

use std::fmt;

use serde::de::Visitor;
use serde_json::{Value, json};

use super::Switch;
use crate::{ArchSpec, Result};

/// One value of a switch that is a word: a row of its list.
#[derive(Debug)]
pub struct Word<P: 'static> {
    /// As TOML and JSON spell it.
    pub word: &'static str,
    /// Other spellings that are read.
    pub aliases: &'static [&'static str],
    /// What it means, in words.
    pub about: &'static str,
    /// What a plan reads of it.
    pub properties: P,
}

impl Switch {
    /// The row of a switch that is one of `values`.
    pub(super) const fn one_of(
        key: &'static str,
        about: &'static str,
        default: &'static str,
        values: &'static [(&'static str, &'static str)],
        schema: fn() -> Value,
        check: fn(&ArchSpec) -> Result<()>,
    ) -> Self {
        Self {
            key,
            about,
            default,
            range: "one of the words below",
            values,
            schema,
            check,
            numbers: &[],
        }
    }
}

pub(super) fn schema(values: &[(&str, &str)]) -> Value {
    let words: Vec<_> = values.iter().map(|(word, _)| word).collect();
    json!({ "enum": words })
}

/// Reads one of these words.
pub(super) struct Words(pub(super) &'static [&'static str]);

impl Visitor<'_> for Words {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one of `{}`", self.0.join("`, `"))
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<String, E> {
        Ok(word.to_owned())
    }
}

/// Declares a switch that is one of the words listed, the first of which is the default: its type, its row
/// `SWITCH`, and how it is read and written. Behind `=` stands the [`Word`] of a value.
macro_rules! one_of {
    (
        $key:literal, $about:literal, default $default:literal $(, $check:ident)?;
        $(#[$meta:meta])*
        $name:ident: $properties:ty;
        $($(#[$doc:meta])* $value:ident = $row:expr;)*
    ) => {
        pub(super) static SWITCH: $crate::switch::Switch = $crate::switch::Switch::one_of(
            $key,
            $about,
            $default,
            $name::VALUES,
            || $crate::switch::one_of::schema($name::VALUES),
            {
                let _checks: fn(&$crate::ArchSpec) -> $crate::Result<()> = |_| Ok(());
                $(let _checks = $check;)?
                _checks
            },
        );

        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$doc])* $value,)*
        }

        impl $name {
            /// All of them; the first is the default.
            pub const ALL: [Self; Self::VALUES.len()] = [$(Self::$value,)*];

            const VALUES: &'static [(&'static str, &'static str)] = &[$(($row.word, $row.about),)*];
            const WORDS: &'static [&'static str] = &[$($row.word,)*];

            fn row(self) -> &'static $crate::switch::Word<$properties> {
                match self {
                    $(Self::$value => const { &$row },)*
                }
            }

            /// As TOML and JSON spell it.
            pub fn word(self) -> &'static str {
                self.row().word
            }

            /// What a plan reads of it.
            pub fn properties(self) -> &'static $properties {
                &self.row().properties
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::ALL[0]
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let words = $crate::switch::one_of::Words(Self::WORDS);
                let word = deserializer.deserialize_str(words)?;
                let spelled = |value: &Self| {
                    let row = value.row();
                    row.word == word || row.aliases.contains(&word.as_str())
                };
                let found = Self::ALL.into_iter().find(spelled);
                found.ok_or_else(|| serde::de::Error::unknown_variant(&word, Self::WORDS))
            }
        }
    };
}
pub(super) use one_of;
