use std::ops::Range;

use super::bins::{bins, grouped};
use super::words;
use crate::Plot;
use crate::chart::palette::{ABSENT, INK, OKABE_ITO};
use crate::chart::{Axis, ColorBar, Key, Mark, Panel, RGBColor, Sheet, Stroke, Symbol, cells};
use crate::plots::name;

/// A key is a sink where it receives more than this on average (Gu et al., arXiv 2410.10781).
pub const SINK_THRESHOLD: f64 = 0.3;

/// More rows of cells than this would make a file too large.
const MOST_ROWS: usize = 128;
/// More bars than this are narrower than two pixels.
const MOST_BARS: usize = 256;
/// So many rows are named by their tokens at most; of more, every second, third, ...
const NAMED: usize = 32;
/// More sinks than this are not labelled.
const MOST_LABELS: usize = 4;
/// Weights below this are drawn in the darkest colour.
const DARKEST: f64 = 1e-4;

const KEY: RGBColor = OKABE_ITO[0];
const SINK: RGBColor = OKABE_ITO[1];

/// The attention weights of one layer over one sequence.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AttentionMap<'a> {
    /// Name of the model.
    pub model: &'a str,
    /// Training step of the checkpoint.
    pub step: u64,
    /// Index of the sequence, from 0.
    pub sequence: u32,
    /// Layer, from 1.
    pub layer: u32,
    /// Head, from 0; none where the weights are the mean over heads.
    pub head: Option<u32>,
    /// Weights after the softmax as [positions, positions], row by row: a row per query, from 0 to 1.
    /// Values above the diagonal are masked and not read.
    pub weights: &'a [f32],
    /// Tokens of the sequence.
    pub positions: usize,
    /// The text of the token at every position, or nothing.
    pub tokens: &'a [String],
}

impl AttentionMap<'_> {
    /// Positions, where there is a weight for each pair of them, and 0 elsewhere.
    fn whole(&self) -> usize {
        let whole = self.positions.checked_mul(self.positions) == Some(self.weights.len());
        if whole { self.positions } else { 0 }
    }

    /// The finite weights of some queries on some keys that they may see.
    fn of<'s>(
        &'s self,
        queries: &Range<usize>,
        keys: &'s Range<usize>,
    ) -> impl Iterator<Item = f64> + 's {
        queries.clone().flat_map(move |q| {
            let seen = keys.start..keys.end.min(q + 1).max(keys.start);
            let row = &self.weights[q * self.positions..][seen];
            row.iter().filter(|w| w.is_finite()).map(|w| f64::from(*w))
        })
    }

    /// What each key receives on average from the queries that see it; none where no weight is finite.
    fn received(&self) -> Vec<Option<f64>> {
        let n = self.whole();
        let mean_of = |k| mean(self.of(&(k..n), &(k..k + 1)));
        (0..n).map(mean_of).collect()
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0.0), |(sum, n), v| (sum + v, n + 1.0));
    (n > 0.0).then(|| sum / n)
}

/// Draws the attention map of one head, or of the mean over heads, of one layer: queries downwards,
/// keys to the right, weights on a logarithmic colour scale that ends at 1e-4 below, so that a sink and
/// the rest are both visible; what the causal mask hides is grey.
///
/// Beneath it, on the same axis of keys, the mean attention that each key k receives, alpha_k = the mean
/// over queries i >= k of the weight [i, k], with the threshold of 0.3 above which a key is called a
/// sink (Gu et al., arXiv 2410.10781); the last keys are seen by few queries, which makes them uncertain.
/// Keys above the threshold are coloured, and the largest four of them are labelled. More than 128
/// positions are drawn in groups, each cell as the mean of its weights; of more than 256 keys the largest
/// alpha of a group is drawn. Weights that are not finite are left out and counted; where there are not
/// positions x positions weights, or `tokens` are not as many, it is said so.
///
/// ```
/// use outcrop_report::{AttentionMap, attention_plot};
///
/// let weights = [1.0, 0.0, 0.0, 0.9, 0.1, 0.0, 0.8, 0.1, 0.1];
/// let attention = AttentionMap { model: "tiny", layer: 2, head: Some(3), weights: &weights, positions: 3, ..AttentionMap::default() };
/// let plot = attention_plot(&attention);
/// assert_eq!(plot.stem(), "tiny-step-0-sequence-0-layer-2-attention-head-3");
/// assert!(plot.svg()?.contains("sinks: position 0 (0.90)"));
/// # Ok::<(), outcrop_report::Error>(())
/// ```
pub fn attention_plot(attention: &AttentionMap) -> Plot {
    let AttentionMap {
        model,
        step,
        sequence,
        layer,
        ..
    } = attention;
    let head = match attention.head {
        Some(head) => format!("head-{head}"),
        None => "mean".into(),
    };
    let model = name::of_model(model);
    Plot {
        stem: format!("{model}-step-{step}-sequence-{sequence}-layer-{layer}-attention-{head}"),
        sheet: Sheet {
            columns: 1,
            panel_size: (760, 800),
            legend: Vec::new(),
            panels: vec![panel(attention)],
        },
    }
}

fn panel(a: &AttentionMap) -> Panel {
    let n = a.whole();
    let groups = bins(n, MOST_ROWS);
    let received = a.received();
    let sinks = sinks(&received);
    let bar = ColorBar {
        axis: Axis::log_between("attention weight", DARKEST, 1.0),
    };
    let mut marks = vec![Mark::Cell((0.0, 0.0), (n as f64, n as f64), ABSENT)];
    marks.extend(cells(&groups, &groups, |q, k| {
        (k <= q).then(|| bar.color(mean(a.of(&groups[q], &groups[k]))))
    }));
    let labels = words::positions(n, a.tokens);
    let y = Axis::index("query position", 0, n);
    let y = labels
        .map_or(y.clone(), |labels| y.named(&labels, NAMED))
        .reversed();
    let x = Axis::index("key position", 0, n);
    let tag = |(k, _): &(usize, f64)| (*k as f64 + 0.5, words::position(*k, a.tokens));
    Panel {
        color_bar: Some(bar),
        tags: sinks.iter().take(MOST_LABELS).map(tag).collect(),
        below: Some(Box::new(below(x.clone(), &received))),
        legend: keys(),
        footer: footer(a, &sinks, &groups),
        ..Panel::new(title(a), x, y, marks)
    }
}

fn title(a: &AttentionMap) -> String {
    let head = match a.head {
        Some(head) => format!("head {head}"),
        None => "mean over heads".into(),
    };
    format!(
        "{}, step {}, sequence {}, layer {}, {head}: attention",
        words::model(a.model),
        a.step,
        a.sequence,
        a.layer
    )
}

/// The keys above the threshold, the largest first.
fn sinks(received: &[Option<f64>]) -> Vec<(usize, f64)> {
    let known = received.iter().enumerate();
    let known = known.filter_map(|(k, alpha)| Some((k, (*alpha)?)));
    let mut sinks: Vec<_> = known.filter(|s| s.1 > SINK_THRESHOLD).collect();
    sinks.sort_by(|a, b| b.1.total_cmp(&a.1));
    sinks
}

/// The mean attention that each key receives.
fn below(x: Axis, received: &[Option<f64>]) -> Panel {
    let bar = |keys: Range<usize>| {
        let alpha = received[keys.clone()]
            .iter()
            .flatten()
            .copied()
            .max_by(f64::total_cmp)?;
        let color = if alpha > SINK_THRESHOLD { SINK } else { KEY };
        Some(Mark::Cell(
            (keys.start as f64, 0.0),
            (keys.end as f64, alpha),
            color,
        ))
    };
    let mut marks: Vec<Mark> = bins(received.len(), MOST_BARS)
        .into_iter()
        .filter_map(bar)
        .collect();
    let ends = vec![(-f64::MAX, SINK_THRESHOLD), (f64::MAX, SINK_THRESHOLD)];
    marks.push(Mark::Line(ends, INK, Stroke::Dashed));
    Panel::new("", x, Axis::between("mean received α", 0.0, 1.0), marks)
}

fn keys() -> Vec<Key> {
    vec![
        Key::new("mean attention α that a key receives", KEY, Symbol::Box),
        Key::new("a sink", SINK, Symbol::Box),
        Key::new(format!("threshold {SINK_THRESHOLD}"), INK, Symbol::Dashed),
        Key::new("masked", ABSENT, Symbol::Box),
    ]
}

fn footer(a: &AttentionMap, sinks: &[(usize, f64)], groups: &[Range<usize>]) -> Vec<String> {
    let n = a.whole();
    if n == 0 {
        let (weights, n) = (a.weights.len(), a.positions);
        return vec![format!(
            "{weights} weights are not those of {n} x {n} positions: nothing to draw"
        )];
    }
    let named = sinks.iter().take(MOST_LABELS);
    let named: Vec<_> = named
        .map(|(k, alpha)| format!("position {} ({alpha:.2})", words::position(*k, a.tokens)))
        .collect();
    let mut parts = vec![match (sinks.len(), named.len()) {
        (0, _) => format!("no key receives more than {SINK_THRESHOLD}"),
        (all, shown) if all > shown => format!("{all} sinks, among them {}", named.join(", ")),
        _ => format!("sinks: {}", named.join(", ")),
    }];
    parts.extend(
        grouped(groups, "positions").map(|g| format!("each cell is the mean of {g} to each side")),
    );
    if !a.tokens.is_empty() && a.tokens.len() != n {
        parts.push(format!("{} given", words::count(a.tokens.len(), "token")));
    }
    let lost = (0..n)
        .flat_map(|q| &a.weights[q * n..=q * n + q])
        .filter(|w| !w.is_finite());
    parts.extend(words::lost(lost.count()));
    vec![parts.join(" · ")]
}
