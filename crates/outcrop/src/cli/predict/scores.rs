//! Verdicts in words, then scores of every regressor.

use outcrop_core::Score;
use outcrop_predict::{
    Ceiling, Evaluation, PredictOptions, Protocol, Regressor, Table, Target, evaluate,
};

use super::super::output::{columns, print, say, write_rows};
use super::super::verdicts;
use super::{Args, results};
use crate::Result;

/// The verdicts in one sentence.
pub(super) fn summary(table: &Table) -> Result<String> {
    let options = only(Regressor::Shape);
    let verdicts = evaluate(table, &options)?.verdicts;
    Ok(verdicts::summary(&verdicts, table.recipes_differ()))
}

/// One regressor and the baselines.
fn only(regressor: Regressor) -> PredictOptions {
    let others = Regressor::BASELINES.into_iter().filter(|b| *b != regressor);
    PredictOptions {
        regressors: std::iter::once(regressor).chain(others).collect(),
        ..PredictOptions::default()
    }
}

pub(super) fn show(table: &Table, args: &Args) -> Result<()> {
    let regressor = args.regressor.as_deref().map(Regressor::from_name);
    let options = regressor
        .transpose()?
        .map_or_else(PredictOptions::default, only);
    let evaluation = evaluate(table, &options)?;
    let words = words(table, &evaluation);
    let target = args.to.target()?;
    if target.is_read_here() {
        words.iter().for_each(|line| print(line));
        print(&overview(&evaluation));
        return Ok(());
    }
    words.iter().for_each(|line| say(line));
    write_rows(&evaluation.scores, &target)
}

/// The verdicts, then warnings about the data.
fn words(table: &Table, evaluation: &Evaluation) -> Vec<String> {
    let asked = match table.recipes_differ() {
        true => "do architecture and recipe",
        false => "does the architecture",
    };
    let counts = results::counts(table);
    let question = format!("{counts}: {asked} predict more than the depth of a layer?");
    let mut lines = vec![question];
    let verdicts = evaluation.verdicts.iter();
    lines.extend(verdicts.map(|verdict| format!("  {verdict}")));
    lines.extend(unscored(evaluation));
    lines.extend(results::left_out(table));
    lines.extend(results::notes(table));
    lines
}

fn unscored(evaluation: &Evaluation) -> Option<String> {
    let left_out = evaluation.left_out.iter();
    let targets: Vec<String> = left_out
        .map(|l| format!("{} ({} layers of {})", l.target, l.rows, l.models))
        .collect();
    let targets = targets.join(", ");
    (!targets.is_empty())
        .then(|| format!("  no score, as fewer than three models identify them: {targets}"))
}

/// Q2 of every regressor on every target: of architectures left out, row by row and each counting the same, then of corpora and
/// of the largest.
fn overview(evaluation: &Evaluation) -> String {
    let Some(first) = evaluation.verdicts.first() else {
        return String::new();
    };
    let honest = first.protocol;
    let [corpora, largest] = [Protocol::LeaveOneCorpusOut, Protocol::LeaveLargestOut];
    let tables = [
        q2(evaluation, honest),
        gain(evaluation, honest),
        q2(evaluation, corpora),
        q2(evaluation, largest),
    ];
    let tables: Vec<String> = tables.into_iter().flatten().collect();
    format!(
        "\n{}\n\n--format csv has all protocols, errors and p",
        tables.join("\n\n")
    )
}

/// Q2 under one protocol; none where it does not apply.
fn q2(evaluation: &Evaluation, protocol: Protocol) -> Option<String> {
    let title = format!(
        "Q2, {}; 0 is as good as the mean, 1 perfect",
        protocol.name()
    );
    let rows = scored(evaluation, protocol, |score| score.r2, |ceiling| ceiling.q2)?;
    Some(format!("{title}\n{}", columns(&rows)))
}

/// The same against the depth profile, every architecture counting the same.
fn gain(evaluation: &Evaluation, protocol: Protocol) -> Option<String> {
    let title = format!(
        "Gain, {}: as Q2, but every architecture counts the same, however many layers and seeds it has; 0 is as good as the \
         depth profile, 1 perfect",
        protocol.name()
    );
    let rows = scored(
        evaluation,
        protocol,
        |score| score.gain,
        |ceiling| ceiling.gain,
    )?;
    Some(format!("{title}\n{}", columns(&rows)))
}

/// A score of every regressor on every target under one protocol, then its ceiling; none where the protocol does not apply.
fn scored(
    evaluation: &Evaluation,
    protocol: Protocol,
    of_score: fn(&Score) -> Option<f64>,
    of_ceiling: fn(&Ceiling) -> f64,
) -> Option<Vec<Vec<String>>> {
    let scores = evaluation.scores.iter();
    let tested: Vec<&Score> = scores.filter(|s| s.protocol == protocol.name()).collect();
    let targets: Vec<Target> = evaluation.verdicts.iter().map(|v| v.target).collect();
    let mut rows = vec![vec!["regressor".to_owned()]];
    rows[0].extend(targets.iter().map(|t| t.name().to_owned()));
    let mut add = |name: &str, value: &dyn Fn(Target) -> Option<f64>| {
        let cell = |value: f64| format!("{value:.2}").replace("-0.00", "0.00");
        let cells = targets.iter().map(|t| value(*t).map_or("-".into(), cell));
        rows.push([vec![name.to_owned()], cells.collect()].concat());
    };
    for regressor in Regressor::ALL {
        let of_regressor = tested.iter().filter(|s| s.regressor == regressor.name());
        let scores: Vec<&&Score> = of_regressor.collect();
        if !scores.is_empty() {
            add(regressor.name(), &|target| {
                of_score(scores.iter().find(|s| s.target == target.name())?)
            });
        }
    }
    if !evaluation.ceilings.is_empty() {
        add("ceiling (scatter of seeds)", &|target| {
            let found = evaluation.ceilings.iter().find(|c| c.target == target);
            found.map(of_ceiling)
        });
    }
    (!tested.is_empty()).then_some(rows)
}
