use super::Figure;
use super::shared::{color_of, of_all};
use crate::chart::{Axis, Mark, Panel, Sheet, Stroke, shorten};
use crate::data::{Data, Model};

/// Most models whose lines can be told apart, and whose names have room at the ends of them.
const MOST: usize = 16;

/// Training and held-out loss over steps.
pub(super) fn figure(data: &Data) -> Result<Figure, &'static str> {
    let losses = &data.inputs.losses;
    if losses.is_empty() {
        return Err("there are no losses");
    }
    let has = |m: &&Model| losses.iter().any(|l| l.model == m.name);
    let with_losses: Vec<&Model> = data.models.iter().filter(has).collect();
    let models = Data::some(&with_losses, MOST);
    let x = Axis::steps(losses.iter().map(|l| l.step as f64));
    let values = losses
        .iter()
        .flat_map(|l| l.loss.into_iter().chain([l.held_out_loss]));
    let y = Axis::linear("loss, nats per token", values);
    let panel = |title: &str, value: &dyn Fn(&outcrop_core::LossPoint) -> Option<f64>| {
        let (mut marks, mut ends) = (Vec::new(), Vec::new());
        for m in &models {
            let of = losses.iter().filter(|l| l.model == m.name);
            let line = of.filter_map(|l| Some((l.step as f64, value(l)?)));
            let mut line: Vec<(f64, f64)> = line.collect();
            line.sort_by(|a, b| a.0.total_cmp(&b.0)); // whatever the order of the table
            let color = color_of(data, &m.name);
            let label = shorten(m.name.clone(), 20);
            ends.extend(line.last().map(|end| (end.1, label, color)));
            marks.push(Mark::Line(line, color, Stroke::Solid));
        }
        Panel {
            ends,
            ..Panel::new(title, x.clone(), y.clone(), marks)
        }
    };
    let panels = vec![
        panel("Training batch", &|l| l.loss),
        panel("Held out", &|l| Some(l.held_out_loss)),
    ];
    Ok(Figure {
        caption: format!(
            "Mean cross-entropy on the training batch and on held-out sequences{}.",
            of_all(models.len(), with_losses.len())
        ),
        reading: "Both panels share their axes. Massive activations can be compared between runs \
                  only where the models have learned: look here first.",
        sheet: Sheet {
            columns: 2,
            panel_size: (500, 320),
            legend: Vec::new(),
            panels,
        },
    })
}
