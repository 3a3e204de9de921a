//! Importance across architectures.

use outcrop_core::Importance;

use super::{DOWN, UP, label, slug, together};
use crate::Plot;
use crate::chart::palette::INK;
use crate::chart::{Axis, Mark, Panel, Sheet, Stroke};

/// Height of a row in pixels.
const ROW: u32 = 30;

/// Draws how much the error on architectures left out grows when a group of features is exchanged
/// between them, with one standard deviation over permutations to each side. A bar to the left, or
/// one no longer than its deviation, is a feature that does not help with an unseen architecture.
///
/// `rows` are of one target and regressor, in any order.
pub fn importance_plot(rows: &[Importance]) -> Plot {
    let mut shown: Vec<&Importance> = rows.iter().filter(|r| r.increase.is_finite()).collect();
    shown.sort_by(|a, b| b.increase.total_cmp(&a.increase));
    let sd = |r: &Importance| if r.sd.is_finite() { r.sd } else { 0.0 };
    let ends = shown
        .iter()
        .flat_map(|r| [r.increase - sd(r), r.increase + sd(r), 0.0]);
    let target = rows.first().map_or("", |r| r.target.as_str());
    let x = Axis::linear(
        &format!("increase of the error, in units of {target}"),
        ends,
    );
    let labels: Vec<String> = shown.iter().map(|r| label(&r.group)).collect();
    let mut marks = Vec::new();
    for (i, row) in shown.iter().enumerate() {
        let middle = (shown.len() - i) as f64 - 0.5;
        let color = if row.increase >= 0.0 { UP } else { DOWN };
        let (low, high) = (row.increase.min(0.0), row.increase.max(0.0));
        marks.push(Mark::Cell(
            (low, middle - 0.32),
            (high, middle + 0.32),
            color,
        ));
        let ends = [-1.0, 1.0].map(|side| (row.increase + side * sd(row), middle));
        marks.push(Mark::Line(ends.to_vec(), INK, Stroke::Thin));
    }
    marks.push(Mark::Line(
        vec![(0.0, -f64::MAX), (0.0, f64::MAX)],
        INK,
        Stroke::Thin,
    ));
    let title = match rows.first() {
        Some(row) => format!(
            "what helps {} to predict {target} of unseen architectures",
            row.regressor
        ),
        None => "no importance".into(),
    };
    let mut panel = Panel::new(title, x, Axis::rows(&labels), marks);
    panel.footer = footer(rows);
    Plot {
        stem: format!(
            "importance-{}",
            if target.is_empty() {
                "none".into()
            } else {
                slug(target)
            }
        ),
        sheet: Sheet {
            columns: 1,
            panel_size: (720, 100 + ROW * shown.len().max(2) as u32),
            legend: Vec::new(),
            panels: vec![panel],
        },
    }
}

fn footer(rows: &[Importance]) -> Vec<String> {
    let mut footer = together(rows.iter().map(|r| r.group.as_str()));
    if let Some(row) = rows.first() {
        footer.push(format!(
            "error as they are {} · {} permutations, bars of one standard deviation",
            crate::chart::short(row.rmse),
            row.repeats
        ));
    }
    footer
}
