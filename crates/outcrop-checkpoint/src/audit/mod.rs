//! Whether the checkpoints of a series are what their names say.

mod compare;
mod duplicates;
mod finding;
mod jumps;
mod scan;
mod schedule;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use self::finding::{Code, Finding};
pub use self::scan::{AuditedCheckpoint, AuditedFile, AuditedTensor};
use crate::{Checkpoint, CheckpointSeries};

/// What an audit looks at.
///
/// | field | default | purpose |
/// |---|---|---|
/// | `tensors` | true | read every tensor: its hash and its non-finite values |
/// | `jumps` | true | follow a few matrices along the series |
/// | `jump_ratio` | 1.5 | from where on a detour is a jump; more than 1 |
///
/// Files are hashed and headers compared in any case.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct AuditOptions {
    /// Whether to read every tensor, beside hashing every file: costs a second reading of all.
    pub tensors: bool,
    /// Whether to follow the embedding and a few matrices along the series: costs three readings of
    /// these.
    pub jumps: bool,
    /// A step is reported whose smaller distance to its neighbours is more than this many times the
    /// distance between the neighbours themselves. A straight path has 0.5 here, a random walk 0.7,
    /// weights that only fluctuate about one place 1; weights from elsewhere in training have more
    /// the farther they come from, 2.1 when they come from ten steps of a random walk away.
    pub jump_ratio: f64,
}

impl Default for AuditOptions {
    fn default() -> Self {
        Self {
            tensors: true,
            jumps: true,
            jump_ratio: 1.5,
        }
    }
}

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Audit {
    /// The checkpoints with the hashes of their files, in ascending order of step.
    pub checkpoints: Vec<AuditedCheckpoint>,
    /// What is conspicuous, the gravest kinds first.
    pub findings: Vec<Finding>,
}

impl Audit {
    /// The steps that should not enter a fit unless someone insists: those of every finding's
    /// `suspects`.
    pub fn suspect_steps(&self) -> BTreeSet<u64> {
        let suspects = self.findings.iter().flat_map(|finding| &finding.suspects);
        suspects.copied().collect()
    }
}

/// Audits a series: hashes every file, compares the steps with each other, and follows a few
/// matrices from step to step. What cannot be read is a finding. One tensor at a time is held in
/// memory, and the hash of each.
///
/// A run of several wrong steps one after another is not seen as a jump, nor is a wrong first or
/// last one: each needs a neighbour on both sides that is right.
///
/// ```
/// use outcrop_checkpoint::{AuditOptions, CheckpointSeries, Code, Tensor, audit, write_tensors};
///
/// let dir = tempfile::tempdir()?;
/// for (step, value) in [(0, 1.0), (512, 2.0), (1000, 2.0)] {
///     let folder = dir.path().join(format!("step{step}"));
///     std::fs::create_dir(&folder)?;
///     let weight = Tensor { name: "w".into(), shape: vec![2, 2], data: vec![value; 4] };
///     write_tensors(&folder.join("model.safetensors"), &[weight], &Default::default())?;
/// }
/// let audit = audit(&CheckpointSeries::open(dir.path())?, &AuditOptions::default());
/// assert_eq!(audit.findings[0].code, Code::IdenticalSteps);
/// assert_eq!(audit.findings[0].steps, [512, 1000]);
/// // The last step is taken to be the one whose weights they are.
/// assert_eq!(audit.suspect_steps().into_iter().collect::<Vec<_>>(), [512]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn audit(series: &CheckpointSeries, options: &AuditOptions) -> Audit {
    audit_with(series, options, |_, _| {})
}

/// As [`audit`]; `observe` is told of each checkpoint before it is read, and how many were.
pub fn audit_with(
    series: &CheckpointSeries,
    options: &AuditOptions,
    mut observe: impl FnMut(&Checkpoint, usize),
) -> Audit {
    let mut audit = Audit::default();
    for (done, entry) in series.entries.iter().enumerate() {
        observe(entry, done);
        let (checkpoint, finding) = scan::scan(entry, options.tensors, &audit.checkpoints);
        audit.checkpoints.push(checkpoint);
        audit.findings.extend(finding);
    }
    let checkpoints = &audit.checkpoints;
    audit.findings.extend(duplicates::identical(checkpoints));
    audit.findings.extend(duplicates::shared_files(checkpoints));
    audit
        .findings
        .extend(duplicates::shared_tensors(checkpoints));
    if options.jumps {
        // Against copies of other steps, an honest one looks wrong.
        let suspects = audit.suspect_steps();
        let jumps = jumps::jumps(series, &suspects, options.jump_ratio);
        audit.findings.extend(jumps);
    }
    let checkpoints = &audit.checkpoints;
    audit.findings.extend(compare::non_finite(checkpoints));
    audit.findings.extend(compare::tensors(checkpoints));
    audit.findings.extend(schedule::missing(series));
    audit
        .findings
        .extend(series.problems.iter().map(finding::problem));
    audit.findings.sort_by_key(|finding| finding.code);
    audit
}
