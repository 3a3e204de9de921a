//! The architecture to predict, and the run where one is given.

use std::path::Path;

use outcrop_arch::ArchSpec;
use outcrop_core::{Document, NamedArch};
use outcrop_train::RunSpec;

use super::Args;
use crate::Result;

/// What is to be predicted.
pub(super) struct Asked {
    pub(super) named: NamedArch,
    /// The run that trains it, where its spec is given.
    pub(super) run: Option<RunSpec>,
}

pub(super) fn asked(args: &Args) -> Result<Option<Asked>> {
    let mut run = None;
    let found = match (args.layers, &args.pythia, &args.arch) {
        (Some(layers), _, _) => Some(given(layers, args)),
        (_, Some(size), _) => Some((format!("pythia-{size}"), ArchSpec::pythia(size)?)),
        (_, _, Some(path)) => Some(read(path, &mut run)?),
        _ => None,
    };
    Ok(found.map(|(name, arch)| {
        let model = args.model.clone().unwrap_or(name);
        let named = NamedArch { model, arch };
        Asked { named, run }
    }))
}

/// The least channels of a head where no number of heads is given.
const CHANNELS: usize = 64;

/// By the numbers of the command line; clap checks that the width is given.
fn given(layers: usize, args: &Args) -> (String, ArchSpec) {
    let width = args.d_model.unwrap_or(0);
    let fitting = || {
        (1..=width / CHANNELS)
            .rev()
            .find(|heads| width.is_multiple_of(*heads))
    };
    let heads = args.heads.or_else(fitting).unwrap_or(1);
    let mut arch = ArchSpec::new(layers, width, heads);
    let mut name = format!("{layers}x{width}-h{heads}");
    if let Some(d_ff) = args.d_ff {
        arch.d_ff = d_ff;
        name += &format!("-ff{d_ff}");
    }
    (name, arch)
}

/// An architecture alone or as `[arch]` of a run, whose corpus then gives its `vocab`; for a run directory the
/// architecture of its run.
fn read(path: &Path, run: &mut Option<RunSpec>) -> Result<(String, ArchSpec)> {
    let file = match path.is_dir() {
        true => path.join("run.toml"),
        false => path.to_owned(),
    };
    let document = Document::read(&file)?;
    let of_run = |key: &&str| document.table().contains_key(*key);
    let arch = match ["data", "train", "model"].iter().any(of_run) {
        true => run.insert(RunSpec::from_document(&document)?).arch.clone(),
        false => document.arch()?,
    };
    let name = path.file_stem().unwrap_or(path.as_os_str());
    Ok((name.to_string_lossy().into_owned(), arch))
}
