use crate::{Error, Feature, Regressor, Result};

/// How to evaluate and to train.
///
/// | option | default | range |
/// |---|---|---|
/// | `features` | [`Feature::FEW`]: depth spline, ln d, ln d_head, ln L | at least one |
/// | `regressors` | all | at least one |
/// | `seed` | 0 | |
/// | `repeats` | 1, as the paper | 1 to 1000 |
/// | `relabellings` | 999 | 49 to 9999 |
///
/// The default is chosen to predict architectures that are not trained: a table of a dozen
/// models holds a dozen samples of an architecture, which carry two or three features of it, and
/// logarithms extrapolate better than raw sizes. [`PredictOptions::paper`] has the paper's sixteen.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictOptions {
    /// Features that the regressors see; one without variation in training rows is dropped.
    pub features: Vec<Feature>,
    /// Regressors to evaluate.
    pub regressors: Vec<Regressor>,
    /// Seed of random splits and of the random forest: the same seed gives the same bits.
    pub seed: u64,
    /// Number of random splits of the paper's protocol whose scores are averaged.
    pub repeats: usize,
    /// Number of relabellings of architectures that a [`Verdict`](crate::Verdict) rests on: 49 are
    /// enough for its level of 0.03, more make p finer. Where all relabellings are fewer, all are
    /// made.
    pub relabellings: usize,
}

impl Default for PredictOptions {
    fn default() -> Self {
        Self {
            features: Feature::FEW.to_vec(),
            regressors: Regressor::ALL.to_vec(),
            seed: 0,
            repeats: 1,
            relabellings: 999,
        }
    }
}

impl PredictOptions {
    /// As the paper: its sixteen features, otherwise the default.
    pub fn paper() -> Self {
        Self {
            features: Feature::PAPER.to_vec(),
            ..Self::default()
        }
    }

    /// Checks that every option is in its range.
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
        if !(49..=9_999).contains(&self.relabellings) {
            return refuse("relabellings", self.relabellings.to_string(), "49 to 9999");
        }
        Ok(())
    }
}
