//! Runs of one recipe under several seeds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use outcrop_core::Error as CoreError;
use outcrop_train::RunDir;

use super::settings::{Settings, of_spec};
use crate::Result;

/// The setting in which the runs of a variant differ.
const SEED: &str = "train.seed";

/// A recipe and its runs by seed.
#[derive(Debug)]
pub(super) struct Variant {
    pub(super) name: String,
    settings: Settings,
    models: Vec<String>,
    pub(super) runs: BTreeMap<String, PathBuf>,
}

/// The recipes of the run directories, in order of appearance.
///
/// # Errors
/// For a folder without a spec, and for two runs of one recipe and seed.
pub(super) fn variants(runs: &[PathBuf]) -> Result<Vec<Variant>> {
    let mut found: Vec<Variant> = Vec::new();
    for run in runs {
        let spec = RunDir::new(run).spec()?;
        let (model, mut settings) = of_spec(&spec, &run.display().to_string())?;
        let seed = settings.remove(SEED).unwrap_or_default();
        let known = found.iter().position(|one| one.settings == settings);
        let at = known.unwrap_or_else(|| {
            found.push(Variant {
                name: String::new(),
                settings,
                models: Vec::new(),
                runs: BTreeMap::new(),
            });
            found.len() - 1
        });
        if let Some(twin) = found[at].runs.get(&seed) {
            let reason = format!(
                "it has the recipe and the seed {seed} of {}; leave one of them out",
                twin.display()
            );
            return Err(CoreError::parse(run.display().to_string(), reason).into());
        }
        found[at].models.push(model);
        found[at].runs.insert(seed, run.clone());
    }
    name(&mut found);
    Ok(found)
}

/// Names each after its models without their seeds where these names tell them apart, else after the settings in which it
/// differs from the first.
fn name(found: &mut [Variant]) {
    let of_models: Vec<Option<String>> = found.iter().map(|one| common(&one.models)).collect();
    let distinct: BTreeSet<&String> = of_models.iter().flatten().collect();
    if distinct.len() == found.len() {
        let names = of_models.into_iter().flatten();
        found
            .iter_mut()
            .zip(names)
            .for_each(|(one, name)| one.name = name);
        return;
    }
    let first = found[0].settings.clone();
    for one in found {
        one.name = differences(&first, &one.settings);
    }
}

/// The name that all models have without what looks like a seed.
fn common(models: &[String]) -> Option<String> {
    let mut names = models.iter().map(|model| without_seed(model));
    let first = names.next()?;
    (!first.is_empty() && names.all(|name| name == first)).then(|| first.to_owned())
}

/// `gate` of `gate-s3`, `gate-seed-3` and `gate_3`; another name as it is.
fn without_seed(model: &str) -> &str {
    let separators = ['-', '_', '.'];
    let rest = model.trim_end_matches(|c: char| c.is_ascii_digit());
    if rest.len() == model.len() {
        return model;
    }
    let rest = rest.trim_end_matches(separators);
    let word = ["seed", "s"]
        .iter()
        .find_map(|word| rest.strip_suffix(word));
    match word {
        Some(before) if before.ends_with(separators) => before.trim_end_matches(separators),
        Some(_) | None => rest,
    }
}

/// `arch.norm = rms-norm, train.weight_decay = 0`; `baseline` for the first itself.
fn differences(first: &Settings, own: &Settings) -> String {
    let keys: BTreeSet<&String> = first.keys().chain(own.keys()).collect();
    let differs = keys
        .into_iter()
        .filter(|key| first.get(*key) != own.get(*key));
    let words: Vec<String> = differs
        .map(|key| format!("{key} = {}", own.get(key).map_or("-", String::as_str)))
        .collect();
    match words.is_empty() {
        true => "baseline".into(),
        false => words.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_no_part_of_a_variant() {
        let cases = [
            ("gate-s3", "gate"),
            ("gate-seed-13", "gate"),
            ("gate_3", "gate"),
            ("softmax-one", "softmax-one"),
            ("relus2", "relus"),
            ("x.s1", "x"),
            ("17", ""),
        ];
        for (model, name) in cases {
            assert_eq!(without_seed(model), name, "{model}");
        }
        let models = |names: [&str; 2]| names.map(str::to_owned);
        assert_eq!(common(&models(["a-s1", "a-s2"])).as_deref(), Some("a"));
        assert_eq!(common(&models(["a-s1", "b-s1"])), None);
        assert_eq!(common(&models(["1", "2"])), None);
    }

    #[test]
    fn settings_name_what_models_do_not() {
        let settings = |pairs: &[(&str, &str)]| -> Settings {
            let pairs = pairs.iter();
            pairs
                .map(|(key, value)| (key.to_string(), value.to_string()))
                .collect()
        };
        let first = settings(&[("arch.norm", "layer-norm"), ("train.steps", "8")]);
        let other = settings(&[
            ("arch.norm", "rms-norm"),
            ("train.steps", "8"),
            ("arch.tied", "true"),
        ]);
        assert_eq!(
            differences(&first, &other),
            "arch.norm = rms-norm, arch.tied = true"
        );
        assert_eq!(
            differences(&other, &first),
            "arch.norm = layer-norm, arch.tied = -"
        );
        assert_eq!(differences(&first, &first), "baseline");
    }
}
