//! Figures that explain predictions.

use outcrop_core::Attribution;

use crate::chart::{Panel, Sheet};
use crate::data::Data;
use crate::figures::{Figure, Section};
use crate::plots::{shapley_plot, waterfall_plot};

const ABSENT: &str = "predictions of it were not explained; `outcrop explain --target` does so";

/// The targets that the paper explains, with its figures.
const OF_PAPER: [(&str, u8); 2] = [("K", 9), ("lambda", 10)];

/// A figure for each target that was explained, and for those of the paper.
pub(crate) fn sections(data: &Data) -> Vec<Section> {
    let mut targets: Vec<&str> = OF_PAPER.iter().map(|(target, _)| *target).collect();
    for row in &data.inputs.attributions {
        if !targets.contains(&row.target.as_str()) {
            targets.push(&row.target);
        }
    }
    targets.into_iter().map(|t| section(data, t)).collect()
}

fn section(data: &Data, target: &str) -> Section {
    let paper = OF_PAPER.iter().find(|(name, _)| *name == target);
    let word: String = target
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    Section {
        name: format!("explanation-{word}"),
        title: format!("What moves the prediction of {target}"),
        paper: paper.map(|(_, number)| *number),
        figure: figure(data, target),
    }
}

/// All Shapley values of a target, and step by step the largest prediction.
fn figure(data: &Data, target: &str) -> Result<Figure, &'static str> {
    let rows = data.inputs.attributions.iter();
    let rows: Vec<Attribution> = rows.filter(|r| r.target == target).cloned().collect();
    let largest = rows
        .iter()
        .max_by(|a, b| a.predicted.total_cmp(&b.predicted))
        .ok_or(ABSENT)?;
    let one: Vec<Attribution> = rows
        .iter()
        .filter(|r| (&r.model, r.layer) == (&largest.model, largest.layer))
        .cloned()
        .collect();
    let sheets = [shapley_plot(&rows).sheet, waterfall_plot(&one).sheet];
    let height = sheets.iter().map(|s| s.panel_size.1).max();
    let panels: Vec<Panel> = sheets.into_iter().flat_map(|s| s.panels).collect();
    Ok(Figure {
        caption: format!(
            "Shapley values of the features in predictions of {target} by {}, one dot a layer (above), and how the largest prediction \
             comes about (below).",
            largest.regressor
        ),
        reading: "A dot at the right raises the prediction of its layer. Features that only vary together share one value. What a \
                  regressor uses need not be a cause, and says nothing where its verdict is that it predicts nothing.",
        sheet: Sheet {
            columns: 1,
            panel_size: (680, height.unwrap_or(300)),
            legend: Vec::new(),
            panels,
        },
    })
}
