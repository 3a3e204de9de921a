//! PEFT adapters of low rank (LoRA), merged with their base model while reading: W + scale B A.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::super::layout::{ADAPTER, Format, Layout, Place};
use super::super::opened::Opened;
use super::super::stored::Stored;
use super::published;
use crate::{Error, Result};

pub(super) static LOW_RANK: Format = Format {
    name: "a PEFT adapter",
    is,
    layout,
    open,
    says_config: false,
};

/// The longest `adapter_config.json` that is read.
const LONGEST: u64 = 1 << 20;
/// Folders above an adapter in which its base model is looked for.
const ABOVE: usize = 3;
const WAY_OUT: &str = "merge it with peft: `PeftModel.from_pretrained(base, DIR).merge_and_unload().save_pretrained(NEW)`";

/// Settings that change nothing of what is merged, or are read.
const KNOWN: [&str; 27] = [
    "auto_mapping",
    "base_model_name_or_path",
    "corda_config",
    "ensure_weight_tying",
    "eva_config",
    "exclude_modules",
    "fan_in_fan_out",
    "inference_mode",
    "init_lora_weights",
    "layers_pattern",
    "layers_to_transform",
    "loftq_config",
    "lora_alpha",
    "lora_dropout",
    "lora_ga_config",
    "megatron_core",
    "parent_library",
    "peft_type",
    "peft_version",
    "qalora_group_size",
    "r",
    "rank_pattern",
    "revision",
    "runtime_config",
    "target_modules",
    "task_type",
    "use_rslora",
];
/// Ways to begin that leave the base model as it is; others subtract what they begin with from it.
const INITS: [&str; 3] = ["gaussian", "eva", "orthogonal"];

fn files(place: &Place<'_>) -> Option<[PathBuf; 2]> {
    let weights = ADAPTER[1..].iter().find(|name| place.has(name))?;
    let both = [place.path.join(ADAPTER[0]), place.path.join(weights)];
    place.has(ADAPTER[0]).then_some(both)
}

fn is(place: &Place<'_>) -> bool {
    files(place).is_some()
}

fn refused(path: &Path, reason: impl std::fmt::Display) -> Error {
    Error::Format {
        path: path.into(),
        format: LOW_RANK.name,
        reason: format!("{reason}; {WAY_OUT}"),
    }
}

fn layout(place: &Place<'_>) -> Result<Layout> {
    let Some(own) = files(place) else {
        return Err(published::nothing(place));
    };
    let (_, base) = settings_and_base(&own[0])?;
    Ok(Layout {
        files: own.into_iter().chain(base.files).collect(),
        index: None,
        format: &LOW_RANK,
    })
}

/// What an adapter says, and the files of its base model.
fn settings_and_base(config: &Path) -> Result<(Settings, Layout)> {
    let settings = Settings::read(config)?;
    let folder = config.parent().unwrap_or(Path::new(""));
    let named = settings.text("base_model_name_or_path").to_owned();
    let itself = Place::of(folder)?;
    if published::is(&itself) {
        // transformers applies an adapter to the weights beside it
        return Ok((settings, published::weights(&itself)?));
    }
    let given = PathBuf::from(&named);
    let above = folder.ancestors().take(ABOVE);
    let mut places = std::iter::once(given.clone()).chain(above.map(|above| above.join(&given)));
    let found = places.find(|path| {
        !named.is_empty() && path.is_dir() && Place::of(path).is_ok_and(|p| published::is(&p))
    });
    let Some(base) = found else {
        return Err(refused(
            config,
            format!(
                "its base model is `{named}`, and there are no weights in a folder of that name, here or up to \
                 {ABOVE} folders above it; copy or link the base model there, or put its weights beside the adapter"
            ),
        ));
    };
    let place = Place::of(&base)?;
    if place.has(ADAPTER[0]) {
        let reason = format!("its base model `{named}` is an adapter itself");
        return Err(refused(config, reason));
    }
    Ok((settings, published::weights(&place)?))
}

/// An `adapter_config.json`.
struct Settings {
    all: Map<String, Value>,
    path: PathBuf,
}

impl Settings {
    fn read(path: &Path) -> Result<Self> {
        let io = |e| Error::io("read", path, e);
        let length = std::fs::metadata(path).map_err(io)?.len();
        if length > LONGEST {
            let reason = format!("it has {length} bytes, more than {LONGEST}");
            return Err(refused(path, reason));
        }
        let text = std::fs::read(path).map_err(io)?;
        outcrop_core::refuse_lfs_pointer(path, &text)?;
        let all = serde_json::from_slice(&text).map_err(|e| refused(path, e))?;
        let settings = Self {
            all,
            path: path.into(),
        };
        settings.check()?;
        Ok(settings)
    }

    fn get(&self, name: &str) -> &Value {
        self.all.get(name).unwrap_or(&Value::Null)
    }

    fn text(&self, name: &str) -> &str {
        self.get(name).as_str().unwrap_or_default()
    }

    fn refuse<T>(&self, name: &str) -> Result<T> {
        let value = self.get(name);
        Err(refused(
            &self.path,
            format!("it says `{name}` = {value}, which is not merged here"),
        ))
    }

    /// Makes sure that it is an adapter of two matrices for each matrix, and no more.
    fn check(&self) -> Result<()> {
        if self.text("peft_type") != "LORA" {
            return self.refuse("peft_type");
        }
        if self.get("bias") != "none" && !self.get("bias").is_null() {
            return self.refuse("bias");
        }
        let init = self.get("init_lora_weights");
        if init.as_str().is_some_and(|init| !INITS.contains(&init)) {
            return self.refuse("init_lora_weights");
        }
        let unknown = self.all.iter().find(|(name, value)| {
            !KNOWN.contains(&name.as_str()) && *name != "bias" && !is_off(value)
        });
        match unknown {
            None => Ok(()),
            Some((name, _)) => self.refuse(name),
        }
    }

    fn flag(&self, name: &str) -> Result<bool> {
        match self.get(name) {
            Value::Null => Ok(false),
            Value::Bool(flag) => Ok(*flag),
            _ => self.refuse(name),
        }
    }

    /// Of a module whose matrices have that rank: alpha / r, or alpha / sqrt(r) (rank-stabilised).
    fn scale(&self, rank: usize) -> Result<f64> {
        let Some(alpha) = self.get("lora_alpha").as_f64() else {
            return self.refuse("lora_alpha");
        };
        let rank = rank.max(1) as f64;
        Ok(match self.flag("use_rslora")? {
            true => alpha / rank.sqrt(),
            false => alpha / rank,
        })
    }
}

/// Whether a setting switches nothing on.
fn is_off(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Number(_) | Value::String(_) => false,
    }
}

fn open(layout: &Layout) -> Result<Opened> {
    let [config, weights, ..] = &layout.files[..] else {
        return Ok(Opened::default());
    };
    let (settings, base) = settings_and_base(config)?;
    let mut opened = published::open(&base)?;
    let adapter = published::file(weights, opened.files.len(), false)?;
    opened.files.extend(adapter.files);
    let count = merge(&settings, weights, adapter.tensors, &mut opened.tensors)?;
    let base = base.files.first().and_then(|file| file.parent());
    opened.notes.push(format!(
        "{count} matrices of a PEFT adapter were added to those of its base model in {}",
        base.unwrap_or(Path::new("")).display()
    ));
    Ok(opened)
}

/// Adds the products of an adapter to the tensors of its base model; returns how many.
fn merge(
    settings: &Settings,
    path: &Path,
    adapter: Vec<(String, Stored)>,
    base: &mut [(String, Stored)],
) -> Result<usize> {
    const FIRST: &str = ".lora_A.weight";
    const SECOND: &str = ".lora_B.weight";
    let fault = |name: &str, reason: String| refused(path, format!("tensor `{name}` {reason}"));
    let transposed = settings.flag("fan_in_fan_out")?;
    let mut count = 0;
    for (name, a) in &adapter {
        let Some(module) = name.strip_suffix(FIRST) else {
            match name.ends_with(SECOND) {
                true => continue,
                false => {
                    let reason = "is no `lora_A` or `lora_B` of a matrix, and is not merged here";
                    return Err(fault(name, reason.into()));
                }
            }
        };
        let second = format!("{module}{SECOND}");
        let b = adapter.iter().find(|(other, _)| *other == second);
        let Some((_, b)) = b else {
            return Err(fault(&second, "is missing".into()));
        };
        let module = module.strip_prefix("base_model.model.").unwrap_or(module);
        let to = target(base, module).map_err(|reason| fault(name, reason))?;
        let scale = settings.scale(a.info.shape.first().copied().unwrap_or(0))?;
        let merged = to.with_low_rank((a, b), scale, transposed);
        *to = merged.map_err(|reason| fault(name, reason))?;
        count += 1;
    }
    match 2 * count == adapter.len() && count > 0 {
        true => Ok(count),
        false => Err(refused(path, "it has no pairs of `lora_A` and `lora_B`")),
    }
}

/// The matrix of a module in the base model, whose file may leave out the first part of names, as GPT-2's does.
fn target<'a>(base: &'a mut [(String, Stored)], module: &str) -> Result<&'a mut Stored, String> {
    let whole = format!("{module}.weight");
    let mut name = whole.as_str();
    loop {
        if base.iter().any(|(known, _)| known == name) {
            break;
        }
        name = match name.split_once('.') {
            Some((_, rest)) if rest.contains('.') => rest,
            _ => {
                return Err(format!(
                    "belongs to `{whole}`, which the base model has not"
                ));
            }
        };
    }
    let found = base.iter_mut().find(|(known, _)| known == name);
    let found = found.map(|(_, stored)| stored);
    found.ok_or_else(|| format!("belongs to `{whole}`, which the base model has not"))
}
