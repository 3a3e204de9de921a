use outcrop_core::Prediction;

use super::Figure;
use super::shared::{color_of, model_keys};
use crate::chart::palette::GRID;
use crate::chart::{Axis, Mark, Panel, RGBColor, Sheet, Stroke, Symbol};
use crate::data::{Data, Model};

const ABSENT: &str = "there are no predictions of fitted values";
/// At most so many targets are drawn; the table of scores has all.
const MOST: usize = 6;
/// At most about so many points a panel: of more, every second, third, ... of each model.
const MOST_POINTS: usize = 600;

/// Predicted against fitted values, one panel a target.
pub(super) fn figure(data: &Data) -> Result<Figure, &'static str> {
    let mut targets: Vec<&str> = Vec::new();
    for p in data
        .inputs
        .predictions
        .iter()
        .filter(|p| p.observed.is_some())
    {
        if !targets.contains(&p.target.as_str()) {
            targets.push(&p.target);
        }
    }
    targets.truncate(MOST);
    let panels = targets.iter().map(|t| panel(data, t));
    let (panels, beyond): (Vec<Panel>, Vec<usize>) = panels.unzip();
    if panels.is_empty() {
        return Err(ABSENT);
    }
    let has = |m: &&Model| data.inputs.predictions.iter().any(|p| p.model == m.name);
    Ok(Figure {
        caption: format!(
            "Values predicted from the architecture, by a regressor that was not trained on the model, \
             against the values fitted to the measurements{}.",
            beyond_words(beyond.into_iter().sum()),
        ),
        reading: "One point a layer; on the dashed line prediction and fit agree. The regressor \
                  is the one with the best leave-one-model-out score. Axes are logarithmic where \
                  positive values span more than three decades, and leave wild values out: those \
                  are triangles at the border.",
        sheet: Sheet {
            columns: panels.len().min(3),
            panel_size: (340, 300),
            legend: model_keys(data, data.models.iter().filter(has), Symbol::Point),
            panels,
        },
    })
}

fn beyond_words(points: usize) -> String {
    match points {
        0 => String::new(),
        1 => "; 1 point lies beyond the axes".into(),
        n => format!("; {n} points lie beyond the axes"),
    }
}

/// The panel of one target, and how many of its points lie beyond the axes.
fn panel(data: &Data, target: &str) -> (Panel, usize) {
    let all = data.inputs.predictions.iter();
    let of_target: Vec<&Prediction> = all.filter(|p| p.target == target).collect();
    let regressor = best_regressor(data, target, &of_target);
    let point = |p: &&Prediction| {
        let point = (p.observed?, p.predicted);
        let finite = point.0.is_finite() && point.1.is_finite();
        (finite && p.regressor == regressor).then_some(point)
    };
    let points: Vec<_> = of_target.iter().filter_map(point).collect();
    let both = || points.iter().flat_map(|p| [p.0, p.1]);
    let (x, y) = (
        Axis::fenced("fitted", both()),
        Axis::fenced("predicted", both()),
    );
    let beyond = |p: &&(f64, f64)| x.beyond(p.0).is_ne() || y.beyond(p.1).is_ne();
    let beyond = points.iter().filter(beyond).count();
    let (low, high) = x.ends();
    let diagonal = vec![(low, low), (high, high)];
    let every = points.len().div_ceil(MOST_POINTS).max(1);
    let mut marks = vec![Mark::Line(diagonal, darker(), Stroke::Dashed)];
    for model in &data.models {
        let of = of_target.iter().filter(|p| p.model == model.name);
        let points = of.filter_map(point).step_by(every).collect();
        marks.push(Mark::Scatter(points, color_of(data, &model.name)));
    }
    (
        Panel::new(format!("{target}, {regressor}"), x, y, marks),
        beyond,
    )
}

fn darker() -> RGBColor {
    let RGBColor(r, g, b) = GRID;
    RGBColor(r / 2, g / 2, b / 2)
}

/// The regressor with the best leave-one-model-out score, or the first there is.
fn best_regressor(data: &Data, target: &str, predictions: &[&Prediction]) -> String {
    let predicted = |name: &str| predictions.iter().any(|p| p.regressor == name);
    let scores = data.inputs.scores.iter();
    let scores = scores.filter(|s| s.target == target && s.protocol.starts_with("leave"));
    let scored = scores.filter_map(|s| Some((s.r2?, &s.regressor)));
    let best = scored
        .filter(|(_, name)| predicted(name))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let first = predictions.first().map(|p| p.regressor.clone());
    best.map(|(_, name)| name.clone())
        .or(first)
        .unwrap_or_default()
}
