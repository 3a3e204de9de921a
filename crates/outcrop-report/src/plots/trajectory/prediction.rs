use outcrop_core::CurvePoint;

use super::fit::RATIO;
use crate::chart::palette::viridis;
use crate::chart::{Axis, Key, Mark, Panel, RGBColor, Sheet, Stroke, Symbol};
use crate::curve::Curve;

/// Layers that the legend names; of more, every second, third, ...
const NAMED: usize = 9;

/// The curve of one layer.
struct Layer {
    layer: u32,
    curve: Curve,
    color: RGBColor,
}

pub(super) fn sheet(points: &[CurvePoint], words: &[String]) -> Sheet {
    let chunks = points.chunk_by(|a, b| (&a.model, a.layer) == (&b.model, b.layer));
    let count = chunks.clone().count();
    let layer = |(index, points): (usize, &[CurvePoint])| Layer {
        layer: points.first().map_or(0, |p| p.layer),
        curve: Curve::new(points),
        // the palette ends in a yellow that white swallows
        color: viridis(0.9 * index as f64 / count.max(2).saturating_sub(1) as f64),
    };
    let layers: Vec<Layer> = chunks.enumerate().map(layer).collect();
    let highest = layers.iter().max_by(|a, b| top(a).total_cmp(&top(b)));
    let model = points.first().map_or("no prediction", |p| p.model.as_str());
    let mut panel = panel(format!("Predicted: {model}"), &layers, highest);
    panel.footer.extend_from_slice(words);
    Sheet {
        columns: 1,
        panel_size: (760, 420),
        legend: Vec::new(),
        panels: vec![panel],
    }
}

fn top(layer: &Layer) -> f64 {
    let values = layer.curve.points.iter().map(|p| p.1);
    values.fold(f64::NEG_INFINITY, f64::max)
}

fn panel(title: String, layers: &[Layer], highest: Option<&Layer>) -> Panel {
    let lines = layers.iter().flat_map(|l| &l.curve.points);
    let ends = highest.iter().flat_map(|l| l.curve.values());
    let x = Axis::steps(lines.clone().map(|p| p.0));
    let y = Axis::log(RATIO, lines.map(|p| p.1).chain(ends));
    let band = |l: &Layer| {
        let bands = l.curve.bands.iter();
        let marks = bands.map(|band| Mark::Band(band.clone(), l.color));
        marks.collect::<Vec<_>>()
    };
    let mut marks: Vec<Mark> = highest.map(band).unwrap_or_default();
    marks.extend(layers.iter().map(|l| match l.curve.points.as_slice() {
        one @ [_] => Mark::Scatter(one.to_vec(), l.color),
        points => Mark::Line(points.to_vec(), l.color, Stroke::Solid),
    }));
    Panel::new(title, x, y, marks).with_legend(keys(layers, highest))
}

fn keys(layers: &[Layer], highest: Option<&Layer>) -> Vec<Key> {
    let every = layers.len().div_ceil(NAMED).max(1);
    let named = layers.iter().step_by(every);
    let key = |l: &Layer| Key::new(format!("layer {}", l.layer), l.color, Symbol::Line);
    let band = highest.filter(|l| !l.curve.bands.is_empty());
    let band = band.map(|l| {
        let label = format!("band of layer {}", l.layer);
        Key::new(label, l.color, Symbol::Band)
    });
    named.map(key).chain(band).collect()
}
