use super::Figure;
use super::shared::{color_of, model_keys};
use crate::chart::{Axis, Mark, Panel, Sheet, Symbol};
use crate::data::Data;

/// Parameter count against the largest ratio at the last step.
pub(super) fn figure(data: &Data) -> Result<Figure, &'static str> {
    let mut points = Vec::new();
    for model in &data.models {
        let layers = data.trajectories_of(&model.name).into_iter();
        let last = layers.filter_map(|t| t.ratios.last().copied());
        if let (Some(parameters), Some(top)) = (model.parameters, last.max_by(f64::total_cmp)) {
            points.push((model, (parameters as f64, top)));
        }
    }
    if points.len() < 2 {
        return Err("fewer than two models have an architecture and a trajectory");
    }
    let x = Axis::log("parameters", points.iter().map(|p| p.1.0));
    let y = Axis::log("largest ratio of all layers", points.iter().map(|p| p.1.1));
    let mark = |(model, at): &(&crate::data::Model, _)| {
        Mark::Scatter(vec![*at], color_of(data, &model.name))
    };
    let marks = points.iter().map(mark).collect();
    let keys = model_keys(data, points.iter().map(|p| p.0), Symbol::Point);
    let panel = Panel::new("Ratio at the last step", x, y, marks).with_legend(keys);
    Ok(Figure {
        caption: "Number of parameters against the largest ratio of any layer at the last \
                  measured step."
            .into(),
        reading: "One point a model. Models trained for different numbers of steps or on \
                  different text are not comparable.",
        sheet: Sheet {
            columns: 1,
            panel_size: (480, 340),
            legend: Vec::new(),
            panels: vec![panel],
        },
    })
}
