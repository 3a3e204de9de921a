use std::ops::Range;

use super::bins::{bins, grouped, largest};
use super::{STANDS_OUT, median, words};
use crate::Plot;
use crate::chart::{Axis, ColorBar, Panel, Sheet, cells};
use crate::plots::name;

/// More cells than this would make a file too large.
const MOST_CELLS: usize = 12_000;
/// More rows than this are narrower than two pixels.
const MOST_ROWS: usize = 160;
const MOST_COLUMNS: usize = 512;
/// More channels than this are not labelled.
const MOST_LABELS: usize = 6;
/// Values so much smaller than the largest are drawn in the darkest colour.
const DARKEST: f64 = 1e-6;

/// The largest magnitude of every channel in every layer, for one checkpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChannelMagnitudes {
    /// Name of the model.
    pub model: String,
    /// Training step of the checkpoint.
    pub step: u64,
    /// For each layer, the first first, d_model values: the largest |h| over positions (and sequences)
    /// of each channel of the residual stream after it. At least 0, but signs do not matter.
    pub layers: Vec<Vec<f32>>,
}

/// Draws a heatmap of channels (columns, from 0) by layers (rows, from 1, the first on top): the
/// largest |h| of each channel on a logarithmic colour scale.
///
/// The channels that dominate are labelled with their number, the six largest at most: those whose
/// largest |h| in any layer is at least five times the median channel's. Where there are more channels
/// than can be drawn, each column is the maximum of its neighbours, so that no peak is lost. A value
/// that is not finite, or that a shorter row lacks, is grey; the former are counted underneath.
///
/// ```
/// use outcrop_report::{ChannelMagnitudes, channels_plot};
///
/// let mut layers = vec![vec![0.5; 768]; 12];
/// layers[3][447] = 900.0;
/// let plot = channels_plot(&ChannelMagnitudes { model: "gpt2".into(), step: 0, layers });
/// assert_eq!(plot.stem(), "gpt2-step-0-channels");
/// assert!(plot.svg()?.contains("447"));
/// # Ok::<(), outcrop_report::Error>(())
/// ```
pub fn channels_plot(magnitudes: &ChannelMagnitudes) -> Plot {
    let ChannelMagnitudes { model, step, .. } = magnitudes;
    Plot {
        stem: format!("{}-step-{step}-channels", name::of_model(model)),
        sheet: Sheet {
            columns: 1,
            panel_size: (900, height(magnitudes.layers.len())),
            legend: Vec::new(),
            panels: vec![panel(magnitudes)],
        },
    }
}

/// Height in pixels of a panel with `rows` rows.
fn height(rows: usize) -> u32 {
    150 + (14 * rows.min(40) as u32).clamp(160, 420)
}

fn panel(magnitudes: &ChannelMagnitudes) -> Panel {
    let layers = &magnitudes.layers;
    let d_model = layers.iter().map(Vec::len).max().unwrap_or(0);
    let rows = bins(layers.len(), MOST_ROWS);
    let most = (MOST_CELLS / rows.len().max(1)).min(MOST_COLUMNS);
    let columns = bins(d_model, most);
    let table: Vec<Vec<Option<f64>>> = rows
        .iter()
        .map(|r| row(&layers[r.clone()], &columns))
        .collect();
    let peaks = peaks(layers, d_model);
    let top = peaks.iter().map(|p| p.1).fold(0.0, f64::max);
    let seen = table.iter().flatten().flatten().copied();
    let bar = ColorBar {
        axis: Axis::log(
            "largest |h| over positions",
            seen.filter(|v| *v >= DARKEST * top),
        ),
    };
    let marks = cells(&rows, &columns, |i, j| Some(bar.color(table[i][j])));
    let title = format!(
        "{}, step {}: largest |h| of every channel",
        words::model(&magnitudes.model),
        magnitudes.step
    );
    let x = Axis::index("channel", 0, d_model);
    let y = Axis::index("layer", 1, layers.len()).reversed();
    Panel {
        color_bar: Some(bar),
        tags: dominating(&peaks)
            .iter()
            .map(|c| (*c as f64 + 0.5, c.to_string()))
            .collect(),
        footer: footer(layers, &peaks, &rows, &columns),
        ..Panel::new(title, x, y, marks)
    }
}

/// The largest value of each column over some layers.
fn row(layers: &[Vec<f32>], columns: &[Range<usize>]) -> Vec<Option<f64>> {
    let of_layer = |layer: &Vec<f32>, c: &Range<usize>| {
        let end = c.end.min(layer.len());
        largest(&layer[c.start.min(end)..end])
    };
    let value = |c: &Range<usize>| {
        let values = layers.iter().filter_map(|layer| of_layer(layer, c));
        values.max_by(f64::total_cmp)
    };
    columns.iter().map(value).collect()
}

/// For every channel that has a finite value: its number, its largest magnitude, the layer (from 1).
fn peaks(layers: &[Vec<f32>], d_model: usize) -> Vec<(usize, f64, usize)> {
    let mut peaks: Vec<Option<(f64, usize)>> = vec![None; d_model];
    for (l, layer) in layers.iter().enumerate() {
        for (peak, value) in peaks.iter_mut().zip(layer).filter(|p| p.1.is_finite()) {
            let value = f64::from(value.abs());
            if peak.is_none_or(|p| value > p.0) {
                *peak = Some((value, l + 1));
            }
        }
    }
    let peaks = peaks.into_iter().enumerate();
    peaks
        .filter_map(|(c, peak)| peak.map(|(value, layer)| (c, value, layer)))
        .collect()
}

/// The channels that stand out, at most [`MOST_LABELS`] of them, the largest first.
fn dominating(peaks: &[(usize, f64, usize)]) -> Vec<usize> {
    let least = STANDS_OUT * median(peaks.iter().map(|p| p.1).collect());
    let mut high: Vec<_> = peaks.iter().filter(|p| p.1 > 0.0 && p.1 >= least).collect();
    high.sort_by(|a, b| b.1.total_cmp(&a.1));
    high.iter().take(MOST_LABELS).map(|p| p.0).collect()
}

fn footer(
    layers: &[Vec<f32>],
    peaks: &[(usize, f64, usize)],
    rows: &[Range<usize>],
    columns: &[Range<usize>],
) -> Vec<String> {
    let first = |a: &&(usize, f64, usize), b: &&(usize, f64, usize)| {
        a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))
    };
    let largest = peaks.iter().max_by(first).map(|(channel, value, layer)| {
        format!(
            "largest |h|: {} in channel {channel}, layer {layer}",
            words::magnitude(*value)
        )
    });
    let grouped = [grouped(columns, "channels"), grouped(rows, "layers")];
    let grouped: Vec<_> = grouped.into_iter().flatten().collect();
    let grouped = (!grouped.is_empty())
        .then(|| format!("each cell is the largest of {}", grouped.join(" and ")));
    let lost = layers.iter().flatten().filter(|v| !v.is_finite()).count();
    let largest = largest.unwrap_or_else(|| "no finite magnitude to draw".into());
    let parts = [Some(largest), grouped, words::lost(lost)];
    vec![parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")]
}
