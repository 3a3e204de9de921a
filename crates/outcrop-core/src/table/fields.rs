//! Fields with a range of their own.

use serde::de::{Deserialize, Deserializer, Error};

use super::cells::MAX_WHOLE_FLOAT;
use crate::Stage;

fn within<'de, D: Deserializer<'de>>(
    d: D,
    name: &str,
    [min, max]: [u64; 2],
) -> Result<u64, D::Error> {
    let value = u64::deserialize(d)?;
    if (min..=max).contains(&value) {
        return Ok(value);
    }
    let allowed = format!("a whole number from {min} to {max}");
    Err(D::Error::custom(format!(
        "{name} = {value}, allowed is {allowed}"
    )))
}

/// A step: curves are fitted in f64, in which every whole number up to the largest is one of its own.
pub(super) fn step<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    within(d, "step", [0, MAX_WHOLE_FLOAT])
}

pub(super) fn layer<'de, D: Deserializer<'de>>(d: D) -> Result<u32, D::Error> {
    Ok(within(d, "layer", [1, u64::from(u32::MAX)])? as u32)
}

/// The stage of a row, and how many steps stand before it, as its step and its position in the run say.
pub(super) fn stage(
    name: Option<String>,
    step: u64,
    position: Option<u64>,
) -> Result<Option<Stage>, String> {
    let begins = match position {
        Some(position) if position > MAX_WHOLE_FLOAT || position < step => {
            return Err(format!(
                "position = {position}, allowed is a whole number from step = {step} to {MAX_WHOLE_FLOAT}"
            ));
        }
        position => position.map(|position| position - step),
    };
    let name = name.filter(|name| !name.is_empty());
    Ok(name.map(|name| Stage { name, begins }))
}
