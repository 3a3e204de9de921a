//! The recipe by which the predicted model is trained.

use outcrop_core::Error as CoreError;
use outcrop_predict::{Predictor, Recipe};
use outcrop_train::RunSpec;

use crate::pipeline::recipe_of;
use crate::{Error, Result};

/// Corpus and training of the run to predict; each by default as in the most frequent recipe of the training models.
#[derive(clap::Args, Debug, Default)]
pub(super) struct Options {
    /// What it is trained on, of the corpora that the predictor has learned from, such as "crates bytes".
    #[arg(long, value_name = "NAME", requires = "asked")]
    corpus: Option<String>,
    /// Updates of its training.
    #[arg(long, value_name = "UPDATES", requires = "asked")]
    steps: Option<u64>,
    /// Its highest learning rate.
    #[arg(long, value_name = "RATE", requires = "asked")]
    learning_rate: Option<f64>,
    /// Sequences of an update.
    #[arg(long, value_name = "SEQUENCES", requires = "asked")]
    batch: Option<u64>,
    /// Tokens of a sequence.
    #[arg(long, value_name = "TOKENS", requires = "asked")]
    context: Option<u64>,
}

impl Options {
    /// The recipe asked for, by default that of `run`, or else the most frequent one of training; none where the predictor has
    /// learned of no recipe.
    ///
    /// # Errors
    /// [`Error::Core`] for a corpus that it has not learned from, a recipe where it knows none, and a number out of its range.
    pub(super) fn recipe(
        &self,
        predictor: &Predictor,
        run: Option<&RunSpec>,
    ) -> Result<Option<Recipe>> {
        let Some(usual) = predictor.origin().usual_recipe() else {
            return match self.is_empty() {
                true => Ok(None),
                false => Err(refuse(
                    "the recipe",
                    "the models that this predictor has learned from have no recipes.csv, so it knows of no recipe",
                )),
            };
        };
        let usual = run.map_or_else(|| usual.clone(), |run| recipe_of(predictor, run));
        let mut recipe = match &self.corpus {
            Some(corpus) => of_corpus(predictor, corpus)?,
            None => usual.clone(),
        };
        recipe.steps = self.steps.unwrap_or(usual.steps);
        recipe.batch = self.batch.unwrap_or(usual.batch);
        recipe.context = self.context.unwrap_or(usual.context);
        recipe.learning_rate = self.learning_rate.unwrap_or(usual.learning_rate);
        recipe.warmup = usual.warmup;
        let is_positive = recipe.learning_rate.is_finite() && recipe.learning_rate > 0.0;
        if !is_positive {
            let reason = format!("{} is not a number above 0", recipe.learning_rate);
            return Err(refuse("--learning-rate", reason));
        }
        let counts = [
            ("--steps", recipe.steps),
            ("--batch", recipe.batch),
            ("--context", recipe.context),
        ];
        match counts.into_iter().find(|(_, count)| *count == 0) {
            Some((option, _)) => Err(refuse(option, "0 is not allowed, but 1 or more")),
            None => Ok(Some(recipe)),
        }
    }

    fn is_empty(&self) -> bool {
        let numbers = [self.steps, self.batch, self.context];
        self.corpus.is_none() && self.learning_rate.is_none() && numbers.iter().all(Option::is_none)
    }
}

/// A recipe on this corpus.
fn of_corpus(predictor: &Predictor, corpus: &str) -> Result<Recipe> {
    let recipes = || predictor.origin().recipes.iter().map(|(recipe, _)| recipe);
    let found = recipes().find(|recipe| recipe.corpus == corpus);
    found.cloned().ok_or_else(|| {
        let mut known: Vec<&str> = recipes().map(|recipe| &*recipe.corpus).collect();
        known.sort_unstable();
        known.dedup();
        let known = known.join("`, `");
        refuse(
            "--corpus",
            format!("the predictor has not learned from `{corpus}`, but from `{known}`"),
        )
    })
}

fn refuse(option: &str, reason: impl Into<String>) -> Error {
    CoreError::parse(option, reason.into()).into()
}
