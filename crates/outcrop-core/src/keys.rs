use serde::de::DeserializeOwned;

use crate::{Error, Result, nearest};

/// Refuses the first of `keys` that is not `known`, with the nearest known one; `context` names the
/// file or table.
///
/// # Errors
/// [`Error::UnknownKey`].
pub fn reject_unknown_keys<'k>(
    context: &str,
    keys: impl IntoIterator<Item = &'k str>,
    known: &[&str],
) -> Result<()> {
    for key in keys {
        if !known.contains(&key) {
            return Err(Error::UnknownKey {
                context: context.into(),
                key: key.into(),
                nearest: nearest(key, known.iter().copied()).map(str::to_owned),
                known: known.join(", "),
            });
        }
    }
    Ok(())
}

/// Reads a TOML table whose keys must be `known`; `context` names the file or table.
///
/// # Errors
/// [`Error::UnknownKey`]; [`Error::Field`] for one that is mistyped, [`Error::Parse`] for one that
/// is missing.
pub fn read_table<T: DeserializeOwned>(
    context: &str,
    table: &toml::Table,
    known: &[&str],
) -> Result<T> {
    reject_unknown_keys(context, table.keys().map(String::as_str), known)?;
    let value = toml::Value::Table(table.clone());
    serde_path_to_error::deserialize(value).map_err(|e| {
        let reason = e.inner().message();
        match e.path().to_string() {
            path if path == "." => Error::parse(context, reason),
            key => Error::Field {
                context: context.into(),
                key,
                reason: reason.into(),
            },
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_names_the_nearest() {
        let error = reject_unknown_keys("run.toml", ["layers", "d_modle"], &["layers", "d_model"])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`d_modle`") && error.contains("did you mean `d_model`"),
            "{error}"
        );
        assert!(reject_unknown_keys("run.toml", ["layers"], &["layers"]).is_ok());
    }
}
