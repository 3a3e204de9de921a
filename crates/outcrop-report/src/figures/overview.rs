use outcrop_core::Trajectory;

use super::Figure;
use super::fits::fit_panel;
use super::shared::{
    NO_MEASUREMENTS, RATIO, first_and_last, magnitude_axis, magnitude_keys, magnitude_panel,
    most_emergent_model,
};
use crate::chart::palette::OKABE_ITO;
use crate::chart::{Axis, Key, Mark, Panel, RGBColor, Sheet, Stroke, Symbol};
use crate::data::{Data, growth, most_emergent, points};
use crate::means::Means;

/// One model at a glance: magnitudes before and after training, the ratio of its most and least
/// emergent layer, and their fits.
pub(super) fn figure(data: &Data) -> Result<Figure, &'static str> {
    let model = most_emergent_model(data).ok_or(NO_MEASUREMENTS)?;
    let (first, last) = first_and_last(data, model).ok_or(NO_MEASUREMENTS)?;
    let profile = |step| data.means.profile(&model.name, step);
    let (before, after) = (profile(first), profile(last));
    let y = magnitude_axis([before.as_slice(), after.as_slice()]);
    let magnitudes = |title: &str, step, rows: &[_]| {
        let title = format!("{title} training, step {step}");
        magnitude_panel(title, model.layers, rows, y.clone()).with_legend(magnitude_keys())
    };
    let mut panels = vec![
        magnitudes("Before", first, &before),
        magnitudes("After", last, &after),
    ];
    let chosen = two_layers(data, &model.name);
    panels.push(depth_panel(
        model.layers,
        [(first, &before), (last, &after)],
    ));
    panels.push(ratio_panel(&chosen));
    let fits = chosen
        .iter()
        .filter_map(|(t, color)| fit_panel(data, t, *color))
        .map(|p| Panel {
            title: format!("Best fit of {}", p.title),
            ..p
        });
    panels.extend(fits);
    Ok(Figure {
        caption: format!(
            "{}, the model whose ratio grew most: the three largest magnitudes and the median of every layer at the first and the \
             last measured step; the ratio of every layer at these steps; the ratio over training \
             of its most and its least emergent layer; their best fits.",
            model.name
        ),
        reading: "Before training the largest magnitudes are a few times the median in \
                  every layer; where ratios grew, they are far above it \
                  afterwards.",
        sheet: Sheet {
            columns: 3,
            panel_size: (350, 300),
            legend: Vec::new(),
            panels,
        },
    })
}

/// The ratio over layers at two steps.
fn depth_panel(layers: u32, profiles: [(u64, &Vec<(u32, Means)>); 2]) -> Panel {
    let ratio = |(layer, m): &(u32, Means)| (f64::from(*layer), m.top[0] / m.median);
    let lines = profiles.map(|(step, rows)| (step, rows.iter().map(ratio).collect::<Vec<_>>()));
    let y = Axis::log(RATIO, lines.iter().flat_map(|l| l.1.iter().map(|p| p.1)));
    let (mut marks, mut keys) = (Vec::new(), Vec::new());
    for ((step, line), color) in lines.into_iter().zip([OKABE_ITO[4], OKABE_ITO[6]]) {
        keys.push(Key::new(format!("step {step}"), color, Symbol::Line));
        marks.push(Mark::Line(line.clone(), color, Stroke::Solid));
        marks.push(Mark::Points(line, color));
    }
    Panel::new("Ratio per layer", Axis::layers(layers), y, marks).with_legend(keys)
}

/// The trajectories that grew most and least, with their colours.
fn two_layers<'d>(data: &'d Data, model: &str) -> Vec<(&'d Trajectory, RGBColor)> {
    let all = data.trajectories_of(model);
    let mut chosen: Vec<&Trajectory> = most_emergent(&all).into_iter().collect();
    let grown = all.into_iter().filter_map(|t| Some((growth(t)?, t)));
    let least = grown.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, t)| t);
    chosen.extend(least.filter(|t| chosen.iter().all(|c| c.layer != t.layer)));
    chosen.into_iter().zip(OKABE_ITO).collect()
}

fn ratio_panel(chosen: &[(&Trajectory, RGBColor)]) -> Panel {
    let lines: Vec<_> = chosen
        .iter()
        .map(|(t, c)| (t.layer, points(t), *c))
        .collect();
    let all = || lines.iter().flat_map(|l| l.1.iter().copied());
    let x = Axis::steps(all().map(|p| p.0));
    let y = Axis::log(RATIO, all().map(|p| p.1));
    let keys = lines.iter();
    let keys = keys.map(|l| Key::new(format!("layer {}", l.0), l.2, Symbol::Line));
    let keys = keys.collect();
    let marks = lines.iter();
    let marks = marks.map(|l| Mark::Line(l.1.clone(), l.2, Stroke::Solid));
    Panel::new("Ratio over training", x, y, marks.collect()).with_legend(keys)
}
