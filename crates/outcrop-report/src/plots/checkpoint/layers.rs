use outcrop_core::{Measurement, sha256_hex};

use super::words;
use crate::Plot;
use crate::chart::{Axis, Panel, Sheet};
use crate::figures::{magnitude_axis, magnitude_keys, magnitude_panel};
use crate::means::{MeanTable, Means};
use crate::plots::name;

/// More panels than this are not drawn.
const MOST: usize = 12;
/// More steps than this are not named in words.
const NAMED: usize = 8;

/// The means of every layer at one step.
type Profile = (u64, Vec<(u32, Means)>);

/// Draws the three largest magnitudes and the median of every layer of `model` (means over its
/// sequences) at each of `steps`: figure 3 of the paper (arXiv 2508.03616) for one model.
///
/// One panel a step, in the order given, on one logarithmic axis of |h|; layers count from 1. Rows of
/// other models are skipped, and so are rows without three finite magnitudes and a median. A step
/// without measurements has no panel and is named underneath; of more than 12 measured steps 12 are
/// drawn, among them the first and the last, and it is said that there are more.
pub fn layers_plot(measurements: &[Measurement], model: &str, steps: &[u64]) -> Plot {
    let steps = distinct(steps);
    let rows = measurements.iter().filter(|m| m.model == model);
    let means = MeanTable::new(rows);
    let profiles = steps
        .iter()
        .map(|step| (*step, means.profile(model, *step)));
    let (measured, missing): (Vec<Profile>, Vec<_>) = profiles.partition(|p| !p.1.is_empty());
    let missing: Vec<u64> = missing.iter().map(|p| p.0).collect();
    Plot {
        stem: format!("{}-layers-{}", name::of_model(model), listed(&steps)),
        sheet: sheet(model, &measured, &missing),
    }
}

/// Each step once, at its first place.
fn distinct(steps: &[u64]) -> Vec<u64> {
    let mut seen = std::collections::HashSet::new();
    steps.iter().copied().filter(|s| seen.insert(*s)).collect()
}

/// The steps in the name of a file: all where they are few, otherwise how many and their digits.
fn listed(steps: &[u64]) -> String {
    let all: Vec<String> = steps.iter().map(u64::to_string).collect();
    let all = all.join("-");
    match (steps.is_empty(), all.len() <= 48) {
        (true, _) => "no-steps".into(),
        (_, true) => format!("step-{all}"),
        _ => format!(
            "{}-steps~{}",
            steps.len(),
            &sha256_hex(all.as_bytes())[..16]
        ),
    }
}

fn sheet(model: &str, measured: &[Profile], missing: &[u64]) -> Sheet {
    let title = words::model(model);
    let shown = spaced(measured);
    let y = magnitude_axis(measured.iter().map(|p| p.1.as_slice()));
    let layers = measured.iter().flat_map(|p| &p.1).map(|r| r.0).max();
    let panel = |(step, rows): &&Profile| {
        let title = format!("{title}, step {step}");
        magnitude_panel(title, layers.unwrap_or(1), rows, y.clone())
    };
    let mut panels: Vec<Panel> = shown.iter().map(panel).collect();
    if panels.is_empty() {
        panels.push(Panel::new(title, Axis::layers(1), y, Vec::new()));
    }
    panels[0].footer = footer(measured.len(), shown.len(), missing);
    Sheet {
        columns: panels.len().min(3),
        panel_size: (380, 300),
        legend: magnitude_keys(),
        panels,
    }
}

/// At most [`MOST`] of `all`, the first and the last among them.
fn spaced(all: &[Profile]) -> Vec<&Profile> {
    match all.len() > MOST {
        true => (0..MOST)
            .map(|i| &all[i * (all.len() - 1) / (MOST - 1)])
            .collect(),
        false => all.iter().collect(),
    }
}

fn footer(measured: usize, shown: usize, missing: &[u64]) -> Vec<String> {
    let mut footer = Vec::new();
    if measured == 0 && missing.is_empty() {
        footer.push("no step was asked for".into());
    }
    if !missing.is_empty() {
        let named: Vec<String> = missing.iter().take(NAMED).map(u64::to_string).collect();
        let more = match missing.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let steps = if missing.len() == 1 { "step" } else { "steps" };
        footer.push(format!(
            "no measurements at {steps} {}{more}",
            named.join(", ")
        ));
    }
    if shown < measured {
        footer.push(format!("{shown} of {measured} measured steps are shown"));
    }
    footer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_told_in_the_name_of_a_file() {
        assert_eq!(listed(&[0, 143_000]), "step-0-143000");
        assert_eq!(listed(&[]), "no-steps");
        let many: Vec<u64> = (0..100).collect();
        let more: Vec<u64> = (1..101).collect();
        assert!(listed(&many).starts_with("100-steps~") && listed(&many) != listed(&more));
        assert_eq!(distinct(&[5, 0, 5, 1, 0]), [5, 0, 1]);
    }
}
