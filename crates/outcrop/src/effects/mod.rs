//! Effects of variants of a recipe on what emerges, from runs that are paired by seed.

mod numbers;
mod quantities;
mod settings;
mod variants;
mod words;

use std::path::PathBuf;

use outcrop_core::{EffectScale, Error as CoreError, RecipeEffect};
use outcrop_fit::{Effect, EffectOptions, paired_effects};

pub(crate) use settings::{Settings, of_document, of_spec};
pub(crate) use words::words;

use self::numbers::{Numbers, names};
use self::variants::{Variant, variants};
use crate::{Error, Result};

/// What every variant among the run directories `runs` does to every quantity that they have, compared with the variant
/// `baseline` (the first, where that is none): rows by quantity, then by variant in order of appearance.
///
/// # Errors
/// [`Error::Core`] for a table that cannot be read, for a run without a spec, for two runs of one recipe and seed, and for a
/// baseline that is no variant; [`Error::Nothing`] for fewer than two variants, or without seeds in common.
pub(crate) fn of_runs(runs: &[PathBuf], baseline: Option<&str>) -> Result<Vec<RecipeEffect>> {
    let found = variants(runs)?;
    let base = match baseline {
        Some(name) => chosen(&found, name)?,
        None => 0,
    };
    if found.len() < 2 {
        let reason = format!(
            "compare variants: all {} runs have one recipe; give runs that differ in more than `train.seed`",
            runs.len()
        );
        return Err(Error::Nothing(reason));
    }
    let numbers = found.iter().map(Numbers::read);
    let numbers: Vec<Numbers> = numbers.collect::<Result<_>>()?;
    let mut rows = Vec::new();
    for (quantity, scale) in names(&numbers) {
        rows.extend(of_quantity(&numbers, base, &quantity, scale));
    }
    if rows.is_empty() {
        let reason = format!(
            "compare variants: none has a seed in common with `{}`",
            found[base].name
        );
        return Err(Error::Nothing(reason));
    }
    Ok(rows)
}

/// [`of_runs`] for runs of which some share a recipe; empty for others, which have no pairs over seeds.
///
/// # Errors
/// As [`of_runs`].
pub(crate) fn of_seeds(runs: &[PathBuf]) -> Result<Vec<RecipeEffect>> {
    let found = variants(runs)?;
    match found.len() > 1 && found.iter().all(|variant| variant.runs.len() > 1) {
        true => of_runs(runs, None),
        false => Ok(Vec::new()),
    }
}

fn chosen(found: &[Variant], name: &str) -> Result<usize> {
    let names: Vec<&str> = found.iter().map(|variant| variant.name.as_str()).collect();
    let place = names.iter().position(|known| *known == name);
    place.ok_or_else(|| {
        let allowed = format!("one of the variants: {}", names.join(", "));
        CoreError::range("--baseline", name, allowed).into()
    })
}

/// The rows of one quantity, of variants that have it for a seed of the baseline.
fn of_quantity(
    numbers: &[Numbers],
    base: usize,
    quantity: &str,
    scale: EffectScale,
) -> Vec<RecipeEffect> {
    let on_scale = |x: f64| match scale {
        EffectScale::Factor => x.ln(),
        EffectScale::Difference => x,
    };
    let others = (0..numbers.len()).filter(|at| *at != base);
    let pairs: Vec<(usize, Vec<[f64; 2]>)> = others
        .map(|at| {
            let pairs = numbers[at].paired(&numbers[base], quantity).into_iter();
            let pairs = pairs.map(|pair| pair.map(on_scale));
            (at, pairs.filter(|[a, b]| (a - b).is_finite()).collect())
        })
        .collect();
    let differences: Vec<Vec<f64>> = pairs
        .iter()
        .map(|(_, pairs)| pairs.iter().map(|[a, b]| a - b).collect())
        .collect();
    let effects = paired_effects(&differences, EffectOptions::default());
    let rows = pairs
        .iter()
        .zip(effects)
        .filter_map(|((at, pairs), effect)| {
            Some(row(&numbers[*at].variant, quantity, scale, pairs, effect?))
        });
    rows.collect()
}

fn row(
    variant: &str,
    quantity: &str,
    scale: EffectScale,
    pairs: &[[f64; 2]],
    effect: Effect,
) -> RecipeEffect {
    let back = |x: f64| match scale {
        EffectScale::Factor => x.exp(),
        EffectScale::Difference => x,
    };
    let mean = |side: usize| pairs.iter().map(|pair| pair[side]).sum::<f64>() / pairs.len() as f64;
    let end = |interval: Option<[f64; 2]>, side: usize| interval.map(|ends| back(ends[side]));
    RecipeEffect {
        variant: variant.to_owned(),
        quantity: quantity.to_owned(),
        scale,
        n: effect.n as u64,
        baseline: back(mean(1)),
        value: back(mean(0)),
        effect: back(effect.mean),
        lo: end(effect.together, 0),
        hi: end(effect.together, 1),
        lo_alone: end(effect.alone, 0),
        hi_alone: end(effect.alone, 1),
        p: effect.p,
    }
}
