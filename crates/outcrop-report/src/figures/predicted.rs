use super::Figure;
use super::shared::{RATIO, color_of};
use crate::chart::{Axis, Key, Mark, Panel, Sheet, Stroke, Symbol, shorten};
use crate::curve::Curve;
use crate::data::{Data, Model, most_emergent, points};

/// Most panels: more would not be read.
const MOST: usize = 24;

/// Bands that were predicted before training, and what was measured, in the most emergent layer of every model.
pub(super) fn figure(data: &Data) -> Result<Figure, &'static str> {
    let models = data.models.iter();
    let panels: Vec<Panel> = models.filter_map(|m| panel(data, m)).take(MOST).collect();
    let Some(first) = panels.first() else {
        return Err("no model that was predicted has trajectories");
    };
    let legend = first.legend.clone();
    let bare = |panel| Panel {
        legend: Vec::new(),
        ..panel
    };
    Ok(Figure {
        caption: "What was predicted before training, and the ratios that training then gave, in the layer of each \
                  model whose ratio grew most."
            .into(),
        reading: "The predictions were written before the first run began. At each step, the band is meant to hold nine \
                  of ten similar architectures, or the share that the training data of the predictor support.",
        sheet: Sheet {
            columns: 4,
            panel_size: (262, 230),
            legend,
            panels: panels.into_iter().map(bare).collect(),
        },
    })
}

fn panel(data: &Data, model: &Model) -> Option<Panel> {
    let t = most_emergent(&data.trajectories_of(&model.name))?;
    let of_layer = |p: &&outcrop_core::CurvePoint| p.model == t.model && p.layer == t.layer;
    let curve = Curve::new(data.inputs.predicted.iter().filter(of_layer));
    if curve.points.is_empty() {
        return None;
    }
    let (measured, color) = (points(t), color_of(data, &model.name));
    let x = Axis::steps(measured.iter().chain(&curve.points).map(|p| p.0));
    let y = Axis::log(RATIO, measured.iter().map(|p| p.1).chain(curve.values()));
    let mut keys = vec![
        Key::new("predicted", color, Symbol::Dashed),
        Key::new("measured", color, Symbol::Point),
    ];
    if !curve.bands.is_empty() {
        keys.push(Key::new("its band", color, Symbol::Band));
    }
    let bands = curve.bands.into_iter();
    let mut marks: Vec<Mark> = bands.map(|band| Mark::Band(band, color)).collect();
    marks.push(Mark::Line(curve.points, color, Stroke::Dashed));
    marks.push(Mark::Points(measured, color));
    let title = format!("{}, layer {}", shorten(model.name.clone(), 20), t.layer);
    Some(Panel::new(title, x, y, marks).with_legend(keys))
}
