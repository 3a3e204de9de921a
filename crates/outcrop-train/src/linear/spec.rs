use outcrop_core::{Error as CoreError, sha256_hex};
use outcrop_schedule::Schedule;
use serde::Serialize;

use crate::{Error, Result};

/// A deep linear network, its task and its training.
///
/// Inputs X are white; outputs are Y = U S V' X with random orthonormal U and V (from the seed) and the given singular
/// values S. The network W is a product of `layers` matrices without nonlinearity or bias, trained by gradient descent on
/// the squared error E = |U S V' - W|^2 / 2, the mean of |Y - W X|^2 / 2. It starts aligned with the task: every mode has the strength `start`, shared
/// evenly by the layers, with which the solution of Saxe et al. (1312.6120) is exact for infinitely small steps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LinearSpec {
    /// Name of the model in tables.
    #[serde(skip)]
    pub model: String,
    /// Singular values of the correlation of inputs and outputs, one a mode: each above 0.
    pub singular_values: Vec<f64>,
    /// Weight matrices, 1 to 16; Saxe's closed form is of 2, one hidden layer.
    pub layers: usize,
    /// Inputs, no fewer than modes, at most 256.
    pub inputs: usize,
    /// Outputs, likewise.
    pub outputs: usize,
    /// Width of the hidden layers, likewise.
    pub width: usize,
    /// Strength of every mode at step 0, u0: above 0.
    pub start: f64,
    /// Step of gradient descent, 1/tau.
    pub learning_rate: f64,
    /// Number of updates, 1 to 10^7.
    pub steps: u64,
    /// At which steps rows are written, in the grammar of [`outcrop_schedule`].
    pub measure: String,
    /// Seed of the orthonormal matrices.
    pub seed: u64,
}

impl Default for LinearSpec {
    /// Singular values 4, 2 and 1 by two layers from 1e-3 at rate 5e-4: 20,000 steps, of which 201 are measured.
    fn default() -> Self {
        Self {
            model: "linear".into(),
            singular_values: vec![4.0, 2.0, 1.0],
            layers: 2,
            inputs: 8,
            outputs: 8,
            width: 8,
            start: 1e-3,
            learning_rate: 5e-4,
            steps: 20_000,
            measure: "0,every:100".into(),
            seed: 1,
        }
    }
}

/// What `run.toml` holds.
#[derive(Serialize)]
struct Resolved<'a> {
    model: &'a str,
    linear: &'a LinearSpec,
}

impl LinearSpec {
    /// The spec as TOML, every default written out.
    ///
    /// # Errors
    /// [`Error::Core`] for a number that TOML cannot hold.
    pub fn to_toml(&self) -> Result<String> {
        let resolved = Resolved {
            model: &self.model,
            linear: self,
        };
        toml::to_string(&resolved).map_err(|e| CoreError::parse("spec", e).into())
    }

    /// SHA-256 of the resolved spec.
    ///
    /// # Errors
    /// As [`LinearSpec::to_toml`].
    pub fn sha256(&self) -> Result<String> {
        Ok(sha256_hex(self.to_toml()?.as_bytes()))
    }

    /// The steps at which rows are written.
    ///
    /// # Errors
    /// [`Error::Schedule`].
    pub fn measured_at(&self) -> Result<Schedule> {
        let parsed = Schedule::parse(&self.measure, self.steps);
        parsed.map_err(|source| Error::Schedule {
            field: "measure",
            source,
        })
    }

    /// Checks that every field is in its range, and that gradient descent does not diverge: near the solution the largest
    /// curvature is N s^(2 - 2/N), so that the step must be below 2 over it.
    ///
    /// # Errors
    /// [`Error::Core`], [`Error::Schedule`].
    pub fn check(&self) -> Result<()> {
        crate::spec::check_model(&self.model)?;
        let range = |field: &str, value: String, allowed: String| -> Error {
            CoreError::range(field, value, allowed).into()
        };
        let modes = self.singular_values.len();
        let positive = |x: &f64| *x > 0.0 && x.is_finite();
        if modes == 0 || !self.singular_values.iter().all(positive) {
            let value = format!("{:?}", self.singular_values);
            let allowed = "one or more finite numbers above 0";
            return Err(range("singular_values", value, allowed.into()));
        }
        if !(1..=16).contains(&self.layers) {
            return Err(range("layers", self.layers.to_string(), "1 to 16".into()));
        }
        for (field, value) in [
            ("inputs", self.inputs),
            ("outputs", self.outputs),
            ("width", self.width),
        ] {
            if !(modes..=256).contains(&value) {
                let allowed = format!("{modes} to 256: no fewer than there are singular values");
                return Err(range(field, value.to_string(), allowed));
            }
        }
        if !positive(&self.start) {
            let allowed = "a finite number above 0".into();
            return Err(range("start", self.start.to_string(), allowed));
        }
        let most = self
            .singular_values
            .iter()
            .fold(self.start, |a, b| a.max(*b));
        let layers = self.layers as f64;
        let stable = 2.0 / (layers * most.powf(2.0 - 2.0 / layers));
        if !(self.learning_rate > 0.0 && self.learning_rate < stable) {
            let allowed = format!(
                "above 0, below {stable:.4}: 2 / (N s^(2 - 2/N)) of {} layers and the largest strength {most}, beyond \
                 which gradient descent diverges",
                self.layers
            );
            return Err(range(
                "learning_rate",
                self.learning_rate.to_string(),
                allowed,
            ));
        }
        if !(1..=10_000_000).contains(&self.steps) {
            return Err(range("steps", self.steps.to_string(), "1 to 10^7".into()));
        }
        self.measured_at()?;
        Ok(())
    }
}
