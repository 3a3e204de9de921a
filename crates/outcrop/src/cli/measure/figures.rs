//! Figures of the measurements.

use std::path::Path;

use outcrop_core::{Measurement, check_writable, table};
use outcrop_forward::Published;
use outcrop_report::{
    AttentionMap, ChannelMagnitudes, Magnitudes, Plot, attention_plot, channels_plot, layers_plot,
    magnitudes_plot,
};
use outcrop_tokens::Sequences;

use super::super::output::{Picture, say};
use crate::Result;
use outcrop_series::{Folder, look};

#[derive(clap::Args)]
#[command(next_help_heading = "Figures")]
pub(super) struct Args {
    /// Also draw, into figures/: magnitudes of every layer, channels by layers, one layer's residual
    /// stream as a landscape, and the attention map of the head with the strongest sink.
    #[arg(long)]
    pub(super) figures: bool,
    /// Steps of the figure of layers [default: the first, the middle and the last].
    #[arg(long, value_delimiter = ',', value_name = "STEP", requires = "figures")]
    figure_steps: Vec<u64>,
    /// The layer of the landscape [default: the one with the largest ratio].
    #[arg(long, value_name = "LAYER", requires = "figures")]
    figure_layer: Option<usize>,
    /// Format of the figures.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Picture::Svg, Picture::Png], requires = "figures")]
    figure_format: Vec<Picture>,
}

/// Draws the tables, and one more forward pass over the first sequence of `model`, the checkpoint of `step`.
pub(super) fn draw(
    args: &Args,
    folder: &Folder,
    tokens: &Sequences,
    (model, step): (&Published, u64),
) -> Result<()> {
    let rows = table::measurements(&folder.file("measurements.csv"))?.rows;
    let Some(name) = rows.first().map(|row| row.model.clone()) else {
        return Ok(());
    };
    let steps = match args.figure_steps.is_empty() {
        true => first_middle_last(&rows),
        false => args.figure_steps.clone(),
    };
    let layer = args.figure_layer.unwrap_or_else(|| largest(&rows, step));
    let layer = layer.clamp(1, model.arch().layers);
    let sequence: &[u32] = tokens.ids.first().map_or(&[], Vec::as_slice);
    let seen = look(model, sequence, layer)?;
    let text = |id: &u32| tokens.token_text(*id).unwrap_or_else(|| id.to_string());
    let texts: Vec<String> = sequence.iter().map(text).collect();
    let cell = rows
        .iter()
        .find(|row| (row.step, row.sequence, row.layer as usize) == (step, 0, layer));
    let (head_layer, head) = seen.head;
    let plots = [
        layers_plot(&rows, &name, &steps),
        channels_plot(&ChannelMagnitudes {
            model: name.clone(),
            step,
            layers: seen.channels,
        }),
        magnitudes_plot(&Magnitudes {
            model: &name,
            step,
            sequence: 0,
            layer: layer as u32,
            values: &seen.hidden,
            d_model: model.arch().d_model,
            tokens: &texts,
            median: cell.and_then(|row| row.stats.median),
        }),
        attention_plot(&AttentionMap {
            model: &name,
            step,
            sequence: 0,
            layer: head_layer as u32,
            head: Some(head as u32),
            weights: &seen.attention,
            positions: sequence.len(),
            tokens: &texts,
        }),
    ];
    write(&plots, &folder.file("figures"), &args.figure_format)
}

fn write(plots: &[Plot], folder: &Path, formats: &[Picture]) -> Result<()> {
    check_writable(folder)?;
    let formats: Vec<_> = formats.iter().map(Picture::format).collect();
    for plot in plots {
        plot.write(folder, &formats)?;
    }
    say(&format!("{} figures in {}", plots.len(), folder.display()));
    Ok(())
}

fn first_middle_last(rows: &[Measurement]) -> Vec<u64> {
    let steps: std::collections::BTreeSet<u64> = rows.iter().map(|row| row.step).collect();
    let steps: Vec<u64> = steps.into_iter().collect();
    let mut chosen: Vec<u64> = [0, steps.len() / 2, steps.len().saturating_sub(1)]
        .iter()
        .filter_map(|place| steps.get(*place).copied())
        .collect();
    chosen.dedup();
    chosen
}

/// The layer with the largest ratio at `step` in the first sequence.
fn largest(rows: &[Measurement], step: u64) -> usize {
    let of_step = rows
        .iter()
        .filter(|row| row.step == step && row.sequence == 0);
    let ratios = of_step.filter_map(|row| Some((row.stats.ratio()?, row.layer)));
    let most = ratios.max_by(|a, b| a.0.total_cmp(&b.0));
    most.map_or(1, |(_, layer)| layer as usize)
}
