//! `outcrop linear`.

use std::path::PathBuf;

use outcrop_train::{LinearSpec, train_linear};

use super::clock;
use super::output::{folder, print, significant};
use crate::Result;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop linear --out runs/linear                   singular values 4, 2 and 1, one hidden layer
  outcrop fit runs/linear --observable 'mode_strength@*' --hypothesis 'deep linear mode'
                                                     the singular values and the start, from the curves
  outcrop onset runs/linear --observable mode_strength
                                                     when each mode is learned: the strongest first
  outcrop linear --layers 3 --singular-values 2,1 --start 0.01 --out runs/deeper

A product of matrices without nonlinearity learns Y = U S V' X, with random orthonormal U and V, by gradient descent on
the squared error (Saxe et al. 2013, arXiv 1312.6120). It starts aligned with the task, every mode with the strength
--start. The folder is that of a run: run.toml, loss.csv, observables.csv with the strength of every mode (mode_strength
at mode-1, mode-2, ...), provenance.json. With two layers the strengths are compared with Saxe's closed form; small steps
follow it closely, by about rate * s * ln(s / start) / 2. docs/corpora.md says more.")]
pub(crate) struct Args {
    /// Singular values of the correlation of inputs and outputs, one a mode.
    #[arg(long, value_name = "S,...", value_delimiter = ',', default_values_t = LinearSpec::default().singular_values)]
    singular_values: Vec<f64>,
    /// Weight matrices; 2 are one hidden layer.
    #[arg(long, value_name = "N", default_value_t = LinearSpec::default().layers)]
    layers: usize,
    /// Inputs.
    #[arg(long, value_name = "N", default_value_t = LinearSpec::default().inputs)]
    inputs: usize,
    /// Outputs.
    #[arg(long, value_name = "N", default_value_t = LinearSpec::default().outputs)]
    outputs: usize,
    /// Width of the hidden layers.
    #[arg(long, value_name = "N", default_value_t = LinearSpec::default().width)]
    width: usize,
    /// Strength of every mode at step 0.
    #[arg(long, value_name = "U0", default_value_t = LinearSpec::default().start)]
    start: f64,
    /// Step of gradient descent.
    #[arg(long, value_name = "RATE", default_value_t = LinearSpec::default().learning_rate)]
    learning_rate: f64,
    /// Number of updates.
    #[arg(long, value_name = "N", default_value_t = LinearSpec::default().steps)]
    steps: u64,
    /// At which steps rows are written.
    #[arg(long, value_name = "SCHEDULE", default_value_t = LinearSpec::default().measure)]
    measure: String,
    /// Seed of the orthonormal matrices.
    #[arg(long, default_value_t = LinearSpec::default().seed)]
    seed: u64,
    /// Name of the model in tables.
    #[arg(long, value_name = "NAME", default_value_t = LinearSpec::default().model)]
    model: String,
    /// The run directory [default: runs/MODEL].
    #[arg(long)]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let spec = LinearSpec {
        model: args.model.clone(),
        singular_values: args.singular_values.clone(),
        layers: args.layers,
        inputs: args.inputs,
        outputs: args.outputs,
        width: args.width,
        start: args.start,
        learning_rate: args.learning_rate,
        steps: args.steps,
        measure: args.measure.clone(),
        seed: args.seed,
    };
    let out = args.out.clone();
    let out = out.unwrap_or_else(|| PathBuf::from("runs").join(&spec.model));
    let out = folder(&out, "--out")?;
    let revision = option_env!("OUTCROP_GIT_REVISION").map(str::to_owned);
    let run = train_linear(&spec, out, &clock::holder("linear"), revision)?;
    print(&format!(
        "finished {}: loss.csv, observables.csv",
        out.display()
    ));
    if let Some(deviation) = run.deviation {
        print(&format!(
            "strengths of modes differ from Saxe's closed form by at most {} %",
            significant(100.0 * deviation)
        ));
    }
    Ok(())
}
