//! Each step's tensors against those of the other steps.

use std::collections::BTreeMap;

use super::finding::{Code, Finding, some, step_words};
use super::scan::{AuditedCheckpoint, AuditedTensor};

fn finding(
    code: Code,
    checkpoint: &AuditedCheckpoint,
    tensors: Vec<String>,
    what: &str,
) -> Option<Finding> {
    if tensors.is_empty() {
        return None;
    }
    let names = some(tensors.iter().map(|t| format!("`{t}`")));
    let words = format!("{} {what}: {names}", step_words(checkpoint.step));
    let steps = checkpoint.step.into_iter().collect();
    Some(Finding::new(code, steps, words).of_tensors(tensors))
}

/// Files that are not what the list beside them says. A step is called into question by those that a
/// measurement would use.
pub(super) fn checksums(checkpoints: &[AuditedCheckpoint]) -> Vec<Finding> {
    let found = checkpoints.iter().flat_map(|checkpoint| {
        checkpoint.altered.iter().map(|altered| {
            let (file, reason) = (&altered.file, &altered.reason);
            let words = format!("{}: `{file}` {reason}", step_words(checkpoint.step));
            let steps = checkpoint.step.into_iter().collect();
            let path = checkpoint.folder.join(file);
            let found = Finding::new(Code::Checksum, steps, words);
            let found = found.of_file(path.display().to_string());
            match altered.is_used {
                true => found.suspecting_it(),
                false => found,
            }
        })
    });
    found.collect()
}

pub(super) fn non_finite(checkpoints: &[AuditedCheckpoint]) -> Vec<Finding> {
    let found = checkpoints.iter().filter_map(|checkpoint| {
        let tensors = checkpoint.tensors.iter().filter(|t| t.non_finite > 0);
        let count: u64 = tensors.clone().map(|t| t.non_finite).sum();
        let names: Vec<String> = tensors.map(|t| t.name.clone()).collect();
        let what = format!(
            "has {count} values that are infinite or no numbers in {} tensors",
            names.len()
        );
        Some(finding(Code::NonFinite, checkpoint, names, &what)?.suspecting_it())
    });
    found.collect()
}

/// What most steps that have a tensor have it as; of two that are equally common, the later.
struct Usual<'a> {
    holders: usize,
    shape: &'a [usize],
    dtype: &'a str,
}

fn usual<'a>(tensors: &[&'a AuditedTensor]) -> Usual<'a> {
    let shapes = tensors.iter().map(|t| t.shape.as_slice());
    let dtypes = tensors.iter().map(|t| t.dtype.as_str());
    Usual {
        holders: tensors.len(),
        shape: most_common(shapes).unwrap_or_default(),
        dtype: most_common(dtypes).unwrap_or_default(),
    }
}

fn most_common<T: Ord + Copy>(items: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: BTreeMap<T, (usize, usize)> = BTreeMap::new();
    for (place, item) in items.enumerate() {
        let (count, last) = counts.entry(item).or_default();
        (*count, *last) = (*count + 1, place);
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.map(|(item, _)| item)
}

pub(super) fn tensors(checkpoints: &[AuditedCheckpoint]) -> Vec<Finding> {
    // One that cannot be read is a finding already.
    let read: Vec<_> = checkpoints
        .iter()
        .filter(|c| !c.tensors.is_empty())
        .collect();
    let mut by_name: BTreeMap<&str, Vec<&AuditedTensor>> = BTreeMap::new();
    for tensor in read.iter().flat_map(|c| &c.tensors) {
        by_name.entry(&tensor.name).or_default().push(tensor);
    }
    let usual: BTreeMap<&str, Usual<'_>> = by_name
        .iter()
        .map(|(name, tensors)| (*name, usual(tensors)))
        .collect();
    let common = |usual: &Usual<'_>| 2 * usual.holders > read.len();
    let mut findings = Vec::new();
    for checkpoint in &read {
        let names = |keep: &dyn Fn(&AuditedTensor, &Usual<'_>) -> bool| {
            let kept = checkpoint
                .tensors
                .iter()
                .filter(|t| keep(t, &usual[&*t.name]));
            kept.map(|t| t.name.clone()).collect::<Vec<_>>()
        };
        let has: std::collections::BTreeSet<&str> =
            checkpoint.tensors.iter().map(|t| &*t.name).collect();
        let absent = usual
            .iter()
            .filter(|(name, u)| common(u) && !has.contains(*name));
        let absent = absent.map(|(name, _)| name.to_string()).collect();
        let differs = [
            (
                Code::Shape,
                names(&|t, u| t.shape != u.shape),
                "has tensors of another shape than most steps",
            ),
            (
                Code::MissingTensors,
                absent,
                "lacks tensors that most steps have",
            ),
            (
                Code::Dtype,
                names(&|t, u| t.dtype != u.dtype),
                "has tensors of another dtype than most steps",
            ),
            (
                Code::ExtraTensors,
                names(&|_, u| !common(u)),
                "has tensors that most steps have not",
            ),
        ];
        for (code, tensors, what) in differs {
            let suspect = matches!(code, Code::Shape | Code::MissingTensors);
            let found = finding(code, checkpoint, tensors, what);
            findings.extend(found.map(|finding| match suspect {
                true => finding.suspecting_it(),
                false => finding,
            }));
        }
    }
    findings
}
