use outcrop_core::EventKind;

use crate::chart::palette::OKABE_ITO;
use crate::chart::{Axis, Key, Mark, Panel, RGBColor, Stroke, Symbol};
use crate::data::{Data, Model, growth, most_emergent};
use crate::means::Means;

pub(super) const NO_TRAJECTORIES: &str = "there are no trajectories";
pub(super) const NO_MEASUREMENTS: &str =
    "there are no measurements with top-3 magnitudes and medians";
pub(super) const NO_FITS: &str = "there are no fits";

/// Title of the axis of a ratio.
pub(super) const RATIO: &str = "ratio, top-1 / median";

/// What the four lines of a per-layer panel are called, in the order of their colours.
const MAGNITUDES: [&str; 4] = ["top 1", "top 2", "top 3", "median"];

/// Words for a figure that draws some of all models.
pub(super) fn of_all(some: usize, all: usize) -> String {
    match some < all {
        true => format!(" ({some} of {all} models, evenly by size)"),
        false => String::new(),
    }
}

/// The colour of every model: the same in all figures of one report.
pub(super) fn color_of(data: &Data, model: &str) -> RGBColor {
    let index = data.models.iter().position(|m| m.name == model);
    crate::chart::palette::distinct(index.unwrap_or(0), data.models.len())
}

/// A legend of `models`.
pub(super) fn model_keys<'m>(
    data: &Data,
    models: impl IntoIterator<Item = &'m Model>,
    symbol: Symbol,
) -> Vec<Key> {
    let models = models.into_iter();
    models
        .map(|m| Key::new(&m.name, color_of(data, &m.name), symbol))
        .collect()
}

/// The measured model in which some layer's ratio grew most; the largest where none can be
/// followed.
pub(super) fn most_emergent_model<'d>(data: &'d Data) -> Option<&'d Model> {
    let measured = data.measured();
    let grown = measured.iter().filter_map(|m| {
        let layers = data.trajectories_of(&m.name);
        Some((growth(most_emergent(&layers)?)?, *m))
    });
    let most = grown.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, m)| m);
    most.or_else(|| measured.last().copied())
}

/// The legend of [`magnitude_panel`].
pub(crate) fn magnitude_keys() -> Vec<Key> {
    let key = |(i, name): (usize, &&str)| {
        let symbol = if i < 3 { Symbol::Line } else { Symbol::Dashed };
        Key::new(*name, OKABE_ITO[i], symbol)
    };
    MAGNITUDES.iter().enumerate().map(key).collect()
}

/// The first and last step at which `model` was measured in any layer.
pub(super) fn first_and_last(data: &Data, model: &Model) -> Option<(u64, u64)> {
    let rows = data.inputs.measurements.iter();
    let steps = rows.filter(|m| m.model == model.name).map(|m| m.step);
    steps.fold(None, |ends, s| {
        let (first, last) = ends.unwrap_or((s, s));
        Some((s.min(first), s.max(last)))
    })
}

/// Top-3 magnitudes and median over layers at one step, on the axis `y`.
pub(crate) fn magnitude_panel(title: String, layers: u32, rows: &[(u32, Means)], y: Axis) -> Panel {
    let mut marks = Vec::new();
    for (i, color) in OKABE_ITO.iter().take(4).enumerate() {
        let value = |m: &Means| if i < 3 { m.top[i] } else { m.median };
        let line: Vec<_> = rows
            .iter()
            .map(|(l, m)| (f64::from(*l), value(m)))
            .collect();
        let stroke = if i < 3 { Stroke::Solid } else { Stroke::Dashed };
        marks.push(Mark::Points(line.clone(), *color));
        marks.push(Mark::Line(line, *color, stroke));
    }
    Panel::new(title, Axis::layers(layers), y, marks)
}

/// A logarithmic axis that all of `profiles` share.
pub(crate) fn magnitude_axis<'p>(profiles: impl IntoIterator<Item = &'p [(u32, Means)]>) -> Axis {
    let rows = profiles.into_iter().flatten();
    let values = rows.flat_map(|(_, m)| [m.top[0], m.top[1], m.top[2], m.median]);
    Axis::log("magnitude |h|", values)
}

/// At most eight layers whose numbers stand at the ends of their lines, the first and the last among them.
pub(super) fn named_layers(layers: u32) -> Vec<u32> {
    let shown = layers.clamp(1, 8);
    let layer = |i: u32| match shown {
        1 => 1,
        _ => 1 + (i * (layers - 1) + (shown - 1) / 2) / (shown - 1),
    };
    (0..shown).map(layer).collect()
}

/// Events of the training of a model, as lines across a panel.
pub(super) fn events_of(data: &Data, model: &str) -> Vec<(f64, String)> {
    /// Most lines of one kind: more would cover the curves.
    const MOST: usize = 3;
    let events = data.inputs.events.iter().filter(|one| one.model == model);
    let of = |kind: EventKind| {
        let of_kind = events.clone().filter(move |one| one.event == kind);
        of_kind.take(MOST)
    };
    let tagged = EventKind::ALL.into_iter().flat_map(of);
    let word = |one: &outcrop_core::TrainingEvent| match &one.stage {
        Some(stage) => stage.clone(),
        None => one.event.word().replace('-', " "),
    };
    let mut tags: Vec<_> = tagged.map(|one| (one.step as f64, word(one))).collect();
    tags.sort_by(|a, b| a.0.total_cmp(&b.0));
    tags
}
