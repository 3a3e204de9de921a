use super::Figure;
use super::shared::{NO_MEASUREMENTS, events_of, most_emergent_model, named_layers};
use crate::chart::palette::ordered;
use crate::chart::{Axis, Mark, Panel, Sheet, Stroke};
use crate::data::{Data, Model};

/// The ratio over steps of every layer of the most emergent model, for the top 1, 2 and 3.
pub(super) fn figure(data: &Data) -> Result<Figure, &'static str> {
    let model = most_emergent_model(data).ok_or(NO_MEASUREMENTS)?;
    let tops: Vec<_> = (0..3).map(|k| lines(data, model, k)).collect();
    let all = || tops.iter().flatten().flat_map(|l| l.1.iter().copied());
    let x = Axis::steps(all().map(|p| p.0));
    let named = named_layers(model.layers);
    let panels = tops.iter().enumerate().map(|(k, lines)| {
        let y = Axis::log("ratio to the median", all().map(|p| p.1));
        let marks = lines.iter().map(|(layer, line)| {
            let color = ordered(*layer as usize - 1, model.layers as usize);
            Mark::Line(line.clone(), color, Stroke::Thin)
        });
        let end = |(layer, line): &(u32, Vec<(f64, f64)>)| {
            let color = ordered(*layer as usize - 1, model.layers as usize);
            Some((line.last()?.1, format!("layer {layer}"), color))
        };
        let ends = lines.iter().filter(|(layer, _)| named.contains(layer));
        Panel {
            ends: ends.filter_map(end).collect(),
            tags: events_of(data, &model.name),
            ..Panel::new(format!("top {}", k + 1), x.clone(), y, marks.collect())
        }
    });
    Ok(Figure {
        caption: format!(
            "{}, the model whose ratio grew most: mean of the largest, second and third largest magnitude over the mean median, of \
             every layer over training.",
            model.name
        ),
        reading: "Early peak: a fast rise and then a decay. Log increase: a climb without a peak \
                  inside the run. The colour runs from the first layer (dark) to the last (light).",
        sheet: Sheet {
            columns: 3,
            panel_size: (340, 320),
            legend: Vec::new(),
            panels: panels.collect(),
        },
    })
}

/// For each layer the ratio of its (k+1)-th largest magnitude over steps.
fn lines<'a>(data: &Data<'a>, model: &'a Model, k: usize) -> Vec<(u32, Vec<(f64, f64)>)> {
    let line = |layer| {
        let rows = data.means.of_layer(&model.name, layer).into_iter();
        let ratio = rows.map(|(step, m)| (step as f64, m.top[k] / m.median));
        (layer, ratio.filter(|p| p.1.is_finite()).collect())
    };
    (1..=model.layers).map(line).collect()
}
