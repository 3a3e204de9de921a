use serde::{Deserialize, Serialize};

/// Updates over which the rate rises where a recipe does not say it.
const WARMUP: u64 = 100;
/// Share of the peak at which a cosine ends.
const FINAL_SHARE: f64 = 0.1;

/// How a model was trained, and on what: all of it is known before the training.
///
/// Features of what is not known are left out of training where any model lacks them; in a prediction they count as the mean of
/// the training models.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Name of the corpus, with its tokenizer: `crates bytes`.
    pub corpus: String,
    /// Different tokens.
    pub vocab: Option<u64>,
    /// Entropy of a token, nats.
    pub unigram_entropy: Option<f64>,
    /// Entropy of a token after the one before it, nats.
    pub bigram_entropy: Option<f64>,
    /// Updates.
    pub steps: u64,
    /// Sequences of an update.
    pub batch: u64,
    /// Tokens of a sequence.
    pub context: u64,
    /// The highest learning rate.
    pub learning_rate: f64,
    /// Updates until it is reached.
    pub warmup: u64,
}

impl Default for Recipe {
    /// A corpus of which nothing is known, 1000 updates of 32 sequences of 32 tokens, a learning rate of 0.01 after a warm-up of
    /// 100 updates.
    fn default() -> Self {
        Self {
            corpus: String::new(),
            vocab: None,
            unigram_entropy: None,
            bigram_entropy: None,
            steps: 1000,
            batch: 32,
            context: 32,
            learning_rate: 0.01,
            warmup: WARMUP,
        }
    }
}

impl Recipe {
    /// Schedule time: the learning rates of the first `step` updates, summed up, over the highest one. At least 1 / warmup, as far
    /// as one update goes.
    ///
    /// The rate rises to its highest in `warmup` updates, then falls by half a cosine to a tenth at the last update, as all runs
    /// of the atlases do. Beyond the last update it stays there.
    ///
    /// ```
    /// use outcrop_predict::Recipe;
    ///
    /// let recipe = Recipe { steps: 300, warmup: 100, ..Recipe::default() };
    /// assert!((recipe.updates(100) - 50.5).abs() < 1e-12); // 1/100 + ... + 100/100
    /// assert!((recipe.updates(300) - (50.5 + 200.0 * 0.55 - 0.45)).abs() < 1e-9);
    /// ```
    pub fn updates(&self, step: u64) -> f64 {
        let warmup = self.warmup.min(self.steps);
        let risen = step.min(warmup) as f64;
        let rise = risen * (risen + 1.0) / (2.0 * self.warmup.max(1) as f64);
        let length = (self.steps - warmup) as f64;
        let fallen = step.clamp(warmup, self.steps) - warmup;
        let beyond = step.saturating_sub(self.steps) as f64 * FINAL_SHARE;
        let sum = rise + fall(fallen as f64, length) + beyond;
        sum.max(1.0 / self.warmup.max(1) as f64)
    }

    /// Schedule time of the whole run.
    pub(crate) fn whole(&self) -> f64 {
        self.updates(self.steps)
    }
}

/// Sum over k = 1 to `n` of `low + (1 - low) (1 + cos(pi k / length)) / 2`, by the closed form of a sum of cosines.
fn fall(n: f64, length: f64) -> f64 {
    if n == 0.0 {
        return 0.0;
    }
    let half = std::f64::consts::FRAC_PI_2 / length;
    let cosines = (half * n).sin() * (half * (n + 1.0)).cos() / half.sin();
    let half_share = (1.0 - FINAL_SHARE) / 2.0;
    (FINAL_SHARE + half_share) * n + half_share * cosines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By adding up, as `outcrop_train::learning_rate` has it.
    #[test]
    fn schedule_time_is_the_sum_of_rates() {
        for (steps, warmup) in [(300, 100), (1000, 100), (50, 100), (7, 0), (1, 1)] {
            let recipe = Recipe {
                steps,
                warmup,
                ..Recipe::default()
            };
            let mut sum = 0.0;
            for update in 1..=steps {
                sum += match update <= warmup {
                    true => update as f64 / warmup as f64,
                    false => {
                        let progress = (update - warmup) as f64 / (steps - warmup) as f64;
                        0.1 + 0.45 * (1.0 + (std::f64::consts::PI * progress).cos())
                    }
                };
                let found = recipe.updates(update);
                assert!(
                    (found - sum).abs() < 1e-9 || update == 1,
                    "{steps} {update} {found} {sum}"
                );
            }
        }
    }
}
