use std::fmt;

use serde::{Deserialize, Serialize};

use crate::SkippedFolder;

/// What kind of thing was found; its text form is that of the JSON, such as `identical-steps`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Code {
    /// A checkpoint cannot be read, or not as a whole.
    Unreadable,
    /// A checkpoint that has a step and no weights.
    NoWeights,
    /// A file differs from the `SHA256SUMS` beside it, or is missing.
    Checksum,
    /// Steps whose weight files are the same byte for byte.
    IdenticalSteps,
    /// Steps of which some weight files are the same, and others not.
    SharedFile,
    /// Steps that have matrices in common, in files that differ.
    SharedTensors,
    /// A step whose weights lie far from both neighbours, which are near each other.
    Jump,
    /// Step 0 is of another run than the steps after it.
    NotDescended,
    /// A fault that someone reported.
    KnownFault,
    /// Values that are infinite or no numbers.
    NonFinite,
    /// Tensors whose shape differs from that in most steps.
    Shape,
    /// Tensors that most steps have, and this one has not.
    MissingTensors,
    /// The first steps are step 0: their updates had a learning rate of 0, or were lost to rounding.
    InitialSteps,
    /// Tensors whose type differs from that in most steps.
    Dtype,
    /// Tensors that most steps have not, and this one has.
    ExtraTensors,
    /// Steps of the schedule that the series follows, which it lacks.
    MissingSteps,
    /// A folder among the checkpoints that is none, or whose weights are no model's.
    NoCheckpoint,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unreadable => "unreadable",
            Self::NoWeights => "no-weights",
            Self::Checksum => "checksum",
            Self::IdenticalSteps => "identical-steps",
            Self::SharedFile => "shared-file",
            Self::SharedTensors => "shared-tensors",
            Self::Jump => "jump",
            Self::NotDescended => "not-descended",
            Self::KnownFault => "known-fault",
            Self::NonFinite => "non-finite",
            Self::Shape => "shape",
            Self::MissingTensors => "missing-tensors",
            Self::InitialSteps => "initial-steps",
            Self::Dtype => "dtype",
            Self::ExtraTensors => "extra-tensors",
            Self::MissingSteps => "missing-steps",
            Self::NoCheckpoint => "no-checkpoint",
        })
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// Its kind.
    pub code: Code,
    /// The steps that it is about, ascending; empty for a checkpoint without a step.
    pub steps: Vec<u64>,
    /// Those of them that should not enter a fit.
    pub suspects: Vec<u64>,
    /// Whether it calls a checkpoint without a step into question.
    #[serde(default)]
    pub suspects_alone: bool,
    /// The file or folder that it is about, if it is one.
    pub file: Option<String>,
    /// The tensors that it is about, sorted.
    pub tensors: Vec<String>,
    /// All of it in a sentence.
    pub words: String,
}

impl Finding {
    /// One that calls no step into question.
    pub(super) fn new(code: Code, steps: Vec<u64>, words: String) -> Self {
        Self {
            code,
            steps,
            suspects: Vec::new(),
            suspects_alone: false,
            file: None,
            tensors: Vec::new(),
            words,
        }
    }

    pub(super) fn suspecting(mut self, suspects: Vec<u64>) -> Self {
        self.suspects = suspects;
        self
    }

    /// One that calls the checkpoint that it is about into question.
    pub(super) fn suspecting_it(mut self) -> Self {
        self.suspects_alone = self.steps.is_empty();
        self.suspects = self.steps.clone();
        self
    }

    pub(super) fn of_file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    pub(super) fn of_tensors(mut self, tensors: Vec<String>) -> Self {
        self.tensors = tensors;
        self
    }
}

pub(super) fn problem(problem: &SkippedFolder) -> Finding {
    let path = problem.path.display().to_string();
    if let Some(step) = problem.step.filter(|_| problem.lacks_weights) {
        let words = format!(
            "step {step} has no weights: {path} was skipped: {}",
            problem.reason
        );
        return Finding::new(Code::NoWeights, vec![step], words).of_file(path);
    }
    let words = format!("{path} was skipped: {}", problem.reason);
    Finding::new(Code::NoCheckpoint, Vec::new(), words).of_file(path)
}

/// As told by a hub.
pub(super) fn no_weights(step: u64, place: &str) -> Finding {
    let words = format!("step {step} has no weights: the hub has {place} without them");
    Finding::new(Code::NoWeights, vec![step], words).of_file(place)
}

/// `step 8`, or `the checkpoint` where it has none.
pub(super) fn step_words(step: Option<u64>) -> String {
    step.map_or("the checkpoint".into(), |step| format!("step {step}"))
}

/// The first few of a list: `0, 1, 2, 4 and 72 more`.
pub(super) fn some<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    const FEW: usize = 4;
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    let first = items[..items.len().min(FEW)].join(", ");
    match items.len().saturating_sub(FEW) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
