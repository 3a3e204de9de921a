//! Steps that have content in common, which training never gives them.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Code, Finding, some};
use super::scan::{AuditedCheckpoint, AuditedFile, AuditedTensor};

/// Steps by the content that they have in common.
type Groups<'a, K> = BTreeMap<K, Vec<(u64, &'a AuditedCheckpoint)>>;

fn grouped<'a, K: Ord>(
    checkpoints: &'a [AuditedCheckpoint],
    keys: impl Fn(&'a AuditedCheckpoint) -> Vec<K>,
) -> Groups<'a, K> {
    let mut groups = Groups::new();
    for checkpoint in checkpoints {
        let Some(step) = checkpoint.step else {
            continue;
        };
        for key in keys(checkpoint).into_iter().collect::<BTreeSet<_>>() {
            groups.entry(key).or_default().push((step, checkpoint));
        }
    }
    groups.retain(|_, members| members.len() > 1);
    groups
}

fn content(checkpoint: &AuditedCheckpoint) -> Vec<&str> {
    let mut hashes: Vec<&str> = checkpoint.files.iter().map(|f| f.sha256.as_str()).collect();
    hashes.sort_unstable();
    hashes
}

fn steps_of(members: &[(u64, &AuditedCheckpoint)]) -> Vec<u64> {
    members.iter().map(|(step, _)| *step).collect()
}

/// Which of the steps with one content are not to be believed: all but the last of the series, since
/// it is the final weights that are uploaded in the place of others. Without it among them, it
/// cannot be told whose the content is.
fn suspects(steps: &[u64], checkpoints: &[AuditedCheckpoint]) -> Vec<u64> {
    let last = checkpoints.iter().filter_map(|c| c.step).max();
    let believed = |step: &u64| Some(*step) == last;
    steps.iter().copied().filter(|s| !believed(s)).collect()
}

fn believed(steps: &[u64], suspects: &[u64]) -> String {
    match steps.iter().find(|step| !suspects.contains(step)) {
        Some(step) => format!("they are taken to be those of step {step}"),
        None => "whose they are cannot be told".into(),
    }
}

/// The first steps of a series, step 0 among them, and not all: the schedule's first learning rate is 0 in many
/// runs, and the first updates may be too small for the type of the weights.
fn is_initial(steps: &[u64], checkpoints: &[AuditedCheckpoint]) -> bool {
    let all: Vec<u64> = checkpoints.iter().filter_map(|c| c.step).collect();
    let is_pair = steps == [0, 1];
    let is_begin = steps.first() == Some(&0) && all.starts_with(steps) && all.len() > steps.len();
    is_pair || (is_begin && steps.last() <= Some(&LAST_INITIAL))
}

/// Up to here a step may be step 0 still.
const LAST_INITIAL: u64 = 16;

pub(super) fn identical(checkpoints: &[AuditedCheckpoint]) -> Vec<Finding> {
    let groups = grouped(checkpoints, |c| match c.files.is_empty() {
        true => Vec::new(),
        false => vec![content(c)],
    });
    let finding = |members: &Vec<(u64, &AuditedCheckpoint)>| {
        let steps = steps_of(members);
        if is_initial(&steps, checkpoints) {
            let later = steps[1..].to_vec();
            let words = match later.as_slice() {
                [step] => {
                    format!("step {step} has the weights of step 0: no update changed anything")
                }
                later => format!(
                    "steps {} have the weights of step 0: no update changed anything",
                    some(later)
                ),
            };
            return Finding::new(Code::InitialSteps, steps, words).suspecting(later);
        }
        let suspects = suspects(&steps, checkpoints);
        let words = format!(
            "{} steps have the same weight files to the byte ({}); {}",
            steps.len(),
            some(&steps),
            believed(&steps, &suspects)
        );
        Finding::new(Code::IdenticalSteps, steps, words).suspecting(suspects)
    };
    let mut findings: Vec<_> = groups.values().map(finding).collect();
    findings.sort_by(|a, b| a.steps.cmp(&b.steps));
    findings
}

/// Files that steps of different content have in common.
pub(super) fn shared_files(checkpoints: &[AuditedCheckpoint]) -> Vec<Finding> {
    let hashes = |c: &'_ AuditedCheckpoint| {
        // the base model of an adapter is the same for all steps
        let is_adapter = |f: &&AuditedFile| f.name.starts_with("adapter_model.");
        let adapter = c.files.iter().find(is_adapter);
        let own = c.files.iter().filter(|_| adapter.is_none());
        let hashes = own.chain(adapter).map(|f| f.sha256.clone());
        hashes.collect::<Vec<_>>()
    };
    let groups = grouped(checkpoints, hashes);
    let mut findings = Vec::new();
    for (hash, members) in &groups {
        if alike(members) {
            continue;
        }
        let steps = steps_of(members);
        let suspects = suspects(&steps, checkpoints);
        let mut files = members[0].1.files.iter();
        let name = files.find(|f| f.sha256 == *hash).map_or("", |f| &f.name);
        let words = format!(
            "{} steps share the bytes of `{name}` ({}), though their other files differ; {}",
            steps.len(),
            some(&steps),
            believed(&steps, &suspects)
        );
        let finding = Finding::new(Code::SharedFile, steps, words);
        findings.push(finding.suspecting(suspects).of_file(name));
    }
    findings.sort_by(|a, b| (&a.steps, &a.file).cmp(&(&b.steps, &b.file)));
    findings
}

/// Whether all have the same files.
fn alike(members: &[(u64, &AuditedCheckpoint)]) -> bool {
    members
        .iter()
        .all(|(_, c)| content(c) == content(members[0].1))
}

/// Matrices that steps have in common in files that differ. A buffer is the same in most steps, and
/// a vector may be for long: neither is told, unless steps have all matrices in common.
pub(super) fn shared_tensors(checkpoints: &[AuditedCheckpoint]) -> Vec<Finding> {
    let keys = |c: &'_ AuditedCheckpoint| {
        let tensors = c.tensors.iter().filter(|t| is_trained(t));
        let keys = tensors.filter_map(|t| Some((t.name.clone(), t.sha256.clone()?)));
        keys.collect::<Vec<_>>()
    };
    let mut by_steps: BTreeMap<Vec<u64>, (Vec<String>, &AuditedCheckpoint)> = BTreeMap::new();
    for ((name, _), members) in grouped(checkpoints, keys) {
        if !same_file(&members, &name) {
            let entry = by_steps.entry(steps_of(&members));
            entry.or_insert((Vec::new(), members[0].1)).0.push(name);
        }
    }
    by_steps.retain(|steps, (tensors, first)| {
        let holders = checkpoints.iter().filter(|c| !c.tensors.is_empty()).count();
        let all = first.tensors.iter().filter(|t| is_trained(t)).count();
        2 * steps.len() <= holders || tensors.len() == all
    });
    let findings = by_steps.into_iter().map(|(steps, (tensors, _))| {
        let suspects = match is_initial(&steps, checkpoints) {
            true => steps[1..].to_vec(),
            false => suspects(&steps, checkpoints),
        };
        let words = format!(
            "{} steps share {} matrices ({}), though their files differ: {}",
            steps.len(),
            tensors.len(),
            some(&steps),
            some(tensors.iter().map(|t| format!("`{t}`")))
        );
        Finding::new(Code::SharedTensors, steps, words)
            .suspecting(suspects)
            .of_tensors(tensors)
    });
    findings.collect()
}

/// Whether training changes a tensor from its first steps on.
fn is_trained(tensor: &AuditedTensor) -> bool {
    let floating = matches!(&*tensor.dtype, "F16" | "BF16" | "F32" | "F64");
    floating && tensor.shape.len() > 1 && !tensor.constant
}

/// Whether the files that hold a tensor are the same, which was told already.
fn same_file(members: &[(u64, &AuditedCheckpoint)], name: &str) -> bool {
    let hash = |c: &AuditedCheckpoint| {
        let tensor = c.tensors.iter().find(|t| t.name == name)?;
        let file = c.files.iter().find(|f| f.name == tensor.file)?;
        Some(file.sha256.clone())
    };
    let first = hash(members[0].1);
    members.iter().all(|(_, c)| hash(c) == first)
}
