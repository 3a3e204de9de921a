//! Which observables are computed beside the measurements.

use outcrop_forward::ObserveOptions;
use outcrop_observe::{Observable, select};

#[derive(clap::Args)]
#[command(next_help_heading = "Observables")]
pub(super) struct Args {
    /// Also compute these observables at the places of the forward pass (observables.csv): names of observables, of
    /// families (tails, tokens, channels, spectrum, attention, sublayers, predictions, geometry), or `all`.
    /// docs/observables.md lists them.
    #[arg(long, value_name = "NAME,...", value_parser = chosen)]
    observe: Option<Chosen>,
    /// Also write their values for every single sequence.
    #[arg(long, requires = "observe")]
    observe_per_sequence: bool,
}

/// Observables that a list of names means.
#[derive(Clone, Debug)]
struct Chosen(Vec<&'static Observable>);

fn chosen(text: &str) -> Result<Chosen, String> {
    select(text).map(Chosen).map_err(|error| error.to_string())
}

impl Args {
    pub(super) fn options(&self) -> ObserveOptions {
        ObserveOptions {
            observables: self
                .observe
                .clone()
                .map(|chosen| chosen.0)
                .unwrap_or_default(),
            sequences: self.observe_per_sequence,
        }
    }
}
