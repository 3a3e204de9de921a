//! The inputs that the rows of a step were measured from, so that outdated rows are detected.

use outcrop_checkpoint::{AuditedCheckpoint, Checkpoint, Result as CheckpointResult, Weights};
use outcrop_core::table::{self, Columns, MeasurementWriter};
use outcrop_core::{Error as CoreError, Measurement, Observation, sha256_file, sha256_hex};
use outcrop_forward::LAST_STEP;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::rows::StepRows;

/// The weights and the config of a step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct Key {
    /// SHA-256 over those of its weight files; none where an earlier version took none.
    pub weights: Option<String>,
    /// SHA-256 of the architecture that its config describes; none where an earlier version did not
    /// write it.
    pub config: Option<String>,
    /// SHA-256 over sizes and times of its weight files, by which they are known again without being
    /// read.
    pub stamp: Option<String>,
    /// The commit of its revision, where it came from a hub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// SHA-256 of the rows that it gave, without marks of the audit; none where an earlier version wrote
    /// them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<String>,
}

/// A key as `state.json` has it: earlier versions wrote the hash of the weights alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Weights(Option<String>),
    Key {
        weights: Option<String>,
        config: Option<String>,
        stamp: Option<String>,
        commit: Option<String>,
        rows: Option<String>,
    },
}

impl From<Written> for Key {
    fn from(written: Written) -> Self {
        match written {
            Written::Weights(weights) => Self {
                weights,
                ..Self::default()
            },
            Written::Key {
                weights,
                config,
                stamp,
                commit,
                rows,
            } => Self {
                weights,
                config,
                stamp,
                commit,
                rows,
            },
        }
    }
}

impl Key {
    /// Whether it has all that tells one checkpoint from another, and this is as in `other`.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.weights.is_some()
            && self.config.is_some()
            && (&self.weights, &self.config) == (&other.weights, &other.config)
    }

    /// What differs in the weights that are there now.
    pub(crate) fn other_weights(&self, now: &Self) -> Option<&'static str> {
        match &self.weights {
            None => Some(
                "an earlier version measured it without a hash of its weights, so changes cannot be \
                 detected",
            ),
            weights if *weights != now.weights => Some("its weights have changed"),
            _ => None,
        }
    }
}

/// One hash for all weight files of a checkpoint that was audited; none where one cannot be read.
pub(crate) fn audited(checkpoint: &AuditedCheckpoint) -> Option<String> {
    let hashes: Vec<_> = checkpoint.files.iter().map(|f| f.sha256.clone()).collect();
    (!hashes.is_empty()).then(|| of(&hashes))
}

/// One hash for all weight files, of theirs.
pub(crate) fn of(hashes: &[String]) -> String {
    sha256_hex(hashes.join("\n").as_bytes())
}

/// The hash of each weight file of a checkpoint that was not audited.
pub(crate) fn hashes(
    checkpoint: &Checkpoint,
    opened: Option<&CheckpointResult<Weights>>,
) -> Result<Vec<String>> {
    let weights = opened.and_then(|opened| opened.as_ref().ok());
    let hashes = checkpoint.files.iter().map(|path| match weights {
        Some(weights) => weights.file_sha256(path),
        None => Ok(sha256_file(path)?),
    });
    Ok(hashes.collect::<CheckpointResult<_>>()?)
}

/// A hash of the rows of a step, as they are before the audit marks them.
pub(crate) fn rows_sha256(rows: &StepRows) -> Result<String> {
    let mut writer = MeasurementWriter::new(Vec::new(), Columns::Detailed)?;
    for row in &rows.measurements {
        writer.write(&Measurement {
            suspect: None,
            ..row.clone()
        })?;
    }
    let mut text = writer.finish()?;
    if !rows.heads.is_empty() {
        text.extend(table::rows_to_csv(&rows.heads)?);
    }
    if !rows.experts.is_empty() {
        text.extend(table::rows_to_csv(&rows.experts)?);
    }
    if !rows.observations.is_empty() {
        let rows: Vec<Observation> = rows.observations.iter().map(before_the_last).collect();
        text.extend(table::rows_to_csv(&rows)?);
    }
    Ok(sha256_hex(&text))
}

/// A row as it was before the last step was known.
fn before_the_last(row: &Observation) -> Observation {
    match row.observable == LAST_STEP {
        false => row.clone(),
        true => Observation {
            value: None,
            sem: None,
            n: 0,
            reason: None,
            ..row.clone()
        },
    }
}

/// A hash of names, sizes and times of the weight files.
pub(crate) fn stamp(checkpoint: &Checkpoint) -> Result<String> {
    let mut text = String::new();
    for path in &checkpoint.files {
        let io = |e| CoreError::io("read", path, e);
        let file = std::fs::metadata(path).map_err(io)?;
        let modified = file.modified().map_err(io)?;
        text += &format!("{path:?} {} {modified:?} {}\n", file.len(), changed(&file));
    }
    Ok(sha256_hex(text.as_bytes()))
}

/// When the system last saw a file change, which copying times along does not set back.
#[cfg(unix)]
fn changed(file: &std::fs::Metadata) -> String {
    use std::os::unix::fs::MetadataExt;
    format!("{}.{}", file.ctime(), file.ctime_nsec())
}

#[cfg(not(unix))]
fn changed(_: &std::fs::Metadata) -> String {
    String::new()
}

/// A step that is not as it was when it was measured.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) step: u64,
    pub(crate) words: String,
}

/// The first few changes in words.
pub(crate) fn in_words(changes: &[Change]) -> String {
    const FEW: usize = 3;
    let some = changes.iter().take(FEW);
    let words = some.map(|change| format!("step {}: {}", change.step, change.words));
    let more = match changes.len().saturating_sub(FEW) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    words.collect::<Vec<_>>().join("; ") + &more
}

#[cfg(test)]
mod tests {
    use crate::Key;

    #[test]
    fn what_earlier_versions_wrote_is_read() {
        let read = |text| serde_json::from_str::<Key>(text).unwrap();
        let old = read("\"abc\"");
        assert_eq!((old.weights.as_deref(), old.config), (Some("abc"), None));
        assert_eq!(read("null"), Key::default());
        let key = Key {
            weights: Some("w".into()),
            config: Some("c".into()),
            stamp: None,
            commit: None,
            rows: Some("r".into()),
        };
        assert_eq!(read(&serde_json::to_string(&key).unwrap()), key);
    }
}
