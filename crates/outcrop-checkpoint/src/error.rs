use std::path::PathBuf;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with checkpoints. Each message completes "failed to ...".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error(transparent)]
    Core(#[from] outcrop_core::Error),
    /// A file that is not the safetensors file its header claims.
    #[error("read {} as safetensors: {reason}", path.display())]
    Malformed {
        /// The file at fault.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A tensor of a type that is not read.
    #[error(
        "read {}: tensor `{tensor}` has dtype {dtype}; supported are F32, F16, BF16 and F64",
        path.display()
    )]
    Dtype {
        /// The file.
        path: PathBuf,
        /// The tensor at fault.
        tensor: String,
        /// Its type, as safetensors names it.
        dtype: String,
    },
    /// A folder without weights under a name that is known.
    #[error(
        "find weights in {}: it has neither `model.safetensors` nor `pytorch_model.bin`, nor the \
         `.index.json` of either",
        path.display()
    )]
    NoWeights {
        /// The folder.
        path: PathBuf,
    },
    /// A PEFT adapter, which is not applied.
    #[error(
        "read the weights in {}: {}", path.display(), adapter(*alone)
    )]
    Adapter {
        /// The folder.
        path: PathBuf,
        /// Whether there are no full weights beside it.
        alone: bool,
    },
    /// Two tensors of one name, which have different values.
    #[error(
        "read {}: {first} and {second} are one tensor by their names, and their values differ; \
         keep one",
        path.display()
    )]
    Twice {
        /// The checkpoint.
        path: PathBuf,
        /// Name and file of one.
        first: String,
        /// Name and file of the other.
        second: String,
    },
    /// A folder in which no checkpoint was found.
    #[error("find checkpoints in {}: {reason}", path.display())]
    NoCheckpoints {
        /// The folder.
        path: PathBuf,
        /// Why, and what was seen instead.
        reason: String,
    },
    /// Checkpoints of several stages, seeds or models, each of which counts its own steps.
    #[error(
        "list checkpoints in {}: they are of several stages, and {reason}: {stages}; choose one with \
         --stage",
        path.display()
    )]
    Stages {
        /// The folder.
        path: PathBuf,
        /// Why they cannot be taken together.
        reason: String,
        /// The stages with the number of their checkpoints.
        stages: String,
    },
    /// Steps that are smaller in a later epoch.
    #[error(
        "list checkpoints: the step of {} is smaller than that of {}, of an earlier epoch; name them by \
         steps that do not restart with each epoch",
        later.display(),
        earlier.display()
    )]
    Epochs {
        /// The checkpoint of the later epoch.
        later: PathBuf,
        /// The checkpoint of the earlier epoch.
        earlier: PathBuf,
    },
    /// Revisions of a model of which one has to be chosen.
    #[error(
        "choose a revision of {}: {reason}; choose with --revision among {there}",
        path.display()
    )]
    Revisions {
        /// The model in the cache, or its name on the hub.
        path: PathBuf,
        /// Why none was chosen.
        reason: String,
        /// Those that are there.
        there: String,
    },
    /// An index of shards that does not hold, or whose shards do not.
    #[error("read {}: {reason}", path.display())]
    Index {
        /// The index.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that is no PyTorch checkpoint of tensors.
    #[error("read {} as a PyTorch checkpoint: {reason}", path.display())]
    PyTorch {
        /// The file at fault.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file of another trainer or program that is not what its format asks for.
    #[error("read {} as {format}: {reason}", path.display())]
    Format {
        /// The file at fault.
        path: PathBuf,
        /// The format.
        format: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Weights under a trainer's names that are not what it makes.
    #[error("read the weights in {} as their trainer has them: {reason}", path.display())]
    Trainer {
        /// What was opened.
        path: PathBuf,
        /// What is wrong with them.
        reason: String,
    },
    /// Weights that say their architecture, but not all of it.
    #[error(
        "read the architecture in {}: {reason}; write it as a config.json of transformers, and name that with --config",
        path.display()
    )]
    Config {
        /// What was opened.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// A PyTorch checkpoint that wants to do more than hold tensors. Nothing of it was run.
    #[error(
        "read {}: its pickle asks to call `{name}`; a checkpoint must hold tensors only (nothing \
         was called); if you made it yourself, save the model's state dict alone",
        path.display()
    )]
    Forbidden {
        /// The file at fault.
        path: PathBuf,
        /// The class or function that it calls, as module and name.
        name: String,
    },
    /// A tensor that a checkpoint has not.
    #[error(
        "read tensor `{tensor}`: {} has none of that name{}",
        path.display(),
        nearest.as_ref().map(|n| format!(" (did you mean `{n}`?)")).unwrap_or_default()
    )]
    NoTensor {
        /// The checkpoint.
        path: PathBuf,
        /// The name asked for.
        tensor: String,
        /// The name nearest to it, if one is near.
        nearest: Option<String>,
    },
    /// Rows that a tensor has not.
    #[error(
        "read rows {}..{} of tensor `{tensor}` in {}: it has {count}",
        rows.start, rows.end, path.display()
    )]
    Rows {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// The rows asked for.
        rows: std::ops::Range<usize>,
        /// The rows that there are.
        count: usize,
    },
    /// A model or revision that a hub has not.
    #[error(
        "fetch {repo} at revision {revision}: {endpoint} has no such model or revision, or shows \
         it to some only (HTTP {status}); a token may be needed"
    )]
    NoRevision {
        /// The hub.
        endpoint: String,
        /// The model.
        repo: String,
        /// The revision asked for.
        revision: String,
        /// 401, 403 or 404.
        status: u16,
    },
    /// A revision of a hub that has no weights.
    #[error(
        "fetch {repo} at revision {revision}: it has none of the files {files}; where its publisher has \
         them elsewhere, fetch them and measure their folder"
    )]
    NoFiles {
        /// The model.
        repo: String,
        /// The revision.
        revision: String,
        /// The names by which weights are looked for.
        files: String,
    },
    /// A download that failed, or differs from what was announced. The received part is kept, and the next attempt
    /// continues from there.
    #[error("fetch {what}: {reason}")]
    Fetch {
        /// The address or name at fault.
        what: String,
        /// What went wrong.
        reason: String,
    },
    /// A download that the user stopped.
    #[error("fetch {what}: stopped; the next fetch continues from there")]
    Stopped {
        /// The address or name that was being fetched.
        what: String,
    },
    /// A disk without room.
    #[error(
        "write {}: the disk is full, {missing} bytes are missing; free that much and fetch \
         again, it continues from there",
        path.display()
    )]
    DiskFull {
        /// The file that was written.
        path: PathBuf,
        /// Bytes that it lacks.
        missing: u64,
    },
    /// A tensor that cannot be written.
    #[error("write {}: tensor `{tensor}` {reason}", path.display())]
    Tensor {
        /// The file that was to be written.
        path: PathBuf,
        /// The tensor at fault.
        tensor: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Two folders or revisions of one step.
    #[error(
        "list checkpoints: {} and {} are both step {step}; remove or rename one, or say with --revision which \
         revisions are meant",
        first.display(),
        second.display()
    )]
    DuplicateStep {
        /// The step.
        step: u64,
        /// One folder, or the ref of one revision.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// A folder that is not what its `SHA256SUMS` lists.
    #[error("verify {}: `{file}` {reason}", folder.display())]
    Invalid {
        /// The checkpoint.
        folder: PathBuf,
        /// The first file at fault, relative to the folder.
        file: String,
        /// Whether it is missing, extra or differs, and how.
        reason: String,
    },
    /// A file in a checkpoint that `SHA256SUMS` cannot list.
    #[error("write the checksums of {}: {reason}", path.display())]
    Unlistable {
        /// The file at fault.
        path: PathBuf,
        /// Why.
        reason: &'static str,
    },
}

fn adapter(alone: bool) -> &'static str {
    match alone {
        true => {
            "they are a PEFT adapter alone, which needs its base model; load both with peft, \
             `merge_and_unload()`, and `save_pretrained` the whole model"
        }
        false => {
            "`adapter_config.json` says that a PEFT adapter belongs to them, which is not applied \
             here; load both with peft, `merge_and_unload()` and `save_pretrained`, or name the \
             weight file itself to leave the adapter out"
        }
    }
}

impl Error {
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
        source: std::io::Error,
    ) -> Self {
        outcrop_core::Error::io(action, path, source).into()
    }
}
