//! Runs of designed architectures.

use std::path::Path;

use outcrop_arch::ArchSpec;
use outcrop_core::Error as CoreError;
use outcrop_train::RunSpec;

use super::Args;
use crate::Result;
use crate::cli::learned::recipes_csv;
use crate::cli::output::{say, write_file};
use crate::pipeline::Recipe;

/// Writes a run of `arch` with the recipe of `base`, if known.
pub(super) fn write_best(arch: &ArchSpec, base: &str, args: &Args, path: &Path) -> Result<()> {
    let run = run(&recipe(base, args)?, "best", arch)?;
    write_file(path, run.to_toml()?.as_bytes())
}

/// A run of `arch` with this recipe.
pub(super) fn run(recipe: &toml::Table, model: &str, arch: &ArchSpec) -> Result<RunSpec> {
    let parse = |e: toml::ser::Error| CoreError::parse("the architecture", e);
    let mut run = recipe.clone();
    run.insert("model".into(), model.into());
    run.insert("arch".into(), toml::Value::try_from(arch).map_err(parse)?);
    Ok(RunSpec::from_table(run)?)
}

/// That of --recipe, or that of the model `base` if the results have its run or a row of `recipes.csv`, or else the default.
pub(super) fn recipe(base: &str, args: &Args) -> Result<toml::Table> {
    if let Some(path) = &args.recipe {
        return read_toml(path);
    }
    let folders = [
        args.results.join("runs").join(base),
        args.results.join(base),
    ];
    let recipes = folders.map(|folder| folder.join("run.toml"));
    if let Some(recipe) = recipes.iter().find(|recipe| recipe.is_file()) {
        return read_toml(recipe);
    }
    let known = recipes_csv(&args.results)?;
    let row = known.iter().find(|recipe| recipe.model == base);
    say(&match row {
        Some(_) => format!(
            "note: a run has the corpus, the tokenizer, the updates, their batch, learning rate, warm-up and weight decay of {base}, \
             as recipes.csv has them, and the default of every other key; --recipe names another"
        ),
        None => format!(
            "note: no run.toml of {base} is in the results; a run has the default of every key of [data], [train] and \
             [schedule], not the recipe of the models the prediction was learned from; --recipe names another"
        ),
    });
    let keys = row.map_or_else(|| Ok(toml::Table::new()), Recipe::keys);
    Ok(keys.map_err(|e| CoreError::parse(format!("the recipe of {base}"), e))?)
}

fn read_toml(path: &Path) -> Result<toml::Table> {
    let text = std::fs::read_to_string(path).map_err(|e| CoreError::io("read", path, e))?;
    outcrop_core::refuse_lfs_pointer(path, text.as_bytes())?;
    let parsed = text.parse();
    let named = |e: toml::de::Error| CoreError::parse(path.display().to_string(), e);
    Ok(parsed.map_err(named)?)
}
