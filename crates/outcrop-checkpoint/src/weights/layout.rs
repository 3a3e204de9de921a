//! Which files of a folder hold its weights.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use outcrop_core::refuse_lfs_pointer;

use super::opened::Opened;
use crate::unique::Unique;
use crate::{Error, Result};

/// The longest index that is read.
const MAX_INDEX: u64 = 100_000_000;

/// The weight files of a checkpoint.
#[derive(Debug, PartialEq)]
pub(crate) struct Layout {
    /// In the order of their names.
    pub(crate) files: Vec<PathBuf>,
    /// The index, and for each tensor the place of its file among `files`; none for a single file.
    pub(crate) index: Option<(PathBuf, BTreeMap<String, usize>)>,
    /// How they are read.
    pub(crate) format: &'static Format,
}

/// The names under which weights are looked for, in this order.
pub(crate) const NAMES: [&str; 4] = [
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
];

/// What a PEFT adapter is stored as.
pub(crate) const ADAPTER: [&str; 3] = [
    "adapter_config.json",
    "adapter_model.safetensors",
    "adapter_model.bin",
];

pub(crate) fn is_index(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".index.json")
}

impl Layout {
    /// A file by itself.
    pub(super) fn single(file: &Path, format: &'static Format) -> Self {
        Self {
            files: vec![file.into()],
            index: None,
            format,
        }
    }
}

#[derive(serde::Deserialize)]
struct Index {
    weight_map: Unique<String>,
}

/// The tensors that an index lists and their files' names, each of which is a plain one.
pub(crate) fn weight_map(path: &Path) -> Result<Vec<(String, String)>> {
    let io = |e| Error::io("read", path, e);
    let refused = |reason: String| Error::Index {
        path: path.into(),
        reason,
    };
    let length = std::fs::metadata(path).map_err(io)?.len();
    if length > MAX_INDEX {
        let reason = format!("it has {length} bytes, more than {MAX_INDEX}");
        return Err(refused(reason));
    }
    let text = std::fs::read(path).map_err(io)?;
    refuse_lfs_pointer(path, &text)?;
    let index: Index = serde_json::from_slice(&text).map_err(|e| refused(e.to_string()))?;
    let map = index.weight_map.members;
    let plain =
        |name: &str| !matches!(name, "" | "." | "..") && !name.contains(['/', '\\', ':', '\0']);
    if let Some((_, name)) = map.iter().find(|(_, name)| !plain(name)) {
        let reason = format!("`weight_map` names `{name}`, which is not a file beside it");
        return Err(refused(reason));
    }
    match map.is_empty() {
        false => Ok(map),
        true => Err(refused("`weight_map` is empty".into())),
    }
}

pub(super) fn indexed(path: &Path, format: &'static Format) -> Result<Layout> {
    let map = weight_map(path)?;
    let mut places: BTreeMap<&str, usize> = map.iter().map(|(_, f)| (f.as_str(), 0)).collect();
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut files = Vec::new();
    for (place, (name, at)) in places.iter_mut().enumerate() {
        let file = folder.join(name);
        if !file.is_file() {
            return Err(Error::Index {
                path: path.into(),
                reason: format!("`weight_map` names `{name}`, which is missing"),
            });
        }
        *at = place;
        files.push(file);
    }
    let tensors = map.iter().map(|(n, f)| (n.clone(), places[f.as_str()]));
    let tensors = tensors.collect();
    Ok(Layout {
        files,
        index: Some((path.into(), tensors)),
        format,
    })
}

/// A format: a row of `FORMATS`.
pub(crate) struct Format {
    /// In messages.
    pub(crate) name: &'static str,
    /// Whether weights lie at a place in this format, however damaged.
    pub(super) is: fn(&Place<'_>) -> bool,
    /// Their files, where that is so.
    pub(super) layout: fn(&Place<'_>) -> Result<Layout>,
    /// Their tensors.
    pub(super) open: fn(&Layout) -> Result<Opened>,
    /// Whether files of it say the architecture.
    pub(crate) says_config: bool,
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl std::fmt::Debug for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// A file, or a folder with what lies in it.
pub(crate) struct Place<'a> {
    pub(super) path: &'a Path,
    /// The names in the folder, sorted; none for a file.
    names: Option<Vec<String>>,
}

impl<'a> Place<'a> {
    /// What lies at a path.
    ///
    /// # Errors
    /// [`Error::Core`] for a folder that cannot be read, and for nothing.
    pub(crate) fn of(path: &'a Path) -> Result<Self> {
        if path.is_file() {
            return Ok(Self { path, names: None });
        }
        let io = |e| Error::io("read folder", path, e);
        let entries = std::fs::read_dir(path).map_err(io)?;
        let name = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let names: std::io::Result<Vec<_>> = entries.map(|entry| entry.map(name)).collect();
        let mut names = names.map_err(io)?;
        names.sort();
        Ok(Self {
            path,
            names: Some(names),
        })
    }

    /// The file itself; none for a folder.
    pub(super) fn file(&self) -> Option<&'a Path> {
        self.names.is_none().then_some(self.path)
    }

    /// Whether a folder has a file of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        let names = self.names.as_deref().unwrap_or_default();
        let known = names
            .binary_search_by(|known| known.as_str().cmp(name))
            .is_ok();
        known && self.path.join(name).is_file()
    }

    /// The names in a folder, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().flatten().map(String::as_str)
    }

    /// The files of a folder whose names are `wanted`, in their order.
    pub(super) fn files(&self, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
        let files = self.names().filter(|name| wanted(name));
        let files = files.map(|name| self.path.join(name));
        files.filter(|path| path.is_file()).collect()
    }
}
