//! Rotary positions. They are in one of two tables or in separate settings, and versions of transformers look in
//! different places. If these would read different values, the file is refused.

use serde_json::Value;

use super::Config;
use super::scaling::{self, Dialect, TABLES};
use super::settings::name::{OLDER_ROPE as OLDER, ROPE as NEWER, THETA};
use crate::{ArchSpec, Position, Result};

/// One number and where it may stand.
pub(super) struct Spelling {
    /// In a table.
    pub(super) nested: &'static str,
    /// Outside, as transformers reads it; `ignored`, as it does not for this family.
    pub(super) own: &'static str,
    pub(super) ignored: Option<&'static str>,
    pub(super) default: f64,
}

/// An architecture with the rotary positions on which all versions of transformers agree.
pub(super) fn read(
    config: &Config<'_>,
    spelling: &[Spelling; 2],
    arch: ArchSpec,
) -> Result<ArchSpec> {
    read_as(config, spelling, &scaling::COMMON, arch)
}

/// The same of a family with names of its own for scalings.
pub(super) fn read_as(
    config: &Config<'_>,
    [base, fraction]: &[Spelling; 2],
    dialect: &Dialect,
    arch: ArchSpec,
) -> Result<ArchSpec> {
    Ok(ArchSpec {
        rotary_scaling: scaling::read(config, dialect, arch.context)?,
        position: Position::Rotary {
            fraction: agreed(config, fraction)?,
            base: agreed(config, base)?,
        },
        ..arch
    })
}

/// What every place says, and the default where a version of transformers finds nothing.
fn agreed(config: &Config<'_>, place: &Spelling) -> Result<f64> {
    let nested = TABLES.map(|table| format!("{table}.{}", place.nested));
    let paths = nested.iter().map(String::as_str).chain([place.own]);
    let mut found: Option<(String, f64)> = None;
    for path in paths.chain(place.ignored) {
        let Some(number) = config.number(path)? else {
            continue;
        };
        let (first, other) = match &found {
            None if place.ignored == Some(path) => (missing(place), place.default),
            None => {
                found = Some((format!("`{path}`"), number));
                continue;
            }
            Some(found) => found.clone(),
        };
        if other != number {
            let supported = format!("{other}, as {first} says; let them agree, or remove one");
            return Err(config.unsupported(path, &number.into(), supported));
        }
    }
    let (first, number) = found.unwrap_or_else(|| (missing(place), place.default));
    if falls_back(config, place) && number != place.default {
        let supported = format!(
            "{}, which versions of transformers take that do not look there; say it in `{}` too",
            place.default, place.own
        );
        return Err(config.unsupported(first.trim_matches('`'), &number.into(), supported));
    }
    Ok(number)
}

fn missing(place: &Spelling) -> String {
    format!("`{}`, which is not there and has this default,", place.own)
}

/// Whether some version takes the default: version 4 looks outside of tables only, and version 5 passes
/// over its own table where the older one stands.
fn falls_back(config: &Config<'_>, place: &Spelling) -> bool {
    let nested = |table: &str| config.get(&format!("{table}.{}", place.nested));
    let older = config.get(OLDER).and_then(Value::as_object);
    let newer = nested(NEWER).is_some() && older.is_none_or(|table| table.is_empty());
    config.get(place.own).is_none() && !newer
}

/// Makes sure that a file says the base somewhere, as versions of transformers have different defaults.
pub(super) fn base_is_said(config: &Config<'_>) -> Result<()> {
    let nested = TABLES.map(|table| format!("{table}.{THETA}"));
    let mut paths = nested.iter().map(String::as_str).chain([THETA]);
    match paths.any(|path| config.get(path).is_some()) {
        true => Ok(()),
        false => Err(config.mistyped(THETA, "a number")),
    }
}

/// Makes sure that a file has a table, as versions of transformers have different ones where it has none.
pub(super) fn table_is_there(config: &Config<'_>) -> Result<()> {
    match TABLES.iter().any(|table| filled(config, table).is_some()) {
        true => Ok(()),
        false => Err(config.mistyped(NEWER, "an object")),
    }
}

/// The only table of a file and what stands in it.
pub(super) fn only_table<'a>(config: &'a Config<'_>) -> Result<(&'static str, &'a Value)> {
    let found = TABLES.map(|table| filled(config, table).map(|given| (table, given)));
    match found {
        [Some(one), None] | [None, Some(one)] => Ok(one),
        [None, None] => Err(config.mistyped(NEWER, "an object")),
        [Some((older, given)), Some(_)] => {
            let supported = format!("null beside `{NEWER}`");
            Err(config.unsupported(older, given, supported))
        }
    }
}

/// A table with settings.
fn filled<'a>(config: &'a Config<'_>, table: &str) -> Option<&'a Value> {
    let given = config.get(table)?;
    let settings = given.as_object()?;
    (!settings.is_empty()).then_some(given)
}
