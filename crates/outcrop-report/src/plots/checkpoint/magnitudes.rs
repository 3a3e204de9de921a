use std::ops::Range;

use super::bins::{bins, grouped, largest};
use super::{STANDS_OUT, median, words};
use crate::Plot;
use crate::chart::{Axis, Callout, Depth, Panel, Ridge, Sheet};
use crate::plots::name;

/// More profiles than this cover each other.
const MOST_RIDGES: usize = 64;
/// More points than this along a profile are closer than two pixels.
const MOST_POINTS: usize = 384;
/// More places than this are not labelled.
const MOST_LABELS: usize = 5;
/// A spike is at least so high, as a part of the highest.
const SPIKE: f64 = 0.1;

/// The magnitudes of one layer's residual stream over one sequence.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Magnitudes<'a> {
    /// Name of the model.
    pub model: &'a str,
    /// Training step of the checkpoint.
    pub step: u64,
    /// Index of the sequence, from 0.
    pub sequence: u32,
    /// Layer, from 1.
    pub layer: u32,
    /// |h| as [positions, d_model], row by row. Signs do not matter.
    pub values: &'a [f32],
    /// Channels of a row.
    pub d_model: usize,
    /// The text of the token at every position, or nothing.
    pub tokens: &'a [String],
    /// Lower median of |h|, as [`LayerStats`](outcrop_core::LayerStats) has it, where it is known.
    pub median: Option<f32>,
}

impl Magnitudes<'_> {
    /// Rows of `values`; none where they do not divide into rows.
    fn positions(&self) -> Option<usize> {
        let whole = self.d_model > 0 && self.values.len().is_multiple_of(self.d_model);
        whole.then(|| self.values.len() / self.d_model)
    }
}

/// One scalar: |h|, position, channel.
type Scalar = (f64, usize, usize);

/// Draws |h| of one layer over (channel, position) as a landscape in oblique projection, so that a few
/// spikes out of a flat plane are seen at once: channels along the front, positions away from the
/// reader, |h| upwards on a linear scale.
///
/// The largest scalars are labelled with |h|, position, token and channel: the largest one always, and
/// up to four others that are at least a tenth of it and five times the median of what is drawn; where
/// there is no room for the words of one of these, its tip is marked by a dot alone. More
/// than 64 positions or 384 channels are drawn in groups of neighbours, each as its maximum. Underneath
/// stand the largest |h| and, where the median is known, their ratio. Values that are not finite are
/// drawn as 0 and counted; where the values do not divide into rows, or `tokens` are not as many as the
/// rows, it is said so.
///
/// ```
/// use outcrop_report::{Magnitudes, magnitudes_plot};
///
/// let mut values = vec![0.5; 3 * 64];
/// values[64 + 7] = 400.0;
/// let tokens = ["<s>", "a", "\n"].map(String::from);
/// let magnitudes = Magnitudes { model: "tiny", layer: 2, values: &values, d_model: 64, tokens: &tokens, ..Magnitudes::default() };
/// let plot = magnitudes_plot(&magnitudes);
/// assert_eq!(plot.stem(), "tiny-step-0-sequence-0-layer-2-magnitudes");
/// assert!(plot.svg()?.contains("400: position 1 “a”, channel 7"));
/// # Ok::<(), outcrop_report::Error>(())
/// ```
pub fn magnitudes_plot(magnitudes: &Magnitudes) -> Plot {
    let Magnitudes {
        model,
        step,
        sequence,
        layer,
        ..
    } = magnitudes;
    let model = name::of_model(model);
    Plot {
        stem: format!("{model}-step-{step}-sequence-{sequence}-layer-{layer}-magnitudes"),
        sheet: Sheet {
            columns: 1,
            panel_size: (860, 560),
            legend: Vec::new(),
            panels: vec![panel(magnitudes)],
        },
    }
}

fn panel(m: &Magnitudes) -> Panel {
    let (positions, d_model) = match m.positions() {
        Some(positions) => (positions, m.d_model),
        None => (0, 0),
    };
    let (rows, columns) = (bins(positions, MOST_RIDGES), bins(d_model, MOST_POINTS));
    let ridges: Vec<Ridge> = rows.iter().map(|r| ridge(m, r, &columns)).collect();
    let top = top(m, positions);
    let highest = top.first().map_or(0.0, |t| t.0);
    let heights = |r: &Ridge| r.points[1..r.points.len() - 1].to_vec(); // without its ends
    let drawn = ridges.iter().flat_map(heights).map(|p| p.1);
    let flat = STANDS_OUT * median(drawn.collect());
    let tall = flat.max(SPIKE * highest);
    let title = format!(
        "{}, step {}, sequence {}, layer {}: magnitudes of the residual stream",
        words::model(m.model),
        m.step,
        m.sequence,
        m.layer
    );
    let mut axis = Axis::index("position", 0, positions);
    if let Some(labels) = words::positions(positions, m.tokens).filter(|l| l.len() <= MOST_RIDGES) {
        axis = axis.named(&labels, MOST_RIDGES);
    }
    // Up to where a spike begins at least, so that a layer without one looks flat.
    let height = 1.05 * highest.max(flat);
    let y = Axis::between("|h|", 0.0, if height > 0.0 { height } else { 1.0 });
    let labelled = top.iter().enumerate();
    let labelled = labelled.filter(|(i, t)| t.0 > 0.0 && (*i == 0 || t.0 >= tall));
    Panel {
        depth: Some(Depth {
            axis,
            ridges,
            tall,
            callouts: labelled
                .map(|(_, t)| callout(*t, m.tokens, &rows, &columns))
                .collect(),
        }),
        footer: footer(m, &top, &rows, &columns),
        ..Panel::new(title, Axis::index("channel", 0, d_model), y, Vec::new())
    }
}

fn middle(bin: &Range<usize>) -> f64 {
    0.5 * (bin.start + bin.end) as f64
}

/// The profile of some positions: their maximum over each group of channels, on the floor at both ends.
fn ridge(m: &Magnitudes, positions: &Range<usize>, columns: &[Range<usize>]) -> Ridge {
    let rows = m.values.chunks_exact(m.d_model);
    let rows: Vec<&[f32]> = rows.skip(positions.start).take(positions.len()).collect();
    let height = |c: &Range<usize>| {
        let values = rows.iter().filter_map(|row| largest(&row[c.clone()]));
        (middle(c), values.fold(0.0, f64::max))
    };
    let mut points = vec![(0.0, 0.0)];
    points.extend(columns.iter().map(height));
    points.push((m.d_model as f64, 0.0));
    Ridge {
        depth: middle(positions),
        points,
    }
}

/// The largest scalars in descending order, ties by place.
fn top(m: &Magnitudes, positions: usize) -> Vec<Scalar> {
    let mut top: Vec<Scalar> = Vec::with_capacity(MOST_LABELS + 1);
    let rows = m
        .values
        .chunks_exact(m.d_model.max(1))
        .take(positions)
        .enumerate();
    for (position, row) in rows {
        for (channel, value) in row.iter().enumerate().filter(|v| v.1.is_finite()) {
            let value = f64::from(value.abs());
            if top.len() == MOST_LABELS && top.last().is_some_and(|t| value <= t.0) {
                continue;
            }
            let at = top.partition_point(|t| t.0 >= value);
            top.insert(at, (value, position, channel));
            top.truncate(MOST_LABELS);
        }
    }
    top
}

fn callout(
    (value, position, channel): Scalar,
    tokens: &[String],
    rows: &[Range<usize>],
    columns: &[Range<usize>],
) -> Callout {
    let place = |bins: &[Range<usize>], i: usize| {
        let bin = bins.iter().find(|b| b.contains(&i));
        bin.map_or(0.0, middle)
    };
    let at = words::position(position, tokens);
    Callout {
        at: (place(columns, channel), value, place(rows, position)),
        words: format!(
            "{}: position {at}, channel {channel}",
            words::magnitude(value)
        ),
    }
}

fn footer(
    m: &Magnitudes,
    top: &[Scalar],
    rows: &[Range<usize>],
    columns: &[Range<usize>],
) -> Vec<String> {
    let Some(positions) = m.positions() else {
        let (values, d_model) = (m.values.len(), m.d_model);
        return vec![format!(
            "{values} values do not make rows of {d_model} channels: nothing to draw"
        )];
    };
    let mut parts = vec![
        words::count(positions, "position"),
        words::count(m.d_model, "channel"),
    ];
    match top.first() {
        None => parts.push("no finite magnitude to draw".into()),
        Some((value, ..)) => parts.push(format!("largest |h| {}", words::magnitude(*value))),
    }
    let known = m.median.map(f64::from).filter(|v| v.is_finite());
    if let (Some(median), Some((value, ..))) = (known, top.first()) {
        parts.push(format!("median {}", words::magnitude(median)));
        let ratio = value / median;
        parts.extend((median > 0.0).then(|| format!("ratio {}", words::magnitude(ratio))));
    }
    let grouped = [grouped(rows, "positions"), grouped(columns, "channels")];
    let grouped: Vec<_> = grouped.into_iter().flatten().collect();
    if !grouped.is_empty() {
        parts.push(format!(
            "each point is the largest of {}",
            grouped.join(" and ")
        ));
    }
    if !m.tokens.is_empty() && m.tokens.len() != positions {
        parts.push(format!("{} given", words::count(m.tokens.len(), "token")));
    }
    parts.extend(words::lost(
        m.values.iter().filter(|v| !v.is_finite()).count(),
    ));
    vec![parts.join(" · ")]
}
