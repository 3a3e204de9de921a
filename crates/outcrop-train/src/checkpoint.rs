use std::collections::BTreeMap;
use std::path::Path;

use outcrop_arch::OUTCROP;
use outcrop_checkpoint::{read_tensors, write_checkpoint, write_tensors};
use outcrop_core::{Error as CoreError, read_huggingface};
use outcrop_model::Transformer;

use crate::observing::Observing;
use crate::run_dir::TABLES;
use crate::{Error, Extents, Optimizer, Result, RunDir};

const MODEL: &str = "model.safetensors";
/// What only going on reads.
const RESUME: &str = "resume";
/// The weights as they are in memory, where files of the family hold gains less 1, which are rounded.
const EXACT: &str = "resume/weights.safetensors";
const OPTIMIZER: &str = "resume/optimizer.safetensors";

/// Writes a checkpoint: the model and its tokenizer's files for everyone; how much of the tables was there, what observables
/// compare the next step with, and the optimiser where there is a next step, for going on.
pub(crate) fn save(
    dir: &RunDir,
    step: u64,
    model: &Transformer,
    tokenizer: &[(&str, String)],
    optimizer: Option<&Optimizer>,
    tables: &Extents,
    observing: Option<&Observing>,
) -> Result<()> {
    write_checkpoint(&dir.checkpoints(), step, |folder| -> Result<()> {
        let (family, config) = model.spec().family_and_config()?;
        model.save_as(family, &folder.join(MODEL))?;
        let config = format!("{config:#}\n");
        write(&folder.join("config.json"), config.as_bytes())?;
        for (name, text) in tokenizer {
            write(&folder.join(name), text.as_bytes())?;
        }
        let resume = folder.join(RESUME);
        std::fs::create_dir(&resume).map_err(|e| CoreError::io("create", &resume, e))?;
        if family.layout().gain_offset != 0.0 {
            model.save_as(&OUTCROP, &folder.join(EXACT))?;
        }
        if let Some(optimizer) = optimizer {
            let state = optimizer.state(model)?;
            write_tensors(&folder.join(OPTIMIZER), &state, &BTreeMap::new())?;
        }
        let tables_file = folder.join(TABLES);
        let text = serde_json::to_string_pretty(tables)
            .map_err(|e| CoreError::parse(tables_file.display().to_string(), e))?;
        write(&tables_file, text.as_bytes())?;
        observing.map_or(Ok(()), |observing| observing.save(folder))
    })?;
    Ok(())
}

/// Writes a file of a checkpoint, which is brought to the disk and named as a whole.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    Ok(std::fs::write(path, bytes).map_err(|e| CoreError::io("write", path, e))?)
}

/// Loads what [`save`] wrote after `step` updates, with the weights on the device of `fresh`; the optimiser where there is a
/// next step.
pub(crate) fn load(
    folder: &Path,
    step: u64,
    fresh: &Transformer,
    optimizer: Option<&mut Optimizer>,
) -> Result<Transformer> {
    let exact = folder.join(EXACT);
    let (family, path) = match exact.exists() {
        true => (&OUTCROP, exact),
        false => (
            read_huggingface(&folder.join("config.json"))?.family,
            folder.join(MODEL),
        ),
    };
    let model = Transformer::load_as(fresh.spec(), family, &path, fresh.device())?;
    let Some(optimizer) = optimizer else {
        return Ok(model);
    };
    let tensors = read_tensors(&folder.join(OPTIMIZER))?;
    match optimizer.restore(&model, tensors, step) {
        None => Ok(model),
        Some(parameter) => Err(Error::Resume {
            path: folder.to_owned(),
            parameter,
        }),
    }
}
