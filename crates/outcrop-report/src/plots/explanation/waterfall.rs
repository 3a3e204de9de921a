//! One prediction, step by step.

use outcrop_core::Attribution;

use super::{DOWN, UP, reader, readers_value, signed, slug, together};
use crate::Plot;
use crate::chart::palette::INK;
use crate::chart::{Axis, Mark, Panel, Sheet, Stroke, short, shorten};
use crate::plots::name;

/// Height of a row in pixels.
const ROW: u32 = 30;

/// Draws how the prediction for one layer of one model comes about, from the mean prediction at the
/// bottom to this one at the top, the largest Shapley value last: figure 9 (right) of the paper
/// (arXiv 2508.03616) for the target `K`.
///
/// `rows` are the groups of one (model, layer), as `Attribution` holds them; those of another than
/// the first are skipped, and so are values that are not finite.
pub fn waterfall_plot(rows: &[Attribution]) -> Plot {
    let Some(first) = rows.first() else {
        return plot(
            "waterfall-none".into(),
            Panel::new(
                "no Shapley values",
                Axis::linear("", []),
                Axis::rows(&[]),
                Vec::new(),
            ),
            1,
        );
    };
    let same = |r: &&Attribution| {
        (&r.model, r.layer, &r.target) == (&first.model, first.layer, &first.target)
    };
    let mut shown: Vec<&Attribution> = rows
        .iter()
        .filter(same)
        .filter(|r| r.shapley.is_finite())
        .collect();
    shown.sort_by(|a, b| b.shapley.abs().total_cmp(&a.shapley.abs()));
    let steps = steps(first.base, &shown);
    let ends = steps
        .iter()
        .flat_map(|s| [s.0, s.1])
        .chain([first.base, first.predicted]);
    let x = Axis::linear(&first.target, ends);
    let y = rows_axis(&shown);
    let mut marks = vec![upright(first.base), upright(first.predicted)];
    for (i, (from, to)) in steps.iter().enumerate() {
        let bottom = (shown.len() - i) as f64 - 0.85;
        let color = if to >= from { UP } else { DOWN };
        marks.push(Mark::Cell(
            (from.min(*to), bottom),
            (from.max(*to), bottom + 0.7),
            color,
        ));
    }
    let title = format!(
        "{}, layer {}: {} by {}",
        first.model, first.layer, first.target, first.regressor
    );
    let mut panel = Panel::new(title, x, y, marks);
    panel.tags = vec![
        (first.base, format!("mean {}", short(first.base))),
        (
            first.predicted,
            format!("this layer {}", short(first.predicted)),
        ),
    ];
    panel.footer = together(shown.iter().map(|r| r.group.as_str()));
    let stem = format!(
        "waterfall-{}-{}",
        slug(&first.target),
        name::of_layer(&first.model, first.layer)
    );
    plot(stem, panel, shown.len())
}

fn plot(stem: String, panel: Panel, rows: usize) -> Plot {
    Plot {
        stem,
        sheet: Sheet {
            columns: 1,
            panel_size: (720, 130 + ROW * rows.max(2) as u32),
            legend: Vec::new(),
            panels: vec![panel],
        },
    }
}

/// From where to where each row goes: the last one starts at `base`, the first ends at the
/// prediction.
fn steps(base: f64, rows: &[&Attribution]) -> Vec<(f64, f64)> {
    let mut at = base;
    let mut steps: Vec<(f64, f64)> = rows
        .iter()
        .rev()
        .map(|r| {
            let from = at;
            at += r.shapley;
            (from, at)
        })
        .collect();
    steps.reverse();
    steps
}

/// Rows named by group, value and share.
fn rows_axis(rows: &[&Attribution]) -> Axis {
    let n = rows.len();
    let ticks = rows.iter().enumerate().map(|(i, r)| {
        let words = format!("{}  {}", with_value(&r.group, r.value), signed(r.shapley));
        ((n - i) as f64 - 0.5, words)
    });
    Axis::rows(&vec![String::new(); n]).with_ticks(ticks.collect())
}

/// The first feature of a group with its value, and how many go with it.
fn with_value(group: &str, value: f64) -> String {
    let features: Vec<&str> = group.split(" + ").collect();
    let more = match features.len() {
        1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    let first = shorten(reader(features[0]).to_owned(), 22);
    let value = readers_value(features[0], value);
    format!("{first} = {}{more}", short(value))
}

fn upright(x: f64) -> Mark {
    Mark::Line(vec![(x, -f64::MAX), (x, f64::MAX)], INK, Stroke::Dotted)
}
