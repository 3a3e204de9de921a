use crate::{Error, Feature, Regressor, Result};

/// How to evaluate and to train.
///
/// | option | default | range |
/// |---|---|---|
/// | `features` | all sixteen, as the paper | at least one |
/// | `regressors` | all seven | at least one |
/// | `seed` | 0 | |
/// | `repeats` | 1, as the paper | 1 to 1000 |
///
/// With few models fewer features serve better: two or three of the architecture and those of
/// relative depth.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Features that the regressors see; one without variation in training rows is dropped.
    pub features: Vec<Feature>,
    /// Regressors to evaluate.
    pub regressors: Vec<Regressor>,
    /// Seed of random splits and of the random forest: the same seed gives the same bits.
    pub seed: u64,
    /// Number of random splits of the paper's protocol whose scores are averaged.
    pub repeats: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            features: Feature::ALL.to_vec(),
            regressors: Regressor::ALL.to_vec(),
            seed: 0,
            repeats: 1,
        }
    }
}

impl Options {
    /// Makes sure that every option is in its range.
    ///
    /// # Errors
    /// [`Error::Option`].
    pub fn check(&self) -> Result<()> {
        let refuse = |option, value: String, allowed| {
            Err(Error::Option {
                option,
                value,
                allowed,
            })
        };
        if self.features.is_empty() {
            return refuse("features", "none".into(), "at least one feature");
        }
        if self.regressors.is_empty() {
            return refuse("regressors", "none".into(), "at least one regressor");
        }
        if !(1..=1000).contains(&self.repeats) {
            return refuse("repeats", self.repeats.to_string(), "1 to 1000");
        }
        Ok(())
    }
}
