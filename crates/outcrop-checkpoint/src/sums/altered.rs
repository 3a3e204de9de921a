//! Which files of a checkpoint differ from what its list of checksums says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use outcrop_core::sha256_file;
use serde::{Deserialize, Serialize};

use super::{SUMS, read_sums};
use crate::{Checkpoint, Error};

/// Larger files that are not the weights are not read.
const SMALL: u64 = 64 << 20;
/// Files beside the weights by which a checkpoint is measured.
const BESIDE: [&str; 3] = ["config.json", "tokenizer.json", "tokenizer_config.json"];
const WAY_OUT: &str = "it was damaged or changed: copy or fetch it again; if the change is intended, \
                       write the list again (sha256sum)";

/// A file of a checkpoint that is not what its `SHA256SUMS`, or its name in the hub's cache, says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Altered {
    /// The file, relative to the folder; `SHA256SUMS` itself where it cannot be read.
    pub file: String,
    /// Its SHA-256; none where it is missing or not read.
    pub found: Option<String>,
    /// The SHA-256 that it is to have; none where `SHA256SUMS` cannot be read.
    pub listed: Option<String>,
    /// Whether a measurement would use it.
    pub is_used: bool,
    /// What is wrong, and the way out, after the file's name.
    pub reason: String,
}

impl Altered {
    /// The error of a checkpoint in `folder` that is not used because of it.
    pub fn refuse(self, folder: &Path) -> Error {
        Error::Invalid {
            folder: folder.into(),
            file: self.file,
            reason: self.reason + ", or measure with --ignore-sums",
        }
    }
}

impl Checkpoint {
    /// The files that differ from the `SHA256SUMS` in the checkpoint's folder; none if there is no such
    /// list. `hashes` are the SHA-256 of [`Checkpoint::files`], in their order, which are not read
    /// again; other files are read up to 64 MiB. Weights that are not listed and lie in the hub's cache
    /// are compared with their name there.
    pub fn altered(&self, hashes: &[String]) -> Vec<Altered> {
        let folder = match self.folder.is_file() {
            true => self.folder.parent().unwrap_or(&self.folder),
            false => &self.folder,
        };
        let listed = match folder.join(SUMS).is_file() {
            false => BTreeMap::new(),
            true => match read_sums(folder) {
                Ok(listed) => listed,
                Err(error) => return vec![unreadable(error)],
            },
        };
        let known: BTreeMap<&PathBuf, &String> = self.files.iter().zip(hashes).collect();
        let mut altered: Vec<Altered> = (listed.iter())
            .filter_map(|(name, sum)| listed_wrongly(folder, name, sum, &known))
            .collect();
        for (path, found) in known {
            let name = path.strip_prefix(folder).unwrap_or(path);
            let name = name.to_string_lossy();
            let announced = blob(path).filter(|_| !listed.contains_key(&*name));
            if let Some(sum) = announced.filter(|sum| sum != found) {
                let by = "its name in the hub's cache is";
                altered.push(differs(&name, found, &sum, by, true));
            }
        }
        altered
    }
}

/// What is wrong with a file that is listed.
fn listed_wrongly(
    folder: &Path,
    name: &str,
    sum: &str,
    known: &BTreeMap<&PathBuf, &String>,
) -> Option<Altered> {
    let path = folder.join(name);
    let beside = BESIDE.contains(&name) || name.ends_with(".index.json");
    let without = |is_used, reason| Altered {
        file: name.into(),
        found: None,
        listed: Some(sum.into()),
        is_used,
        reason,
    };
    let found = match known.get(&path) {
        Some(found) => (*found).clone(),
        None if !path.is_file() => {
            let reason = format!("is missing, though {SUMS} lists it; copy or fetch it again");
            return Some(without(name == BESIDE[0], reason));
        }
        None if path.metadata().is_ok_and(|m| m.len() > SMALL) => return None,
        None => match sha256_file(&path) {
            Ok(found) => found,
            Err(e) => {
                return Some(without(
                    beside,
                    format!("cannot be compared: failed to {e}"),
                ));
            }
        },
    };
    let used = beside || known.contains_key(&path);
    (found != sum).then(|| differs(name, &found, sum, &format!("{SUMS} lists"), used))
}

fn differs(name: &str, found: &str, sum: &str, by: &str, is_used: bool) -> Altered {
    Altered {
        file: name.into(),
        found: Some(found.into()),
        listed: Some(sum.into()),
        is_used,
        reason: format!("has SHA-256 {found}, {by} {sum}; {WAY_OUT}"),
    }
}

fn unreadable(error: Error) -> Altered {
    let reason = match error {
        Error::Invalid { reason, .. } => reason,
        other => format!("cannot be read: failed to {other}"),
    };
    Altered {
        file: SUMS.into(),
        found: None,
        listed: None,
        is_used: true,
        reason: format!("{reason}; write it again (sha256sum) or remove it"),
    }
}

/// The SHA-256 after which the hub's cache names a content.
fn blob(path: &Path) -> Option<String> {
    let content = path.canonicalize().ok()?;
    let is_blob = content.parent()?.file_name()? == "blobs";
    let name = content.file_name()?.to_str()?;
    let is_sum = name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit());
    (is_blob && is_sum).then(|| name.to_owned())
}
