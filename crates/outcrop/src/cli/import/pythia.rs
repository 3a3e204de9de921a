//! The data set of the paper (arXiv 2508.03616).

use std::collections::BTreeMap;

use outcrop_arch::ArchSpec;
use outcrop_core::{Comparison, CurveVerdict, Fit, NamedArch, Trajectory};
use outcrop_core::{published, table};
use outcrop_fit::{FitOptions, compare_published, fit_all};

use super::{Args, Format, write_provenance};
use crate::cli::output::{columns, print, say, significant};
use crate::{Error, Result};

pub(super) const FORMAT: Format = Format {
    name: "pythia-massive-activations",
    about: "stats/exp2_pythia_SIZE_stepN and params/*.json of the data set that the paper published",
    source: "https://arxiv.org/abs/2508.03616",
    recognise: published::recognise,
    import,
};

fn import(args: &Args) -> Result<()> {
    let found = published::import(&args.dir, args.ratio.ratio(), &args.out)?;
    for problem in &found.problems {
        say(&format!("warning: {problem}"));
    }
    write_archs(&found.trajectories, args)?;
    let models: BTreeMap<&str, usize> = count(&found.trajectories);
    print(&format!(
        "{} layers of {} models, {} published fits, {} problems, in {}",
        found.trajectories.len(),
        models.len(),
        found.fits.len(),
        found.problems.len(),
        args.out.display()
    ));
    if found.fits.is_empty() && found.trajectories.is_empty() {
        let reason = format!("import {}: no file of it could be read", args.dir.display());
        return Err(Error::Nothing(reason));
    }
    if found.fits.is_empty() || found.trajectories.is_empty() {
        return Ok(());
    }
    compare(&found.trajectories, &found.fits, args)
}

fn count(trajectories: &[Trajectory]) -> BTreeMap<&str, usize> {
    let mut models = BTreeMap::new();
    for trajectory in trajectories {
        *models.entry(trajectory.model.as_str()).or_default() += 1;
    }
    models
}

/// The architectures of the models that are named after a Pythia model.
fn write_archs(trajectories: &[Trajectory], args: &Args) -> Result<()> {
    let arch = |model: &str| ArchSpec::pythia(model.strip_prefix("pythia-")?).ok();
    let named = |(model, _): (&str, usize)| {
        Some(NamedArch {
            model: model.to_owned(),
            arch: arch(model)?,
        })
    };
    let archs: Vec<NamedArch> = count(trajectories).into_iter().filter_map(named).collect();
    table::write_architectures(&args.out.join("architectures.csv"), &archs)?;
    write_provenance(args, &FORMAT)
}

/// Compares the published fits with ours of the same least-squares problem.
fn compare(trajectories: &[Trajectory], published: &[Fit], args: &Args) -> Result<()> {
    let options = FitOptions::paper_like()
        .with_hypotheses(&[outcrop_fit::EMERGENCE])?
        .with_draws(0)?;
    let ours = fit_all(trajectories, &options);
    let rows = compare_published(trajectories, &ours, published);
    table::write_rows(&args.out.join("comparison.csv"), &rows)?;
    print(&tally(&rows));
    Ok(())
}

/// One line for each model: the number of each verdict, and the distance between the curves.
fn tally(rows: &[Comparison]) -> String {
    const VERDICTS: [CurveVerdict; 4] = [
        CurveVerdict::SameCurve,
        CurveVerdict::OursLower,
        CurveVerdict::PublishedLower,
        CurveVerdict::NotComparable,
    ];
    let mut models: Vec<&str> = rows.iter().map(|row| row.model.as_str()).collect();
    models.dedup();
    let mut lines = vec![
        std::iter::once("model".to_owned())
            .chain(VERDICTS.iter().map(CurveVerdict::to_string))
            .chain(["median difference".to_owned()])
            .collect::<Vec<_>>(),
    ];
    for model in models {
        let of_model: Vec<&Comparison> = rows.iter().filter(|row| row.model == model).collect();
        let number =
            |verdict: &CurveVerdict| of_model.iter().filter(|r| r.verdict == *verdict).count();
        let mut apart: Vec<f64> = of_model.iter().filter_map(|r| r.rms_difference).collect();
        apart.sort_by(f64::total_cmp);
        let middle = apart
            .get(apart.len() / 2)
            .map_or(String::new(), |d| significant(*d));
        let counts = VERDICTS.iter().map(|verdict| number(verdict).to_string());
        lines.push(
            std::iter::once(model.to_owned())
                .chain(counts)
                .chain([middle])
                .collect(),
        );
    }
    columns(&lines)
}
