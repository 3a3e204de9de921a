use std::path::PathBuf;

use outcrop_core::{
    CurvePoint, Fit, NamedArch, Provenance, Ratio, Trajectory, sha256_file, table, write_atomic,
};
use outcrop_predict::{Evaluation, PredictOptions, Table, Verdict, evaluate};
use outcrop_report::{Inputs, Summary};
use outcrop_train::{Environment, RunSpec};

use super::explained::explained;
use super::{Before, Profile, Results};
use crate::Result;

/// Results of a profile.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// How far did ratios grow, are there massive activations, and how well are the curves described?
    pub summary: Summary,
    /// The page.
    pub report: PathBuf,
    /// For each target, in words: does the architecture predict more of it than depth does?
    pub verdicts: Vec<Verdict>,
    /// Notes for the user, such as why nothing could be predicted.
    pub warnings: Vec<String>,
}

/// Fits every layer of the finished `runs` of `profile`, scores predictions, and writes the tables
/// (`architectures.csv`, `measurements.csv`, `loss.csv`, `events.csv`, `trajectories.csv`, `fits.csv`, `curves.csv`,
/// `scores.csv`, `model_scores.csv`, `predictions.csv`, `provenance.json`), the verdicts in words
/// (`verdicts.txt`) and the report; `effects.csv`, too, where every recipe has several seeds. `command` is what the
/// provenance names.
///
/// # Errors
/// [`crate::Error::Core`] and [`crate::Error::Report`] for what cannot be read or written. Too few
/// models to predict from are no error but a warning.
pub fn analyse(
    profile: &Profile,
    runs: &[RunSpec],
    results: &Results,
    environment: &Environment,
    command: &str,
) -> Result<Analysis> {
    let gathered = results.gather(runs)?;
    let trajectories = Trajectory::from_measurements(&gathered.measurements, Ratio::default());
    let (fits, curves) = fit_all(&trajectories);
    let mut warnings = Vec::new();
    let evaluation = score(&gathered.archs, &fits).unwrap_or_else(|error| {
        warnings.push(format!("nothing was predicted: failed to {error}"));
        nothing()
    });
    table::write_architectures(&results.file("architectures.csv"), &gathered.archs)?;
    table::write_measurements(&results.file("measurements.csv"), &gathered.measurements)?;
    table::write_rows(&results.file("loss.csv"), &gathered.losses)?;
    let found = crate::events::of_runs(
        &gathered.losses,
        &gathered.measurements,
        &crate::events::rates(runs),
    );
    let events = crate::events::with_set(found, gathered.events);
    table::write_rows(&results.file("events.csv"), &events)?;
    table::write_trajectories(&results.file("trajectories.csv"), &trajectories)?;
    table::write_rows_with(&results.file("fits.csv"), &fits, crate::fits::layout()?)?;
    table::write_rows(&results.file("curves.csv"), &curves)?;
    table::write_rows(&results.file("scores.csv"), &evaluation.scores)?;
    table::write_rows(&results.file("model_scores.csv"), &evaluation.model_scores)?;
    table::write_rows(&results.file("predictions.csv"), &evaluation.predictions)?;
    write_atomic(
        &results.file("verdicts.txt"),
        words(&evaluation.verdicts).as_bytes(),
    )?;
    let finished = results.finished(runs)?;
    let effects = crate::effects::of_seeds(&finished)?;
    if !effects.is_empty() {
        table::write_rows(&results.file("effects.csv"), &effects)?;
    }
    let before = Before::read(results)?;
    warnings.extend(before.warnings);
    let is_run = |point: &CurvePoint| gathered.archs.iter().any(|of| of.model == point.model);
    let predicted = before.points.into_iter().filter(is_run).collect();
    let mut provenance = Provenance {
        command: Some(command.to_owned()),
        ..provenance(profile, runs, results, environment)?
    };
    let hash = before.sha256.map(|hash| ("predicted.csv".to_owned(), hash));
    provenance.inputs_sha256.extend(hash);
    provenance.write(&results.file("provenance.json"))?;
    let corpus = |run: &RunSpec| (run.model.clone(), run.data.corpus.to_string());
    let inputs = Inputs {
        attributions: explained(&in_order(gathered.archs.clone()), &fits),
        verdicts: words(&evaluation.verdicts)
            .lines()
            .map(str::to_owned)
            .collect(),
        corpora: runs.iter().map(corpus).collect(),
        tables: ["trajectories", "fits", "scores"]
            .map(|name| (name.to_owned(), format!("../{name}.csv")))
            .into(),
        title: format!("Massive activations: profile {}", profile.name),
        archs: gathered.archs,
        measurements: gathered.measurements,
        trajectories,
        fits,
        curves,
        losses: gathered.losses,
        scores: evaluation.scores,
        predictions: evaluation.predictions,
        events,
        predicted,
        effects,
        provenance,
        ..Inputs::default()
    };
    let written = outcrop_report::write_report(&inputs, &results.file("report"))?;
    Ok(Analysis {
        summary: outcrop_report::summary(&inputs),
        report: written.html,
        verdicts: evaluation.verdicts,
        warnings,
    })
}

/// Every hypothesis for every trajectory: rows of `fits.csv` and `curves.csv`.
pub fn fit_all(trajectories: &[Trajectory]) -> (Vec<Fit>, Vec<CurvePoint>) {
    let fitted = outcrop_fit::fit_all(trajectories, &outcrop_fit::FitOptions::default());
    let (mut fits, mut curves) = (Vec::new(), Vec::new());
    for trajectory in fitted {
        fits.extend(trajectory.fits);
        curves.extend(trajectory.curves);
    }
    (fits, curves)
}

/// Scores of every regressor under every protocol, its predictions of models it never saw, verdicts.
fn score(archs: &[NamedArch], fits: &[Fit]) -> Result<Evaluation, outcrop_predict::Error> {
    evaluate(
        &Table::new(&in_order(archs.to_vec()), fits)?,
        &PredictOptions::default(),
    )
}

/// The same architectures by shape, then by name, shorter names first. Random splits and relabellings draw models by
/// index; sorting makes them independent of the order of rows in a table.
pub(crate) fn in_order(mut archs: Vec<NamedArch>) -> Vec<NamedArch> {
    archs.sort_by(|a, b| {
        let shape = |n: &NamedArch| (n.arch.layers, n.arch.d_model, n.arch.heads, n.arch.d_ff);
        let names = a.model.len().cmp(&b.model.len());
        let names = names.then_with(|| b.model.cmp(&a.model)); // as in data/atlas
        shape(a).cmp(&shape(b)).then(names)
    });
    archs
}

fn nothing() -> Evaluation {
    Evaluation {
        scores: Vec::new(),
        model_scores: Vec::new(),
        predictions: Vec::new(),
        verdicts: Vec::new(),
        ceilings: Vec::new(),
        left_out: Vec::new(),
    }
}

/// One verdict a line.
fn words(verdicts: &[Verdict]) -> String {
    verdicts
        .iter()
        .map(|verdict| format!("{verdict}\n"))
        .collect()
}

/// Hashes of what the finished `runs` of `profile` are made of.
pub(super) fn provenance(
    profile: &Profile,
    runs: &[RunSpec],
    results: &Results,
    environment: &Environment,
) -> Result<Provenance> {
    let mut seeds = profile.runs.iter().map(|run| run.train.seed);
    let shared = seeds.next().filter(|first| seeds.all(|s| s == *first));
    let mut provenance = Provenance {
        seed: shared,
        version: env!("CARGO_PKG_VERSION").into(),
        git_revision: environment.git_revision.clone(),
        spec_sha256: Some(profile.sha256()?),
        backend: Some(environment.backend.name().into()),
        ..Provenance::default()
    };
    for run in runs {
        let dir = results.run(&run.model);
        if !dir.state()?.finished {
            continue;
        }
        let own = Provenance::read(&dir.path().join("provenance.json"))?;
        if let Some(corpus) = own.corpus_sha256 {
            provenance
                .inputs_sha256
                .insert(format!("corpus {}", run.data.corpus), corpus);
        }
        let table = sha256_file(&dir.measurements())?;
        provenance
            .inputs_sha256
            .insert(format!("{}/measurements.csv", run.model), table);
    }
    Ok(provenance)
}
