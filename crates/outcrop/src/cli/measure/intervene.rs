//! The loss with massive activations set to zero or to their mean.

use outcrop_core::{Error as CoreError, Intervention, SetTo, table};
use outcrop_forward::{FindOptions, Layers, Published, evaluate_interventions, find_massive};
use outcrop_tokens::Sequences;

use super::super::output::{Destination, Format, say, write_rows};
use crate::Result;
use outcrop_series::Folder;

#[derive(clap::Args)]
#[command(next_help_heading = "Interventions")]
#[command(group = clap::ArgGroup::new("set").args(["set_zero", "set_mean"]).multiple(true))]
pub(super) struct Args {
    /// Also set the massive activations of the last checkpoint to zero, and write the loss before and after
    /// (interventions.csv).
    #[arg(long)]
    set_zero: bool,
    /// Also set each of them to its mean over the first half of the sequences; the loss is that of the second half.
    #[arg(long)]
    set_mean: bool,
    /// The layers after which they are set: `first` (where they first appear), `all`, or a number [default: first,all].
    #[arg(long, value_name = "LAYER", value_delimiter = ',', requires = "set")]
    layer: Vec<String>,
}

impl Args {
    pub(super) fn wanted(&self) -> bool {
        self.set_zero || self.set_mean
    }
}

/// Finds the massive activations of `model`, the checkpoint of `step`, sets them and writes the loss.
pub(super) fn evaluate(
    args: &Args,
    folder: &Folder,
    tokens: &Sequences,
    (model, name, step): (&Published, &str, u64),
) -> Result<()> {
    let ids = &tokens.ids;
    // with one sequence alone it is both
    let (calibration, evaluation) = match ids.len() {
        0 | 1 => (&ids[..], &ids[..]),
        n => ids.split_at(n / 2),
    };
    let massive = find_massive(model, calibration, &FindOptions::default())?;
    match massive.rule() {
        None => say("note: no massive activations were found; nothing was set"),
        Some(rule) => say(&format!(
            "massive activations by the rule {rule} first appear after layer {}",
            massive.first_layer().unwrap_or(0)
        )),
    }
    let mut changes = Vec::new();
    for (set, asked) in [(SetTo::Zero, args.set_zero), (SetTo::Mean, args.set_mean)] {
        if asked {
            changes.extend(layers(&args.layer)?.into_iter().map(|layers| (set, layers)));
        }
    }
    let rows: Vec<Intervention> =
        evaluate_interventions(model, (name, step), evaluation, &massive, &changes)?;
    table::write_rows(&folder.file("interventions.csv"), &rows)?;
    write_rows(&rows, &Destination::standard(Format::Table))
}

fn layers(words: &[String]) -> Result<Vec<Layers>> {
    if words.is_empty() {
        return Ok(vec![Layers::First, Layers::All]);
    }
    let layer = |word: &String| match word.as_str() {
        "first" => Ok(Layers::First),
        "all" => Ok(Layers::All),
        number => number.parse().map(Layers::One).map_err(|_| {
            CoreError::range("layer", number, "`first`, `all` or the number of a layer").into()
        }),
    };
    words.iter().map(layer).collect()
}
