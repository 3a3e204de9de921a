//! Rotary positions. They are in one of two tables or in separate settings, and versions of transformers look in
//! different places. If these would read different values, the file is refused.

use serde_json::Value;

use super::Config;
use super::settings::name::{FRACTION, OLDER_ROPE as OLDER, ROPE as NEWER, THETA};
use crate::Position;
use crate::Result;

/// The table of version 4, which version 5 prefers where both stand, and that of version 5, which
/// version 4 does not know.
const TABLES: [&str; 2] = [OLDER, NEWER];

/// One number and where it may stand.
pub(super) struct Spelling {
    /// In a table.
    pub(super) nested: &'static str,
    /// Outside, as transformers reads it; `ignored`, as it does not for this family.
    pub(super) own: &'static str,
    pub(super) ignored: Option<&'static str>,
    pub(super) default: f64,
}

/// Rotary positions, on which all versions of transformers agree.
pub(super) fn position(config: &Config<'_>, [base, fraction]: &[Spelling; 2]) -> Result<Position> {
    for table in TABLES {
        unscaled(config, table)?;
    }
    Ok(Position::Rotary {
        fraction: agreed(config, fraction)?,
        base: agreed(config, base)?,
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

/// Refuses a table that stretches or scales the wavelengths.
fn unscaled(config: &Config<'_>, table: &str) -> Result<()> {
    let Some(value) = config.get(table) else {
        return Ok(());
    };
    let Value::Object(settings) = value else {
        return Err(config.mistyped(table, "an object"));
    };
    for name in ["rope_type", "type"] {
        let path = format!("{table}.{name}");
        if let Some(kind) = config.given(&path).filter(|kind| *kind != "default") {
            return Err(config.unsupported(&path, kind, "default"));
        }
    }
    let known = ["rope_type", "type", THETA, FRACTION];
    match settings
        .iter()
        .find(|(name, v)| !v.is_null() && !known.contains(&name.as_str()))
    {
        Some((name, value)) => Err(config.unknown(&format!("{table}.{name}"), value, None)),
        None => Ok(()),
    }
}
