//! How the fields of a row are read: whole numbers also as `1000.0` and `1e3`, which other tools
//! write, and never rounded.

use serde::de::{Deserialize, Deserializer, Error};

use super::row_stream::shown;

/// The largest step: every whole number up to here is one of its own in f64, in which curves are
/// fitted.
const MAX_STEP: u64 = 1 << 53;

fn whole(text: &str, [min, max]: [u64; 2]) -> Result<u64, String> {
    let as_float = || {
        let value: f64 = text.parse().ok()?;
        let fits = value.fract() == 0.0 && (0.0..=MAX_STEP as f64).contains(&value);
        fits.then_some(value as u64)
    };
    let value = text.parse().ok().or_else(as_float);
    value.filter(|v| (min..=max).contains(v)).ok_or_else(|| {
        format!(
            "{}, allowed is a whole number from {min} to {max}",
            shown(text)
        )
    })
}

fn named<'de, D: Deserializer<'de>>(d: D, name: &str, range: [u64; 2]) -> Result<u64, D::Error> {
    whole(<&str>::deserialize(d)?, range).map_err(|e| D::Error::custom(format!("{name} = {e}")))
}

pub(super) fn step<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    named(d, "step", [0, MAX_STEP])
}

pub(super) fn layer<'de, D: Deserializer<'de>>(d: D) -> Result<u32, D::Error> {
    Ok(named(d, "layer", [1, u64::from(u32::MAX)])? as u32)
}

/// A layer of a table that others may have made, who count from 0.
pub(super) fn foreign_layer<'de, D: Deserializer<'de>>(d: D) -> Result<u32, D::Error> {
    Ok(named(d, "layer", [0, u64::from(u32::MAX)])? as u32)
}

pub(super) fn sequence<'de, D: Deserializer<'de>>(d: D) -> Result<u32, D::Error> {
    Ok(named(d, "sequence", [0, u64::from(u32::MAX)])? as u32)
}

/// A whole number, or nothing where the field is empty.
pub(super) fn count<'de, D: Deserializer<'de>>(d: D) -> Result<Option<u64>, D::Error> {
    let text = <&str>::deserialize(d)?;
    let some = (!text.is_empty()).then(|| whole(text, [0, u64::MAX]));
    some.transpose().map_err(D::Error::custom)
}

/// A position or channel, or nothing where the field is empty.
pub(super) fn place<'de, D: Deserializer<'de>>(d: D) -> Result<Option<u32>, D::Error> {
    let text = <&str>::deserialize(d)?;
    let some = (!text.is_empty()).then(|| whole(text, [0, u64::from(u32::MAX)]));
    Ok(some
        .transpose()
        .map_err(D::Error::custom)?
        .map(|v| v as u32))
}

/// A number, also one that is not finite; NaN where the field is empty, as pandas writes it.
pub(super) fn ratio<'de, D: Deserializer<'de>>(d: D) -> Result<f64, D::Error> {
    let text = <&str>::deserialize(d)?;
    if text.is_empty() {
        return Ok(f64::NAN);
    }
    let reason = |_| D::Error::custom(format!("ratio = {}, allowed is a number", shown(text)));
    text.parse().map_err(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_as_other_tools_write_them_and_never_rounded() {
        for (text, value) in [
            ("0", 0),
            ("143000", 143_000),
            ("1000.0", 1000),
            ("1e3", 1000),
        ] {
            assert_eq!(whole(text, [0, MAX_STEP]), Ok(value), "{text}");
        }
        let beyond = "9007199254740993"; // 2^53 + 1
        for text in [
            "-1", "0.5", "", "nan", "inf", "1e400", "0x10", "1_000", beyond,
        ] {
            let error = whole(text, [0, MAX_STEP]).unwrap_err();
            assert!(
                error.contains(text) && error.contains("9007199254740992"),
                "{error}"
            );
        }
        assert_eq!(whole("18446744073709551615", [0, u64::MAX]), Ok(u64::MAX));
    }
}
