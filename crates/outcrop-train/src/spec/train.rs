use outcrop_core::Error as CoreError;
use serde::{Deserialize, Serialize};

use super::RateSchedule;
use crate::Result;

/// The fields of [`TrainSpec`].
pub(super) const KEYS: [&str; 13] = [
    "steps",
    "batch",
    "accumulate",
    "learning_rate",
    "final_share",
    "rate_schedule",
    "decay_share",
    "warmup",
    "betas",
    "eps",
    "weight_decay",
    "clip",
    "seed",
];

/// Share of the updates in which `stable-decay` falls, where it is not given.
const DECAY_SHARE: f64 = 0.2;

/// How a model learns: AdamW, with a warm-up and a schedule of the learning rate.
///
/// | field | default | range |
/// |---|---|---|
/// | `steps` | 800 | 1 to 10^9 |
/// | `batch` | 16 | 1 to 65536 |
/// | `accumulate` | 1 | 1 to `batch`, a divisor of it |
/// | `learning_rate` | 1e-3 | above 0, at most 1 |
/// | `final_share` | 0.1 | 0 to 1 |
/// | `rate_schedule` | `cosine` | `cosine`, `linear`, `constant`, `stable-decay` ([`RateSchedule`]) |
/// | `decay_share` | 0.2 | 0 to 1 |
/// | `warmup` | 50 | 0 to `steps` |
/// | `betas` | 0.9, 0.95 | each at least 0, below 1 |
/// | `eps` | 1e-8 | above 0, at most 1 |
/// | `weight_decay` | 0.1 | 0 to 100 |
/// | `clip` | 1.0 | above 0 (`inf` for none) |
/// | `seed` | 1 | below 2^63 |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrainSpec {
    /// Number of updates.
    pub steps: u64,
    /// Sequences per update.
    pub batch: usize,
    /// Parts in which the sequences of an update go through the model one after another, so that less memory
    /// is needed; their gradients are averaged. Other parts sum in another order: the last digits differ.
    #[serde(skip_serializing_if = "is_one")]
    pub accumulate: usize,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Learning rate at the end, as a share of the peak.
    pub final_share: f64,
    /// How it goes there.
    #[serde(skip_serializing_if = "is_default")]
    pub rate_schedule: RateSchedule,
    /// The share of all updates in which `stable-decay` falls.
    #[serde(skip_serializing_if = "is_default_share")]
    pub decay_share: f64,
    /// Updates of linear warm-up.
    pub warmup: u64,
    /// Decay rates of AdamW's moments.
    pub betas: [f64; 2],
    /// Added to AdamW's denominator.
    pub eps: f64,
    /// Decoupled weight decay of matrices and embeddings.
    pub weight_decay: f64,
    /// Largest global norm of the gradient.
    pub clip: f64,
    /// Seed of weights and batches.
    pub seed: u64,
}

/// Whether a run is the one that it was before there were parts, by its checksum too.
fn is_one(parts: &usize) -> bool {
    *parts == 1
}

fn is_default(schedule: &RateSchedule) -> bool {
    *schedule == RateSchedule::default()
}

fn is_default_share(share: &f64) -> bool {
    *share == DECAY_SHARE
}

impl Default for TrainSpec {
    fn default() -> Self {
        Self {
            steps: 800,
            batch: 16,
            accumulate: 1,
            learning_rate: 1e-3,
            final_share: 0.1,
            rate_schedule: RateSchedule::Cosine,
            decay_share: DECAY_SHARE,
            warmup: 50,
            betas: [0.9, 0.95],
            eps: 1e-8,
            weight_decay: 0.1,
            clip: 1.0,
            seed: 1,
        }
    }
}

impl TrainSpec {
    /// Checks that every field is in its range.
    pub(super) fn check(&self) -> Result<()> {
        let require = |ok: bool, field: &str, value: &dyn ToString, allowed: &str| match ok {
            true => Ok(()),
            false => Err(CoreError::range(
                format!("train.{field}"),
                value.to_string(),
                allowed,
            )),
        };
        let within = |v: f64, low: f64, high: f64| v >= low && v <= high;
        let rate = self.learning_rate;
        require(
            (1..=1_000_000_000).contains(&self.steps),
            "steps",
            &self.steps,
            "1 to 10^9",
        )?;
        require(
            (1..=65_536).contains(&self.batch),
            "batch",
            &self.batch,
            "1 to 65536",
        )?;
        require(
            self.accumulate > 0 && self.batch.is_multiple_of(self.accumulate),
            "accumulate",
            &self.accumulate,
            &format!("a divisor of train.batch = {}", self.batch),
        )?;
        require(
            rate > 0.0 && rate <= 1.0,
            "learning_rate",
            &rate,
            "above 0, at most 1",
        )?;
        require(
            within(self.final_share, 0.0, 1.0),
            "final_share",
            &self.final_share,
            "0 to 1",
        )?;
        require(
            within(self.decay_share, 0.0, 1.0),
            "decay_share",
            &self.decay_share,
            "0 to 1",
        )?;
        let allowed = format!("0 to train.steps = {}", self.steps);
        require(self.warmup <= self.steps, "warmup", &self.warmup, &allowed)?;
        for beta in self.betas {
            require(
                (0.0..1.0).contains(&beta),
                "betas",
                &beta,
                "at least 0, below 1",
            )?;
        }
        require(
            self.eps > 0.0 && self.eps <= 1.0,
            "eps",
            &self.eps,
            "above 0, at most 1",
        )?;
        let decay = self.weight_decay;
        require(
            within(decay, 0.0, 100.0),
            "weight_decay",
            &decay,
            "0 to 100",
        )?;
        require(
            self.clip > 0.0,
            "clip",
            &self.clip,
            "above 0, `inf` for none",
        )?;
        require(self.seed < 1 << 63, "seed", &self.seed, "below 2^63")?;
        Ok(())
    }
}
