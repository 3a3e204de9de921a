use super::Figure;
use super::heatmaps;
use super::shared::{NO_FITS, color_of, of_all};
use crate::chart::{Axis, Mark, Panel, Sheet, Stroke, shorten};
use crate::data::{Data, Model};

/// Most models whose names have room at the ends of their lines; the map beside them names all.
const NAMED: usize = 16;

/// R2 of the best fit per layer, as lines and as a heatmap.
pub(super) fn figure(data: &Data) -> Result<Figure, &'static str> {
    let fitted = |m: &&Model| data.inputs.fits.iter().any(|f| f.model == m.name);
    let all_fitted: Vec<&Model> = data.models.iter().filter(fitted).collect();
    let models = Data::some(&all_fitted, heatmaps::MOST);
    let r2 = |m: &Model, layer| data.best_fit(&m.name, layer).and_then(|f| f.r2);
    let lines: Vec<_> = models.iter().map(|m| (*m, line(m, &r2))).collect();
    let all = || lines.iter().flat_map(|l| l.1.iter().map(|p| p.1));
    if all().next().is_none() {
        return Err(NO_FITS);
    }
    let lowest = all().fold(1.0, f64::min).max(-1.0);
    let axis = || Axis::between("R² of the best fit", below(lowest), 1.0);
    let marks = lines.iter().flat_map(|(m, line)| {
        let color = color_of(data, &m.name);
        [
            Mark::Line(line.clone(), color, Stroke::Thin),
            Mark::Points(line.clone(), color),
        ]
    });
    let x = Axis::between("relative depth, layer / layers", 0.0, 1.0);
    let end = |(m, line): &(&Model, Vec<(f64, f64)>)| {
        let label = shorten(m.name.clone(), 20);
        Some((line.last()?.1, label, color_of(data, &m.name)))
    };
    let ends = lines.iter().filter(|_| lines.len() <= NAMED);
    let panels = vec![
        Panel {
            ends: ends.filter_map(end).collect(),
            ..Panel::new("R² per layer", x, axis(), marks.collect())
        },
        heatmaps::panel("The same as a map", &models, axis(), &r2),
    ];
    Ok(Figure {
        caption: format!(
            "R² of the best fit of every layer{}.",
            of_all(models.len(), all_fitted.len())
        ),
        reading: "1 is a perfect fit. Layers without any fit have no point and are grey in the \
                  map; values below -1 are drawn at the lower edge. Of more than 16 models the map \
                  has the names.",
        sheet: Sheet {
            columns: 2,
            panel_size: (520, heatmaps::height(models.len()).max(340)),
            legend: Vec::new(),
            panels,
        },
    })
}

fn line(model: &Model, r2: &dyn Fn(&Model, u32) -> Option<f64>) -> Vec<(f64, f64)> {
    let depth = |layer: u32| f64::from(layer) / f64::from(model.layers.max(1));
    let layers = 1..=model.layers;
    layers
        .filter_map(|l| Some((depth(l), r2(model, l)?)))
        .collect()
}

/// A round number somewhat below `lowest`, at most 0.95.
fn below(lowest: f64) -> f64 {
    let step = if lowest > 0.9 { 0.05 } else { 0.2 };
    ((lowest / step - 0.1).floor() * step).min(0.95)
}
