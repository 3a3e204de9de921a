//! Which layers see only the latest positions.

use serde_json::{Value, json};

use super::Config;
use super::settings::name::{FIRST_WINDOW, KINDS, USE_WINDOW as USE, WINDOW as WIDTH};
use crate::{Result, Window};

/// A window that `use_sliding_window` switches on, in the layers after the first `max_window_layers`, as
/// transformers 4.57 and 5 read it.
pub(super) fn switched(config: &Config<'_>, layers: usize) -> Result<Option<Window>> {
    let kinds = kinds(config, layers)?;
    let width = match config.flag(USE, false)? {
        true => width(config)?,
        false => None,
    };
    let windowed = || {
        let first = match config.given(FIRST_WINDOW) {
            None => 28,
            Some(_) => config.count(FIRST_WINDOW)?,
        };
        Ok((first..layers).map(|i| i + 1).collect())
    };
    of(config, kinds, width, windowed)
}

/// A window whose width alone says that all layers have it.
pub(super) fn by_width(config: &Config<'_>, layers: usize) -> Result<Option<Window>> {
    let kinds = kinds(config, layers)?;
    let width = agreed(config, width(config)?, kinds.as_deref())?;
    of(config, kinds, width, || Ok((1..=layers).collect()))
}

/// The same of a family whose layers have none where the file does not say a width.
pub(super) fn by_given_width(config: &Config<'_>, layers: usize) -> Result<Option<Window>> {
    let kinds = kinds(config, layers)?;
    let width = match config.given(WIDTH) {
        None => None,
        Some(_) => width(config)?,
    };
    let width = agreed(config, width, kinds.as_deref())?;
    of(config, kinds, width, || Ok((1..=layers).collect()))
}

/// A window of this width, in the layers that the file names one by one, else in `windowed`.
pub(super) fn by_layer(
    config: &Config<'_>,
    layers: usize,
    width: Option<usize>,
    windowed: Vec<usize>,
) -> Result<Option<Window>> {
    let kinds = kinds(config, layers)?;
    of(config, kinds, width, || Ok(windowed))
}

/// The same of a family to which `use_sliding_window` says nothing: it must agree.
pub(super) fn alone(
    config: &Config<'_>,
    layers: usize,
    width: Option<usize>,
    windowed: Vec<usize>,
) -> Result<Option<Window>> {
    let window = by_layer(config, layers, width, windowed)?;
    match config.get(USE) {
        Some(given) if *given != window.is_some() => {
            let supported = "as layers say, whatever this says: leave it out";
            Err(config.unsupported(USE, given, supported))
        }
        Some(_) | None => Ok(window),
    }
}

/// A window in every layer but each `interval`th, where the file does not name layers one by one.
pub(super) fn most_layers(
    config: &Config<'_>,
    layers: usize,
    interval: usize,
) -> Result<Option<Window>> {
    let windowed = (1..=layers).filter(|layer| layer % interval != 0);
    by_layer(config, layers, width(config)?, windowed.collect())
}

/// A window in the first layer, the third and so on, where the file does not name layers one by one.
pub(super) fn odd_layers(config: &Config<'_>, layers: usize) -> Result<Option<Window>> {
    let windowed = (1..=layers).step_by(2);
    by_layer(config, layers, width(config)?, windowed.collect())
}

/// The layers that have none.
pub(super) fn layers_without(window: Option<&Window>, layers: usize) -> Vec<usize> {
    let has = |layer: &usize| window.is_some_and(|window| window.layers.contains(layer));
    (1..=layers).filter(|layer| !has(layer)).collect()
}

/// No window; the file may say that none is in use.
pub(super) fn none(config: &Config<'_>, layers: usize) -> Result<Option<Window>> {
    let kinds = kinds(config, layers)?;
    let width = unused(config)?;
    of(config, kinds, width, || Ok(Vec::new()))
}

/// The window of this width, in the layers that have one or, where the file does not say it layer by layer, in
/// `windowed`, counted from 1.
fn of(
    config: &Config<'_>,
    kinds: Option<Vec<bool>>,
    width: Option<usize>,
    windowed: impl FnOnce() -> Result<Vec<usize>>,
) -> Result<Option<Window>> {
    let windowed: Vec<usize> = match (kinds, width) {
        (Some(kinds), _) => (1..=kinds.len()).filter(|i| kinds[i - 1]).collect(),
        (None, None) => Vec::new(),
        (None, Some(_)) => windowed()?,
    };
    match width {
        _ if windowed.is_empty() => Ok(None),
        Some(width) => Ok(Some(Window {
            width,
            layers: windowed,
        })),
        None => {
            let given = config.given(KINDS).unwrap_or(&Value::Null);
            let supported = "full_attention in every layer where no window is in use";
            Err(config.unsupported(KINDS, given, supported))
        }
    }
}

/// Whether each layer has a window, where the file says so layer by layer.
fn kinds(config: &Config<'_>, layers: usize) -> Result<Option<Vec<bool>>> {
    let Some(given) = config.get(KINDS) else {
        return Ok(None);
    };
    let kind = |kind: &Value| match kind.as_str()? {
        "full_attention" => Some(false),
        "sliding_attention" => Some(true),
        _ => None,
    };
    let all = given.as_array();
    let kinds: Option<Vec<bool>> = all.and_then(|all| all.iter().map(kind).collect());
    match kinds {
        Some(kinds) if kinds.len() == layers => Ok(Some(kinds)),
        _ => {
            let supported =
                format!("full_attention or sliding_attention for each of {layers} layers");
            Err(config.unsupported(KINDS, given, supported))
        }
    }
}

/// The width; 4096 where it is not there, none where it is null.
pub(super) fn width(config: &Config<'_>) -> Result<Option<usize>> {
    match config.given(WIDTH) {
        None => Ok(Some(4096)),
        Some(zero) if zero == 0 => Err(config.unsupported(WIDTH, zero, "null, or at least 1")),
        Some(_) => config.optional_count(WIDTH),
    }
}

/// The width of a family that transformers cannot run without one.
pub(super) fn some_width(config: &Config<'_>) -> Result<usize> {
    width(config)?.ok_or_else(|| config.mistyped(WIDTH, "a whole number"))
}

/// The width, where what is said of layers agrees: newer versions of transformers go by layers.
fn agreed(
    config: &Config<'_>,
    width: Option<usize>,
    kinds: Option<&[bool]>,
) -> Result<Option<usize>> {
    let all = width.is_some();
    if kinds.is_some_and(|kinds| kinds.iter().any(|kind| *kind != all)) {
        let given = config.given(KINDS).unwrap_or(&Value::Null);
        let supported = match all {
            true => "sliding_attention in every layer where `sliding_window` is not null",
            false => "full_attention in every layer where `sliding_window` is null",
        };
        return Err(config.unsupported(KINDS, given, supported));
    }
    match config.get(USE) {
        Some(given) if *given != all => {
            let supported = format!(
                "{all}, as transformers goes by `sliding_window` alone: set that to null for full attention"
            );
            Err(config.unsupported(USE, given, supported))
        }
        _ => Ok(width),
    }
}

/// Other types have no windows; their files may say that none is in use.
fn unused(config: &Config<'_>) -> Result<Option<usize>> {
    if config.flag(USE, false)? {
        return Err(config.unsupported(USE, &json!(true), false));
    }
    match config.get(WIDTH) {
        Some(width) if config.get(USE).is_none() => Err(config.unsupported(
            WIDTH,
            width,
            "null, or beside `use_sliding_window` = false, as transformers has no windows for this type",
        )),
        _ => Ok(None),
    }
}
