//! Whether the checkpoints of a series are what their names say.

mod compare;
mod descent;
mod duplicates;
mod finding;
mod jumps;
mod known;
mod probes;
mod scan;
mod schedule;
mod sketch;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use self::finding::{Code, Finding};
use self::jumps::Apart;
pub use self::scan::{AuditedCheckpoint, AuditedFile, AuditedTensor};
pub use self::sketch::Sketch;
use crate::{Checkpoint, CheckpointSeries, KnownFault, Result, Weights};

/// The options of an audit.
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
    /// Whether to follow the embedding and a few matrices along the series: costs four readings of
    /// these, or none where weights are held ([`Weights::hold`]); the last two checkpoints are then held, too.
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

/// The result of an audit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Audit {
    /// The checkpoints with the hashes of their files, in ascending order of step.
    pub checkpoints: Vec<AuditedCheckpoint>,
    /// The findings, most severe first.
    pub findings: Vec<Finding>,
}

impl Audit {
    /// The steps that should not enter a fit unless someone insists: those of every finding's
    /// `suspects`.
    pub fn suspect_steps(&self) -> BTreeSet<u64> {
        self.suspect_reasons().into_keys().collect()
    }

    /// How many checkpoints should not enter a fit: the suspect steps, and one without a step.
    pub fn suspects(&self) -> usize {
        let alone = self.findings.iter().any(|finding| finding.suspects_alone);
        self.suspect_steps().len() + usize::from(alone)
    }

    /// The steps of [`Audit::suspect_steps`], each with the kinds of findings that call it into
    /// question, such as `identical-steps` or `shared-file;jump`.
    pub fn suspect_reasons(&self) -> BTreeMap<u64, String> {
        let mut reasons: BTreeMap<u64, BTreeSet<Code>> = BTreeMap::new();
        for finding in &self.findings {
            for step in &finding.suspects {
                reasons.entry(*step).or_default().insert(finding.code);
            }
        }
        let words = |codes: BTreeSet<Code>| {
            let words: Vec<String> = codes.iter().map(Code::to_string).collect();
            words.join(";")
        };
        reasons
            .into_iter()
            .map(|(step, codes)| (step, words(codes)))
            .collect()
    }
}

/// Audits a series: hashes every file, compares the steps with each other, and follows a few
/// matrices from step to step. What cannot be read is a finding. A thread holds a piece of one tensor, or all of it where it is
/// strewn over a file; of the others their hashes are kept.
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

/// As [`audit`]; `observe` is called before each checkpoint is read, with the number already read.
pub fn audit_with(
    series: &CheckpointSeries,
    options: &AuditOptions,
    mut observe: impl FnMut(&Checkpoint, usize),
) -> Audit {
    let mut auditor = Auditor::new(options);
    for (done, entry) in series.entries.iter().enumerate() {
        observe(entry, done);
        auditor.scan(entry);
    }
    auditor.finish(series)
}

/// An audit one checkpoint after another, for series of which not all are on the disk at once, as
/// when each is fetched, measured and deleted.
#[derive(Debug)]
pub struct Auditor {
    options: AuditOptions,
    audit: Audit,
    known: Vec<KnownFault>,
    /// Steps that have no weights.
    absent: BTreeSet<u64>,
    /// How far checkpoints that were held are from one another.
    apart: Apart,
}

/// What an [`Auditor`] found in one checkpoint.
#[derive(Debug)]
pub struct CheckpointScan {
    checkpoint: AuditedCheckpoint,
    finding: Option<Finding>,
}

impl Auditor {
    /// Nothing looked at yet.
    pub fn new(options: &AuditOptions) -> Self {
        Self {
            options: *options,
            audit: Audit::default(),
            known: Vec::new(),
            absent: BTreeSet::new(),
            apart: Apart::default(),
        }
    }

    /// Names these faults, where the series has their steps.
    #[must_use]
    pub fn with_known(mut self, faults: Vec<KnownFault>) -> Self {
        self.known = faults;
        self
    }

    /// Takes in that a step has no weights at `place`, a revision of a hub.
    pub fn lacks_weights(&mut self, step: u64, place: &str) {
        self.absent.insert(step);
        self.audit.findings.push(finding::no_weights(step, place));
    }

    /// Hashes a checkpoint's files and reads its tensors, on all threads of the current rayon pool; in any order of steps.
    /// Returns what was scanned; without files if something cannot be read, which is a finding.
    pub fn scan(&mut self, entry: &Checkpoint) -> &AuditedCheckpoint {
        self.scan_opened(entry, &Weights::open(&entry.folder))
    }

    /// As [`Auditor::scan`], of weights that are open, or why they are not. Those that are held ([`Weights::hold`]) are not
    /// read from the disk again; the last two of them stay in memory, where jumps are looked for.
    pub fn scan_opened(
        &mut self,
        entry: &Checkpoint,
        opened: &Result<Weights>,
    ) -> &AuditedCheckpoint {
        let scan = self.look(entry, opened);
        self.take_in(scan)
    }

    /// What [`Auditor::scan_opened`] finds, to be taken in later or not at all.
    pub fn look(&mut self, entry: &Checkpoint, opened: &Result<Weights>) -> CheckpointScan {
        let weights = opened.as_ref().ok().filter(|_| self.options.jumps);
        let ((checkpoint, finding), ()) = rayon::join(
            || scan::scan(entry, opened, self.options.tensors),
            || {
                let weights = weights.into_iter();
                weights.for_each(|weights| self.apart.see(&entry.folder, weights));
            },
        );
        CheckpointScan {
            checkpoint,
            finding,
        }
    }

    /// Takes in a checkpoint that was looked at.
    pub fn take_in(&mut self, scan: CheckpointScan) -> &AuditedCheckpoint {
        self.audit.findings.extend(scan.finding);
        self.recall(scan.checkpoint)
    }

    /// Adds the scan of an earlier audit of a checkpoint that is no longer on the disk.
    pub fn recall(&mut self, checkpoint: AuditedCheckpoint) -> &AuditedCheckpoint {
        let checkpoints = &mut self.audit.checkpoints;
        let at = checkpoints.partition_point(|c| c.step <= checkpoint.step);
        checkpoints.insert(at, checkpoint);
        // the first two are compared, and the later ones would take room
        for later in checkpoints.iter_mut().skip(2) {
            later.sketches = Vec::new();
        }
        &checkpoints[at]
    }

    /// The scans so far, not yet compared.
    pub fn so_far(&self) -> &Audit {
        &self.audit
    }

    /// Compares what was scanned. Jumps are looked for among the checkpoints of `series` that can
    /// still be read.
    pub fn finish(self, series: &CheckpointSeries) -> Audit {
        let Self {
            options,
            mut audit,
            known,
            absent,
            mut apart,
        } = self;
        apart.release();
        let steps = audit.checkpoints.iter().filter_map(|c| c.step);
        let problems = series.problems.iter().filter_map(|problem| problem.step);
        let steps = steps.chain(problems).chain(absent).collect();
        audit.findings.extend(known::known(&known, &steps));
        let checkpoints = &audit.checkpoints;
        audit.findings.extend(compare::checksums(checkpoints));
        audit.findings.extend(descent::not_descended(checkpoints));
        audit.findings.extend(duplicates::identical(checkpoints));
        audit.findings.extend(duplicates::shared_files(checkpoints));
        audit
            .findings
            .extend(duplicates::shared_tensors(checkpoints));
        if options.jumps {
            // Against copies of other steps, an honest one looks wrong.
            let suspects = audit.suspect_steps();
            let jumps = jumps::jumps(series, &suspects, options.jump_ratio, &apart);
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
}
