use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::atomic::write_atomic;
use crate::{Error, Result, sha256_hex};

/// The field that holds the hash.
const SEAL: &str = "sha256";

/// Writes `value`, a JSON object without a field `sha256`, with that field: the SHA-256 of the object as
/// JSON without blanks.
///
/// # Errors
/// [`Error::Io`] with the path; [`Error::Parse`] for what is no object.
pub fn write_sealed(path: &Path, value: &impl Serialize) -> Result<()> {
    let parse = |e: &dyn std::fmt::Display| Error::parse(path.display().to_string(), e);
    let mut value = serde_json::to_value(value).map_err(|e| parse(&e))?;
    let seal = Value::from(sha256_hex(value.to_string().as_bytes()));
    let Some(fields) = value.as_object_mut() else {
        return Err(parse(&"it is no JSON object"));
    };
    fields.insert(SEAL.into(), seal);
    write_atomic(path, format!("{value:#}\n").as_bytes())
}

/// Reads what [`write_sealed`] wrote, or an object without the hash.
///
/// ```
/// use outcrop_core::{read_sealed, write_sealed};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("state.json");
/// let state = std::collections::BTreeMap::from([("step".to_owned(), 8)]);
/// write_sealed(&path, &state)?;
/// assert_eq!(read_sealed::<std::collections::BTreeMap<String, i32>>(&path)?, state);
/// let altered = std::fs::read_to_string(&path)?.replace('8', "9");
/// std::fs::write(&path, altered)?;
/// assert!(read_sealed::<std::collections::BTreeMap<String, i32>>(&path).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Io`] with the path, [`Error::Parse`], and [`Error::Altered`] where the hash is not that of the
/// content.
pub fn read_sealed<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let parse = |e| Error::parse(path.display().to_string(), e);
    let text = std::fs::read_to_string(path).map_err(|e| Error::io("read", path, e))?;
    let mut value: Value = serde_json::from_str(&text).map_err(parse)?;
    let seal = value
        .as_object_mut()
        .and_then(|fields| fields.shift_remove(SEAL));
    if seal.is_some_and(|seal| seal != sha256_hex(value.to_string().as_bytes())) {
        return Err(Error::Altered {
            path: path.to_owned(),
            reason: "it is not as it was written".into(),
        });
    }
    serde_json::from_value(value).map_err(parse)
}
