//! All Shapley values at once.

use outcrop_core::Attribution;

use super::{distinct, label, slug, together};
use crate::Plot;
use crate::chart::palette::INK;
use crate::chart::{Axis, ColorBar, Mark, Panel, Sheet, Stroke};

/// Different colours of points.
const SHADES: usize = 16;
/// Height of a row in pixels.
const ROW: u32 = 44;
/// Share of a row that a swarm may fill.
const SPREAD: f64 = 0.8;
/// Points of a swarm that lie within this share of the axis are set side by side.
const BIN: f64 = 0.012;

/// Draws the Shapley values of many (model, layer), one row a group of features and one point a
/// prediction, the group with the largest mean absolute value on top: figures 9 (left) and 10 of the
/// paper (arXiv 2508.03616), for the targets `K` and `lambda`.
///
/// The colour of a point is the rank of the feature's value, from low to high; points that would
/// cover each other are set side by side. `rows` are of one target and regressor. Values that are not
/// finite are counted underneath.
pub fn shapley_plot(rows: &[Attribution]) -> Plot {
    let finite: Vec<&Attribution> = rows.iter().filter(|r| r.shapley.is_finite()).collect();
    let x = Axis::linear(
        &x_title(rows),
        finite.iter().map(|r| r.shapley).chain([0.0]),
    );
    let groups = by_size(&finite);
    let mut marks = vec![Mark::Line(
        vec![(0.0, -f64::MAX), (0.0, f64::MAX)],
        INK,
        Stroke::Thin,
    )];
    let bar = ColorBar {
        axis: Axis::between("value of the feature", 0.0, 1.0)
            .with_ticks(vec![(0.0, "low".into()), (1.0, "high".into())]),
    };
    for (i, group) in groups.iter().enumerate() {
        let of_group: Vec<_> = finite
            .iter()
            .copied()
            .filter(|r| r.group == *group)
            .collect();
        let middle = (groups.len() - i) as f64 - 0.5;
        marks.extend(swarm(&of_group, middle, &x, &bar));
    }
    let labels: Vec<String> = groups.iter().map(|g| label(g)).collect();
    let mut panel = Panel::new(title(rows), x, Axis::rows(&labels), marks);
    panel.color_bar = Some(bar);
    panel.footer = together(groups.iter().copied());
    if finite.len() < rows.len() {
        let lost = rows.len() - finite.len();
        panel
            .footer
            .push(format!("{lost} values are not finite and not drawn"));
    }
    Plot {
        stem: format!(
            "shapley-{}",
            rows.first().map_or("none".into(), |r| slug(&r.target))
        ),
        sheet: Sheet {
            columns: 1,
            panel_size: (720, 100 + ROW * groups.len().max(2) as u32),
            legend: Vec::new(),
            panels: vec![panel],
        },
    }
}

fn x_title(rows: &[Attribution]) -> String {
    match rows.first() {
        Some(row) => format!("Shapley value, in units of {}", row.target),
        None => "Shapley value".into(),
    }
}

fn title(rows: &[Attribution]) -> String {
    match rows.first() {
        Some(row) => format!("what moves {}, by {}", row.target, row.regressor),
        None => "no Shapley values".into(),
    }
}

/// Groups by mean absolute value, the largest first.
fn by_size<'r>(rows: &[&'r Attribution]) -> Vec<&'r str> {
    let mut groups = distinct(rows.iter().map(|r| r.group.as_str()));
    let size = |group: &str| -> f64 {
        let of_group = rows.iter().filter(|r| r.group == group);
        of_group.map(|r| r.shapley.abs()).sum()
    };
    groups.sort_by(|a, b| size(b).total_cmp(&size(a)));
    groups
}

/// The points of one group around the height `middle`.
fn swarm(rows: &[&Attribution], middle: f64, x: &Axis, bar: &ColorBar) -> Vec<Mark> {
    let mut order: Vec<&Attribution> = rows.to_vec();
    order.sort_by(|a, b| a.shapley.total_cmp(&b.shapley));
    let bin = |r: &&Attribution| (x.fraction(r.shapley) / BIN) as usize;
    let bins: Vec<&[&Attribution]> = order.chunk_by(|a, b| bin(a) == bin(b)).collect();
    let most = bins.iter().map(|b| b.len()).max().unwrap_or(1);
    let step = (SPREAD / most as f64).min(0.12);
    let mut shades = vec![Vec::new(); SHADES];
    for bin in bins {
        for (i, row) in bin.iter().enumerate() {
            let side = if i % 2 == 0 { 1.0 } else { -1.0 };
            let height = middle + side * step * i.div_ceil(2) as f64;
            let shade = rank(row.value, rows) * (SHADES - 1) as f64;
            shades[shade.round() as usize].push((row.shapley, height));
        }
    }
    let mark = |(shade, points): (usize, Vec<(f64, f64)>)| {
        let color = bar.color(Some(shade as f64 / (SHADES - 1) as f64));
        Mark::Points(points, color)
    };
    let filled = shades
        .into_iter()
        .enumerate()
        .filter(|(_, p)| !p.is_empty());
    filled.map(mark).collect()
}

/// Where `value` stands among the different values of `rows`: 0 the lowest, 1 the highest.
fn rank(value: f64, rows: &[&Attribution]) -> f64 {
    let mut values: Vec<f64> = rows.iter().map(|r| r.value).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    let below = values.partition_point(|v| *v < value);
    below as f64 / values.len().saturating_sub(1).max(1) as f64
}
