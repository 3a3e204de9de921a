//! What is shown of a run, read from its folder.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use outcrop_core::table::{self, Streamed};
use outcrop_core::{LOCK_FILE, LossPoint, TrajectoryOptions, open_trajectories};
use outcrop_train::RunDir;

use crate::Result;
use crate::cli::folders::spec;

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// Its state says so.
    Finished,
    /// A process holds its folder.
    Training,
    /// It can be resumed.
    Stopped,
    /// Checkpoints that were measured.
    #[default]
    Measured,
}

/// The ratio of a layer, or of a layer of one of several models.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Layer {
    pub(super) name: String,
    /// Steps with their finite ratios, ascending.
    pub(super) points: Vec<(u64, f64)>,
}

/// What is shown of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Shown {
    pub(super) phase: Phase,
    /// The last step that was measured.
    pub(super) step: u64,
    /// The last step of the run; none where nobody says it.
    pub(super) steps: Option<u64>,
    pub(super) losses: Vec<LossPoint>,
    pub(super) layers: Vec<Layer>,
    /// Steps per second, by the two newest checkpoints; none for a run that is not training.
    pub(super) speed: Option<f64>,
    /// What could not be read.
    pub(super) problem: Option<String>,
}

/// A run that is looked at again and again.
pub(super) struct Watched {
    pub(super) folder: PathBuf,
    pub(super) shown: Shown,
    /// Length and time of its tables when they were read.
    read: Vec<Option<(u64, SystemTime)>>,
}

/// Files that change while a run goes on.
const FILES: [&str; 4] = ["measurements.csv", "loss.csv", "state.json", LOCK_FILE];

impl Watched {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            shown: Shown::default(),
            read: Vec::new(),
        }
    }

    /// Reads the run where its files have changed, and says whether they have. What cannot be read is shown, and read
    /// again the next time.
    pub(super) fn look(&mut self) -> bool {
        let now = FILES.map(|name| stamp(&self.folder.join(name))).to_vec();
        if self.read == now && self.shown.problem.is_none() {
            return false;
        }
        match shown(&self.folder) {
            Ok(shown) => self.shown = shown,
            Err(error) => self.shown.problem = Some(format!("failed to {error}")),
        }
        self.read = now;
        true
    }
}

fn stamp(path: &Path) -> Option<(u64, SystemTime)> {
    let about = path.metadata().ok()?;
    Some((about.len(), about.modified().ok()?))
}

fn shown(folder: &Path) -> Result<Shown> {
    let mut shown = Shown::default();
    if let Some(spec) = spec(folder)? {
        shown.steps = Some(spec.train.steps);
        shown.phase = match () {
            () if RunDir::new(folder).state()?.finished => Phase::Finished,
            () if folder.join(LOCK_FILE).exists() => Phase::Training,
            () => Phase::Stopped,
        };
    }
    if let Some(path) = table::in_folder(folder, "loss") {
        shown.losses = table::read_rows(&path)?.rows;
        shown.losses.sort_by_key(|loss| loss.step);
    }
    if crate::cli::folders::is_measured(folder) {
        shown.layers = layers(folder)?;
    }
    let points = shown.layers.iter().flat_map(|layer| layer.points.last());
    let last = points.map(|(step, _)| *step);
    shown.step = last
        .chain(shown.losses.last().map(|loss| loss.step))
        .max()
        .unwrap_or(0);
    if shown.phase == Phase::Training {
        shown.speed = speed(folder, shown.step);
    }
    Ok(shown)
}

fn layers(folder: &Path) -> Result<Vec<Layer>> {
    let mut layers = Vec::new();
    for item in open_trajectories(folder, TrajectoryOptions::default())? {
        let Streamed::Row(one) = item? else {
            continue; // a line that is being written
        };
        let points = one.steps.iter().copied().zip(one.ratios.iter().copied());
        let mut points: Vec<(u64, f64)> = points.filter(|(_, ratio)| ratio.is_finite()).collect();
        points.sort_by_key(|(step, _)| *step);
        let stage = one
            .stage
            .map_or_else(String::new, |stage| format!(" {}", stage.name));
        layers.push((one.model, stage, one.layer, points));
    }
    layers.sort_by(|a, b| (&a.0, &a.1, a.2).cmp(&(&b.0, &b.1, b.2)));
    let several = layers.iter().any(|(model, ..)| *model != layers[0].0);
    let named = |(model, stage, layer, points): (String, String, u32, Vec<(u64, f64)>)| Layer {
        name: match several {
            true => format!("{model}{stage} {layer}"),
            false => format!("{stage} {layer}").trim_start().to_owned(),
        },
        points,
    };
    Ok(layers.into_iter().map(named).collect())
}

/// Steps per second between the newest checkpoint before `step` and the last row of losses, or else between the two newest
/// checkpoints: from the times of the files.
fn speed(folder: &Path, step: u64) -> Option<f64> {
    let made = |entry: std::fs::DirEntry| {
        let step = entry
            .file_name()
            .to_str()?
            .strip_prefix("step-")?
            .parse::<u64>();
        Some((step.ok()?, entry.metadata().ok()?.modified().ok()?))
    };
    let entries = std::fs::read_dir(folder.join("checkpoints")).ok()?;
    let mut times: Vec<(u64, SystemTime)> = entries.flatten().filter_map(made).collect();
    times.push((step, stamp(&folder.join("loss.csv"))?.1));
    times.sort();
    times.dedup_by_key(|(step, _)| *step);
    let [.., (before, then), (after, now)] = times.as_slice() else {
        return None;
    };
    let seconds = now.duration_since(*then).ok()?.as_secs_f64();
    let speed = (after - before) as f64 / seconds;
    (speed.is_finite() && speed > 0.0).then_some(speed)
}
