//! All verdicts in one sentence.

use outcrop_predict::{Conclusion, PredictOptions, Regressor, Table, Target, Verdict, evaluate};

use crate::Result;

/// A warning if the verdict on `target` is not that the architecture predicts more of it than the depth of a layer
/// does.
pub(crate) fn warning(table: &Table, target: Target) -> Result<Option<String>> {
    let options = PredictOptions {
        regressors: vec![Regressor::Shape],
        ..PredictOptions::default()
    };
    let verdicts = evaluate(table, &options)?.verdicts;
    let verdict = verdicts.into_iter().find(|v| v.target == target);
    let doubtful = verdict.filter(|v| v.conclusion != Conclusion::Signal);
    Ok(doubtful.map(|verdict| {
        format!("warning: the order of these architectures may be chance. {verdict}")
    }))
}

/// The targets that architectures, with their recipes where these differ, predict better than depth does, and those that they
/// do not.
pub(crate) fn summary(verdicts: &[Verdict], recipes_differ: bool) -> String {
    let who = match recipes_differ {
        true => "architectures and recipes",
        false => "architectures",
    };
    let of = |conclusion: Conclusion| {
        let found = verdicts.iter().filter(|v| v.conclusion == conclusion);
        let names: Vec<&str> = found.map(|v| v.target.name()).collect();
        names.join(", ")
    };
    let (more, no_more) = (of(Conclusion::Signal), of(Conclusion::NoSignal));
    match (more.is_empty(), no_more.is_empty()) {
        (true, true) => "too few architectures to say whether they tell more than depth".into(),
        (true, false) => format!("{who} tell no more than depth of {no_more}"),
        (false, true) => format!("{who} tell more than depth of {more}"),
        (false, false) => {
            format!("{who} tell more than depth of {more}; no more of {no_more}")
        }
    }
}
