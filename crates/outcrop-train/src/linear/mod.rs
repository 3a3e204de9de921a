//! Deep linear networks (Saxe, McClelland and Ganguli, 1312.6120), whose learning is known in closed form: a check of what
//! fits a curve to the strength of a mode.

mod matrix;
mod network;
mod spec;

use std::path::Path;

use outcrop_core::{
    Error as CoreError, FolderLock, LossPoint, Observation, Provenance, check_writable,
    holds_nothing, table, write_atomic,
};

use self::network::{Gradient, Network};
pub use self::spec::LinearSpec;
use crate::{Error, Result};

/// The observable in which the strength of a mode is written.
pub const MODE_STRENGTH: &str = "mode_strength";

/// What a deep linear network did.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearRun {
    /// Loss, and norm of the gradient, at each measured step.
    pub losses: Vec<LossPoint>,
    /// [`MODE_STRENGTH`] of each mode at each measured step, at the places `mode-1`, `mode-2` and so on, in the order of
    /// the singular values.
    pub strengths: Vec<Observation>,
    /// The largest |a / u - 1| of the measured strengths a of [`saxe`]'s u; none for other depths than one hidden layer.
    pub deviation: Option<f64>,
}

/// The strength at time `t` of a mode of the singular value `s` that had the strength `start` at 0, in a network with one
/// hidden layer, for infinitely small steps: u = s e^(2 s t / tau) / (e^(2 s t / tau) - 1 + s / u0) with tau = 1, so that t is
/// steps times the learning rate (Saxe et al., eq. 3).
///
/// ```
/// use outcrop_train::saxe;
///
/// let t = 9999f64.ln(); // from 1e-4 to 1 - 1e-4, with 2 s = 2 in half of that
/// assert!((saxe(1.0, 1e-4, t) - (1.0 - 1e-4)).abs() < 1e-12);
/// ```
pub fn saxe(s: f64, start: f64, t: f64) -> f64 {
    s / (1.0 + (s / start - 1.0) * (-2.0 * s * t).exp())
}

/// Trains the network of `spec`.
///
/// # Errors
/// As [`LinearSpec::check`]; [`Error::Diverged`] should the loss not stay finite.
pub fn linear_modes(spec: &LinearSpec) -> Result<LinearRun> {
    spec.check()?;
    let measured_at = spec.measured_at()?;
    let mut network = Network::new(spec);
    let mut run = LinearRun {
        losses: Vec::new(),
        strengths: Vec::new(),
        deviation: (spec.layers == 2).then_some(0.0),
    };
    let mut last = None;
    for step in 0..=spec.steps {
        let gradient = network.gradient();
        if !gradient.loss.is_finite() {
            return Err(Error::Diverged {
                step,
                what: "loss",
                value: gradient.loss,
                place: String::new(),
            });
        }
        if measured_at.contains(step) {
            run.measure(spec, step, &network, &gradient, last);
        }
        if step < spec.steps {
            network.update(&gradient, spec.learning_rate);
            last = Some((gradient.loss, gradient.norm));
        }
    }
    Ok(run)
}

impl LinearRun {
    fn measure(
        &mut self,
        spec: &LinearSpec,
        step: u64,
        network: &Network,
        gradient: &Gradient,
        last: Option<(f64, f64)>,
    ) {
        self.losses.push(LossPoint {
            model: spec.model.clone(),
            step,
            tokens: step * spec.inputs as u64,
            loss: last.map(|(loss, _)| loss),
            held_out_loss: gradient.loss,
            learning_rate: last.map(|_| spec.learning_rate),
            gradient_norm: last.map(|(_, norm)| norm),
        });
        for (mode, (a, s)) in network
            .strengths()
            .iter()
            .zip(&spec.singular_values)
            .enumerate()
        {
            self.strengths.push(Observation {
                model: spec.model.clone(),
                step,
                place: format!("mode-{}", mode + 1),
                observable: MODE_STRENGTH.into(),
                value: Some(*a),
                n: 1,
                ..Observation::default()
            });
            let u = saxe(*s, spec.start, step as f64 * spec.learning_rate);
            let deviation = self.deviation.as_mut();
            if let Some(most) = deviation {
                *most = most.max((a / u - 1.0).abs());
            }
        }
    }
}

/// Trains the network of `spec` and writes the folder of a run: `run.toml`, `provenance.json`, `loss.csv` and
/// `observables.csv`. Each file appears as a whole. The same spec writes the same tables again.
///
/// # Errors
/// As [`linear_modes`]; [`Error::NotARun`] for a folder with something else, [`Error::OtherSpec`] for one with another run,
/// [`Error::Core`] where it cannot be written.
pub fn train_linear(
    spec: &LinearSpec,
    folder: &Path,
    holder: &str,
    git_revision: Option<String>,
) -> Result<LinearRun> {
    spec.check()?;
    let text = spec.to_toml()?;
    let file = folder.join("run.toml");
    if file.exists() {
        let held = std::fs::read_to_string(&file).map_err(|e| CoreError::io("read", &file, e))?;
        if held != text {
            return Err(Error::OtherSpec {
                path: folder.to_owned(),
                difference: crate::run_dir::differing_line(&held, &text),
            });
        }
    } else if !holds_nothing(folder) {
        return Err(Error::NotARun {
            path: folder.to_owned(),
        });
    }
    check_writable(folder)?;
    let _lock = FolderLock::acquire(folder, holder)?;
    write_atomic(&file, text.as_bytes())?;
    let run = linear_modes(spec)?;
    let provenance = Provenance {
        version: env!("CARGO_PKG_VERSION").into(),
        git_revision,
        spec_sha256: Some(spec.sha256()?),
        seed: Some(spec.seed),
        ..Provenance::default()
    };
    provenance.write(&folder.join("provenance.json"))?;
    table::write_rows(&folder.join("observables.csv"), &run.strengths)?;
    table::write_rows(&folder.join("loss.csv"), &run.losses)?;
    Ok(run)
}
