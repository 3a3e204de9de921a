use crate::{Regressor, Target};

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why architectures and fits do not make a prediction. Each message completes "failed to ...".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A part of a request for a design that is not understood.
    #[error("read the {what} `{text}`: {reason}")]
    Request {
        /// Which part.
        what: &'static str,
        /// The text.
        text: String,
        /// Why, and the way out.
        reason: String,
    },
    /// Nothing keeps every constraint of a design.
    #[error(
        "design: none of the {looked} architectures that were looked at keeps every constraint; {reason}"
    )]
    Unsatisfied {
        /// Number of architectures, without regard to the constraints.
        looked: usize,
        /// The binding constraints, and the way out.
        reason: String,
    },
    /// More groups of features than can be enumerated.
    #[error(
        "explain by enumeration: {found} groups of features vary separately, at most {most} can be enumerated ({groups}); choose fewer features"
    )]
    TooManyGroups {
        /// Number of groups.
        found: usize,
        /// Largest number that is accepted.
        most: usize,
        /// Their names.
        groups: String,
    },
    /// Rows, groups of columns or a grid that do not belong together.
    #[error("explain: {reason}")]
    Columns {
        /// What does not match.
        reason: String,
    },
    /// A target that too few models identify.
    #[error(
        "predict {target}: it is identified in {models} models, at least {needed} are needed; choose another target, or fit more models or longer runs"
    )]
    Unidentified {
        /// The target.
        target: Target,
        /// Number of models that identify it.
        models: usize,
        /// Smallest number that is accepted.
        needed: usize,
    },
    /// Models of one architecture alone, seeds of each other, in which no feature varies between models.
    #[error(
        "explain {target}: its {models} models are of one architecture, so that nothing of an architecture varies and \
         none can be left out; give models of two or more (seeds of one are compared by `outcrop compare`)"
    )]
    OneArchitecture {
        /// The target.
        target: Target,
        /// Number of models that identify it.
        models: usize,
    },
    /// A (model, layer) that is not there.
    #[error("explain `{model}`, layer {layer}: {}", missing_row(layers, nearest))]
    UnknownRow {
        /// The model.
        model: String,
        /// The layer, from 1.
        layer: u32,
        /// Number of layers of the model, if there is such a model.
        layers: Option<usize>,
        /// A known model whose name is close.
        nearest: Option<String>,
    },
    /// An unknown name.
    #[error("find {kind} `{name}`{}; known are: {known}", hint(nearest))]
    UnknownName {
        /// Of what: `target`, `feature`, `field`, ...
        kind: &'static str,
        /// The name.
        name: String,
        /// The known name closest to it, if one is close.
        nearest: Option<String>,
        /// All known names.
        known: String,
    },
    /// Two architectures go by one name.
    #[error(
        "read the architectures: model `{model}` is listed twice; keep one row for each model, or rename one"
    )]
    DuplicateModel {
        /// The name.
        model: String,
    },
    /// An architecture with a field out of its range.
    #[error("read the architecture of `{model}`: failed to {source}")]
    Architecture {
        /// Name of the model.
        model: String,
        /// The field, its value and the range.
        source: Box<outcrop_core::Error>,
    },
    /// A fit is of a model whose architecture is not given.
    #[error(
        "find the architecture of model `{model}`, layer {layer} of the fits{}; add it to the architectures or leave its fits out",
        hint(nearest)
    )]
    UnknownModel {
        /// The model that the fit names.
        model: String,
        /// The layer of the fit.
        layer: u32,
        /// A given model whose name is close.
        nearest: Option<String>,
    },
    /// A fit is of a layer that its model does not have.
    #[error(
        "use the fit of `{model}`, layer {layer}: its architecture has layers 1 to {layers}; one of the two tables is wrong"
    )]
    Layer {
        /// The model.
        model: String,
        /// The layer of the fit, counted from 1.
        layer: u32,
        /// Number of layers of the architecture.
        layers: usize,
    },
    /// No fit of the hypothesis `emergence` has an identified target.
    #[error(
        "make a table: none of the {fits} fits is of hypothesis `emergence` with an identified target; fit the trajectories with that hypothesis first"
    )]
    NoRows {
        /// Number of fits given.
        fits: usize,
    },
    /// Fewer models than can be left out one by one.
    #[error(
        "make a table: fits of {found} models, at least {needed} are needed to leave one out and train on the others; measure and fit more architectures"
    )]
    TooFewModels {
        /// Number of models with a usable fit.
        found: usize,
        /// Smallest number that is accepted.
        needed: usize,
    },
    /// No target is identified in enough models.
    #[error(
        "train: no target is identified in fits of at least {needed} models; fit more models or longer runs"
    )]
    NoTarget {
        /// Smallest number of models that is accepted.
        needed: usize,
    },
    /// An option out of its range.
    #[error("accept option {option} = {value}: allowed is {allowed}")]
    Option {
        /// The option.
        option: &'static str,
        /// Its value.
        value: String,
        /// The allowed values, in words.
        allowed: &'static str,
    },
    /// A name that no regressor has.
    #[error("find regressor `{name}`{}; known are: {known}", hint(nearest))]
    UnknownRegressor {
        /// The name.
        name: String,
        /// The known name closest to it, if one is close.
        nearest: Option<String>,
        /// All known names.
        known: String,
    },
    /// A regressor failed on one target.
    #[error("predict {target} by {regressor}: {reason}; try another regressor")]
    Regressor {
        /// The target.
        target: Target,
        /// The regressor.
        regressor: Regressor,
        /// What it said.
        reason: String,
    },
    /// A curve cannot be built, as a quantity that it passes through was not predicted.
    #[error(
        "build a curve: {target} is identified in too few models to be predicted; fit more models or longer runs"
    )]
    NoCurve {
        /// The missing quantity.
        target: Target,
    },
    /// A trajectory that cannot be learned from.
    #[error(
        "learn from the trajectory of `{model}`, layer {layer}: {reason}; correct it or leave it out"
    )]
    Trajectory {
        /// The model.
        model: String,
        /// The layer, from 1.
        layer: u32,
        /// What is wrong with it.
        reason: String,
    },
    /// A regressor failed on measured curves.
    #[error("predict curves by {regressor}: {reason}; try another regressor")]
    Curve {
        /// The regressor.
        regressor: Regressor,
        /// What it said.
        reason: String,
    },
    /// A step that no training run reached, or before the first that was measured.
    #[error(
        "build a curve at step {step}: the ratios that it is learned from were measured at steps {first} to {last}; ask for these, or train on longer runs"
    )]
    BeyondTraining {
        /// The step asked for.
        step: f64,
        /// First step that all training runs measured.
        first: f64,
        /// Last step that all of them measured.
        last: f64,
    },
    /// Steps that do not span a run.
    #[error(
        "build a curve over {count} steps: at least two different, finite ones of at least 0 are needed"
    )]
    Steps {
        /// Number of steps given.
        count: usize,
    },
    /// A name that no feature has.
    #[error("find feature `{name}`{}; known are: {known}", hint(nearest))]
    UnknownFeature {
        /// The name.
        name: String,
        /// The known name closest to it, if one is close.
        nearest: Option<String>,
        /// All known names.
        known: String,
    },
    /// Two sources give one name to models of different architectures.
    #[error(
        "join `{first}` and `{second}`: both have a model `{model}`, of different architectures; rename one, or qualify the names by their source"
    )]
    ModelClash {
        /// The name.
        model: String,
        /// The source that came first.
        first: String,
        /// The other.
        second: String,
    },
    /// Two sources fit one layer differently.
    #[error(
        "join `{first}` and `{second}`: both have a fit of `{model}`, layer {layer}, hypothesis `{hypothesis}`, and the two differ; leave one out, or qualify the names if these are two runs of one architecture"
    )]
    FitClash {
        /// The model.
        model: String,
        /// The layer, from 1.
        layer: u32,
        /// The hypothesis.
        hypothesis: String,
        /// The source that came first.
        first: String,
        /// The other.
        second: String,
    },
    /// A saved predictor of a format that this version does not read.
    #[error(
        "read a predictor of format {found}: this version reads {}; learn it again from its results (`outcrop predict --retrain RESULTS --save FILE`), or use the version that wrote it",
        formats(*oldest, *newest)
    )]
    Format {
        /// The format that the file names.
        found: u64,
        /// Oldest format that is read.
        oldest: u64,
        /// Newest format that is read, and the one that is written.
        newest: u64,
    },
    /// A band of a level that so few architectures do not support.
    #[error(
        "make a band of level {level}: {architectures} architectures support a level above 0 and at most {largest:.4}, which is m/(m + 1); ask for less, or measure and fit more architectures"
    )]
    Level {
        /// The level asked for.
        level: f64,
        /// Number of different architectures.
        architectures: usize,
        /// The largest level that they support.
        largest: f64,
    },
    /// Too few architectures for any band.
    #[error(
        "make a band: fits of {found} different architectures, at least {needed} are needed; a prediction without a band is possible, its error is unknown"
    )]
    TooFewForBands {
        /// Number of different architectures that were left out in turn.
        found: usize,
        /// Smallest number that is accepted.
        needed: usize,
    },
    /// A saved predictor that is cut short or changed.
    #[error("read a predictor: {reason}; the file is damaged, get it again or train again")]
    Damaged {
        /// What is wrong.
        reason: String,
    },
}

/// The formats that are read, in words.
fn formats(oldest: u64, newest: u64) -> String {
    match oldest == newest {
        true => format!("format {newest}"),
        false => format!("formats {oldest} to {newest}"),
    }
}

fn hint(nearest: &Option<String>) -> String {
    nearest
        .as_ref()
        .map(|n| format!(" (did you mean `{n}`?)"))
        .unwrap_or_default()
}

fn missing_row(layers: &Option<usize>, nearest: &Option<String>) -> String {
    match layers {
        Some(layers) => format!("the model has layers 1 to {layers}"),
        None => format!("the table has no such model{}", hint(nearest)),
    }
}
