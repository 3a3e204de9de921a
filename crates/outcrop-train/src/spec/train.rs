use outcrop_core::Error as CoreError;
use serde::{Deserialize, Serialize};

use super::RateSchedule;
use crate::{OptimizerKeys, OptimizerKind, Result, WeightDecay};

/// The fields of [`TrainSpec`].
pub(super) const KEYS: [&str; 19] = [
    "steps",
    "batch",
    "accumulate",
    "optimizer",
    "learning_rate",
    "final_share",
    "rate_schedule",
    "decay_share",
    "warmup",
    "betas",
    "eps",
    "momentum",
    "nesterov",
    "weight_decay",
    "embedding_decay",
    "vector_decay",
    "clip",
    "z_loss",
    "seed",
];

/// Share of the updates in which `stable-decay` falls, where it is not given.
const DECAY_SHARE: f64 = 0.2;

/// How a model learns: an optimiser, with a warm-up and a schedule of the learning rate.
///
/// | field | default | range |
/// |---|---|---|
/// | `steps` | 800 | 1 to 10^9 |
/// | `batch` | 16 | 1 to 65536 |
/// | `accumulate` | 1 | 1 to `batch`, a divisor of it |
/// | `optimizer` | `adamw` | `adamw`, `muon`, `sgd`, `lion` ([`OptimizerKind`]) |
/// | `learning_rate` | 1e-3 | above 0, at most 1 |
/// | `final_share` | 0.1 | 0 to 1 |
/// | `rate_schedule` | `cosine` | `cosine`, `linear`, `constant`, `stable-decay` ([`RateSchedule`]) |
/// | `decay_share` | 0.2 | 0 to 1 |
/// | `warmup` | 50 | 0 to `steps` |
/// | `betas` | that of the optimiser | each at least 0, below 1 |
/// | `eps` | that of the optimiser | above 0, at most 1 |
/// | `momentum` | that of the optimiser | at least 0, below 1 |
/// | `nesterov` | that of the optimiser | |
/// | `weight_decay` | 0.1 | 0 to 100 |
/// | `embedding_decay` | `weight_decay` | 0 to 100 |
/// | `vector_decay` | 0 | 0 to 100 |
/// | `clip` | 1.0 | above 0 (`inf` for none) |
/// | `z_loss` | 0 | 0 to 100 |
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
    /// What changes the parameters.
    #[serde(skip_serializing_if = "is_default")]
    pub optimizer: OptimizerKind,
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
    /// Decay rates of moments, for optimisers that have them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub betas: Option<[f64; 2]>,
    /// Added to the denominator, for optimisers that have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eps: Option<f64>,
    /// Decay rate of the momentum, for optimisers that have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub momentum: Option<f64>,
    /// Whether the gradient is added once more to the momentum, for optimisers that have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nesterov: Option<bool>,
    /// Decoupled weight decay of the matrices of blocks; of embeddings and the unembedding, too, where
    /// `embedding_decay` is not given.
    pub weight_decay: f64,
    /// That of embeddings and of the unembedding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_decay: Option<f64>,
    /// That of what the plan does not decay: norms and biases.
    #[serde(skip_serializing_if = "is_zero")]
    pub vector_decay: f64,
    /// Largest global norm of the gradient.
    pub clip: f64,
    /// Coefficient of the mean of ln(sum_j exp(l_j))^2 over positions, l the logits, in what is minimised (z-loss; PaLM,
    /// 2204.02311, takes 1e-4). The loss that is written stays the cross-entropy.
    #[serde(skip_serializing_if = "is_zero")]
    pub z_loss: f64,
    /// Seed of weights and batches.
    pub seed: u64,
}

/// Whether a run is the one that it was before there were parts, by its checksum too.
fn is_one(parts: &usize) -> bool {
    *parts == 1
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn is_zero(x: &f64) -> bool {
    *x == 0.0
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
            optimizer: OptimizerKind::default(),
            learning_rate: 1e-3,
            final_share: 0.1,
            rate_schedule: RateSchedule::Cosine,
            decay_share: DECAY_SHARE,
            warmup: 50,
            betas: None,
            eps: None,
            momentum: None,
            nesterov: None,
            weight_decay: 0.1,
            embedding_decay: None,
            vector_decay: 0.0,
            clip: 1.0,
            z_loss: 0.0,
            seed: 1,
        }
    }
}

impl TrainSpec {
    /// Its optimiser, which has made no update.
    #[cfg(feature = "burn")]
    pub fn new_optimizer(&self) -> crate::Optimizer {
        let decay = self.decay(self.weight_decay);
        crate::Optimizer::new(self.optimizer, self.optimizer_keys(), decay, self.clip)
    }

    /// Weight decay by group with another `weight_decay`.
    pub fn decay(&self, weight_decay: f64) -> WeightDecay {
        WeightDecay {
            matrices: weight_decay,
            embeddings: self.embedding_decay.unwrap_or(weight_decay),
            vectors: self.vector_decay,
        }
    }

    /// The keys of its optimiser: those that are given, else the defaults.
    pub fn optimizer_keys(&self) -> OptimizerKeys {
        self.given_keys().or(self.optimizer.defaults())
    }

    fn given_keys(&self) -> OptimizerKeys {
        OptimizerKeys {
            betas: self.betas,
            eps: self.eps,
            momentum: self.momentum,
            nesterov: self.nesterov,
        }
    }

    /// The same with the defaults of its optimiser written out.
    pub(super) fn resolved(&self) -> Self {
        let OptimizerKeys {
            betas,
            eps,
            momentum,
            nesterov,
        } = self.optimizer_keys();
        Self {
            betas,
            eps,
            momentum,
            nesterov,
            ..self.clone()
        }
    }

    /// Checks that every field is in its range.
    pub(super) fn check(&self) -> Result<()> {
        self.check_length()?;
        self.check_rate()?;
        self.check_optimizer()?;
        require(
            self.clip > 0.0,
            "clip",
            self.clip,
            "above 0, `inf` for none",
        )?;
        let z_loss = self.z_loss;
        require(
            (0.0..=100.0).contains(&z_loss),
            "z_loss",
            z_loss,
            "0 to 100",
        )?;
        require(self.seed < 1 << 63, "seed", self.seed, "below 2^63")
    }

    fn check_length(&self) -> Result<()> {
        let (steps, batch, parts) = (self.steps, self.batch, self.accumulate);
        require(
            (1..=1_000_000_000).contains(&steps),
            "steps",
            steps,
            "1 to 10^9",
        )?;
        require((1..=65_536).contains(&batch), "batch", batch, "1 to 65536")?;
        let divides = parts > 0 && batch.is_multiple_of(parts);
        let allowed = format!("a divisor of train.batch = {batch}");
        require(divides, "accumulate", parts, &allowed)
    }

    fn check_rate(&self) -> Result<()> {
        let rate = self.learning_rate;
        require(
            rate > 0.0 && rate <= 1.0,
            "learning_rate",
            rate,
            "above 0, at most 1",
        )?;
        for (field, share) in [
            ("final_share", self.final_share),
            ("decay_share", self.decay_share),
        ] {
            require((0.0..=1.0).contains(&share), field, share, "0 to 1")?;
        }
        let allowed = format!("0 to train.steps = {}", self.steps);
        require(self.warmup <= self.steps, "warmup", self.warmup, &allowed)
    }

    fn check_optimizer(&self) -> Result<()> {
        self.check_keys()?;
        let keys = self.optimizer_keys();
        let below_one = "at least 0, below 1";
        for beta in keys.betas.into_iter().flatten() {
            require((0.0..1.0).contains(&beta), "betas", beta, below_one)?;
        }
        if let Some(b) = keys.momentum {
            require((0.0..1.0).contains(&b), "momentum", b, below_one)?;
        }
        if let Some(eps) = keys.eps {
            require(eps > 0.0 && eps <= 1.0, "eps", eps, "above 0, at most 1")?;
        }
        let embedding_decay = self.embedding_decay.unwrap_or_default();
        for (field, decay) in [
            ("weight_decay", self.weight_decay),
            ("embedding_decay", embedding_decay),
            ("vector_decay", self.vector_decay),
        ] {
            require((0.0..=100.0).contains(&decay), field, decay, "0 to 100")?;
        }
        Ok(())
    }

    /// Checks that its optimiser reads the keys that are given.
    fn check_keys(&self) -> Result<()> {
        let given = self.given_keys();
        let read = self.optimizer.defaults().rows();
        for (at, ((key, _, given), read)) in given.rows().into_iter().zip(read).enumerate() {
            if let (Some(value), None) = (given, read.2) {
                let others =
                    OptimizerKind::all().filter(|kind| kind.defaults().rows()[at].2.is_some());
                let others: Vec<_> = others.map(|kind| format!("`{}`", kind.word())).collect();
                let allowed = format!("nothing but with train.optimizer = {}", others.join(" or "));
                require(false, key, value, &allowed)?;
            }
        }
        Ok(())
    }
}

fn require(ok: bool, field: &str, value: impl ToString, allowed: &str) -> Result<()> {
    match ok {
        true => Ok(()),
        false => Err(CoreError::range(format!("train.{field}"), value, allowed).into()),
    }
}
