//! Descriptions of folders without a checkpoint, with the way out.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::name_of;
use super::named::name_at;
use crate::names::{CheckpointName, Counts, UNDERSTOOD};
use crate::weights::has_weights;

/// Something that is not a checkpoint in its present form.
#[derive(Debug)]
pub(super) struct Seen {
    /// Names of files, with at most two `*` each.
    names: &'static [&'static str],
    pub(super) what: &'static str,
    pub(super) way_out: &'static str,
    /// Whether weights of a model can come of it.
    model: bool,
}

const fn model(names: &'static [&'static str], what: &'static str, way_out: &'static str) -> Seen {
    Seen {
        names,
        what,
        way_out,
        model: true,
    }
}

/// What is known, the first that fits counts.
const SEEN: [Seen; 15] = [
    model(
        &["adapter_model.safetensors", "adapter_model.bin"],
        "an adapter (PEFT), whose base model is elsewhere",
        "merge it: `PeftModel.from_pretrained(base, DIR).merge_and_unload().save_pretrained(NEW)`",
    ),
    model(
        &["*.distcp"],
        "slices of a distributed checkpoint of PyTorch (DCP)",
        "fetch its `.metadata`, which says what they hold, too",
    ),
    model(
        &["zero_pp_rank_*", "*_optim_states.pt", "*_model_states.pt"],
        "shards of DeepSpeed (ZeRO)",
        "join them: `python zero_to_fp32.py DIR NEW`, with the script beside them",
    ),
    model(
        &["model_optim_rng.pt"],
        "a part of a checkpoint of Megatron-LM",
        "convert it to one rank with Megatron's `tools/checkpoint/convert.py`, or save it as `torch_dist`",
    ),
    model(
        &["manifest.ocdbt", "_METADATA", "_CHECKPOINT_METADATA"],
        "a checkpoint of JAX (Orbax, OCDBT)",
        "export it as safetensors, as Levanter's `export_lm_to_hf` does",
    ),
    model(
        &[
            "tf_model.h5",
            "flax_model.msgpack",
            "model.ckpt.index",
            "*.onnx",
        ],
        "weights for TensorFlow, Flax or ONNX",
        "load them with transformers (`from_tf=True`, `from_flax=True`) and save them",
    ),
    model(
        &["consolidated.*"],
        "weights as Meta or Mistral publish them",
        "convert them with transformers' `convert_llama_weights_to_hf.py`, or take the `-hf` model",
    ),
    model(
        &["*.nemo"],
        "a checkpoint of NeMo",
        "export it with NeMo's `export_ckpt`",
    ),
    Seen {
        names: &[
            "optimizer*",
            "optim_*",
            "*optim*.pt",
            "scheduler*",
            "rng_state*",
            "random_states_*",
            "scaler*",
            "training_args.bin",
            "trainer_state*",
            "sampler*",
            "dl_state_dict*",
        ],
        what: "the state of a trainer (optimizer, schedule, random numbers) without weights",
        way_out: "give the folder that has the weights",
        model: false,
    },
    model(
        &["*.incomplete", "*.partial", "*.part"],
        "a download that is not finished",
        "fetch it again",
    ),
    model(
        &["*-of-*.safetensors", "*-of-*.bin"],
        "shards without their index",
        "fetch `model.safetensors.index.json` (or `pytorch_model.bin.index.json`) too",
    ),
    model(
        &["*.safetensors"],
        "weights under a name of their own",
        "give the file itself, with --config if no config.json lies beside it",
    ),
    model(
        &["*.ckpt", "*.pt", "*.pth"],
        "files of PyTorch under names of their own",
        "give the file with the weights itself, with --config if no config.json lies beside it",
    ),
    model(
        &["*.bin"],
        "files that may be weights",
        "give the file with the weights itself, with --config if no config.json lies beside it",
    ),
    model(
        &["*.npz"],
        "arrays of NumPy",
        "save them as safetensors under the model's own names",
    ),
];

/// Folders and files of weights whose names give no step.
const NAMELESS: (&str, &str) = (
    "weights whose names give no step",
    "give one by itself, or name them as one of those below; where the number counts saves or epochs, \
     --steps-per-count says how many steps one is",
);
/// Folders of weights whose names give steps, but not where they were looked for.
const DEEPER: (&str, &str) = (
    "checkpoints deeper down",
    "give the folder in which they are",
);
/// Folders with a name that is understood and nothing that is.
const EMPTY: (&str, &str) = (
    "folders named after steps without weights",
    "fetch or copy the weights",
);
/// A model in the cache of the hub.
const CACHED: (&str, &str) = ("models of the hub's cache", "give the folder of one");

/// How deep is looked, and at how many entries.
const DEPTH: usize = 3;
const ENTRIES: usize = 20_000;
/// Examples that are named of each kind.
const EXAMPLES: usize = 3;

fn fits(pattern: &str, name: &str) -> bool {
    let Some((begin, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    // one more `*` may stand in the middle
    let (middle, end) = rest.split_once('*').unwrap_or(("", rest));
    name.len() >= begin.len() + end.len()
        && name.starts_with(begin)
        && name.ends_with(end)
        && name[begin.len()..name.len() - end.len()].contains(middle)
}

fn seen(name: &str) -> Option<&'static Seen> {
    let fits = |seen: &&Seen| seen.names.iter().any(|pattern| fits(pattern, name));
    SEEN.iter().find(fits)
}

/// The kind of a file whose name says that it has no weights.
pub(super) fn no_weights(name: &str) -> Option<&'static Seen> {
    seen(name).filter(|seen| !seen.model)
}

/// The kind of the files of a folder, and one of them; none if unknown.
pub(super) fn of_folder(folder: &Path) -> Option<(&'static Seen, String)> {
    let mut paths = below(folder);
    paths.sort();
    let found = paths
        .iter()
        .filter_map(|path| Some((path, seen(&name_of(path)?)?)));
    let (path, seen) = found.max_by_key(|(_, seen)| seen.model)?;
    let name = path.strip_prefix(folder).unwrap_or(path);
    Some((seen, name.display().to_string()))
}

/// The content of a folder without checkpoints, kind by kind, and the names that are understood.
pub(super) fn listing(path: &Path) -> String {
    let mut kinds: BTreeMap<(&str, &str), Vec<PathBuf>> = BTreeMap::new();
    for entry in below(path) {
        if let Some(kind) = kind(&entry) {
            kinds.entry(kind).or_default().push(entry);
        }
    }
    let mut text = match kinds.is_empty() {
        true => "\n  seen there: nothing that looks like weights".to_owned(),
        false => "\n  seen there:".to_owned(),
    };
    for ((what, way_out), mut paths) in kinds {
        paths.sort();
        let name =
            |entry: &PathBuf| format!("{}", entry.strip_prefix(path).unwrap_or(entry).display());
        let mut names: Vec<String> = paths.iter().take(EXAMPLES).map(name).collect();
        if paths.len() > EXAMPLES {
            names.push(format!("and {} more", paths.len() - EXAMPLES));
        }
        text += &format!("\n    {what} ({}): {way_out}", names.join(", "));
    }
    let names = UNDERSTOOD.iter().map(|example| example.name);
    let names: Vec<&str> = names.collect();
    text + &format!(
        "\n  weights are looked for as model.safetensors or pytorch_model.bin, or the .index.json of \
         either, in folders named like {}",
        names.join(", ")
    )
}

/// The kind of an entry of a folder, and the way out.
fn kind(path: &Path) -> Option<(&'static str, &'static str)> {
    let name = name_of(path)?;
    if !path.is_dir() {
        let seen = seen(&name)?;
        return match seen.model && CheckpointName::parse(&name).is_some() {
            true => Some(NAMELESS),
            false => Some((seen.what, seen.way_out)),
        };
    }
    if name.starts_with("models--") {
        return Some(CACHED);
    }
    match (has_weights(path), name_at(path)) {
        (true, Some(found)) if found.counts() == Counts::Steps => Some(DEEPER),
        (true, _) => Some(NAMELESS),
        (false, Some(_)) if of_folder(path).is_none() => Some(EMPTY),
        _ => None,
    }
}

/// The entries below a folder, to a limited depth and without following links; unreadable ones are left out.
fn below(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![(folder.to_owned(), 0)]);
    while let Some((folder, depth)) = folders.pop() {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        for entry in entries {
            let path = entry.path();
            let is_folder = entry.file_type().is_ok_and(|of| of.is_dir());
            let cached = name_of(&path).is_some_and(|name| name.starts_with("models--"));
            if depth < DEPTH && is_folder && !cached && !has_weights(&path) {
                folders.push((path.clone(), depth + 1));
            }
            found.push(path);
            if found.len() >= ENTRIES {
                return found;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_name() {
        for (name, words) in [
            ("adapter_model.safetensors", "adapter"),
            ("__0_3.distcp", "DCP"),
            ("zero_pp_rank_1_mp_rank_00_optim_states.pt", "ZeRO"),
            ("mp_rank_00_model_states.pt", "ZeRO"),
            ("model_optim_rng.pt", "Megatron"),
            ("manifest.ocdbt", "Orbax, OCDBT"),
            ("optimizer.pt", "trainer"),
            ("optim_000100_rank0.pt", "trainer"),
            ("rng_state_0.pth", "trainer"),
            ("model-00001-of-00002.safetensors", "index"),
            ("ckpt.pt", "PyTorch"),
            ("llm.bin", "may be"),
        ] {
            let found = seen(name).unwrap();
            let told = format!("{} {}", found.what, found.way_out);
            assert!(told.contains(words), "{name}: {told}");
        }
        for name in ["README.md", "config.json", "model.py"] {
            assert!(seen(name).is_none(), "{name}");
        }
        assert!(no_weights("training_args.bin").is_some() && no_weights("step-5.ckpt").is_none());
    }
}
