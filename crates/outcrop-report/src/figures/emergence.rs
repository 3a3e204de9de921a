use super::Figure;
use super::shared::{RATIO, color_of, of_all};
use crate::chart::{Axis, Mark, Panel, Sheet, Stroke, shorten};
use crate::data::{Data, Model, most_emergent, points};

/// Most lines: more cannot be told apart, and have no room for their labels.
const MOST: usize = 16;
/// Lines with dots at every measured step, at most.
const DOTTED: usize = 8;

/// The ratio over steps of every model's most emergent layer.
pub(super) fn figure(data: &Data) -> Result<Figure, &'static str> {
    let (mut marks, mut ends, mut all) = (Vec::new(), Vec::new(), Vec::new());
    let followed = data.followed();
    let models: Vec<&Model> = Data::some(&followed, MOST);
    for model in &models {
        let Some(t) = most_emergent(&data.trajectories_of(&model.name)) else {
            continue;
        };
        let color = color_of(data, &model.name);
        let line = points(t);
        if t.sem.len() == t.ratios.len() && models.len() <= DOTTED {
            let rows = line.iter().zip(&t.sem).map(|((x, y), s)| {
                let lower = (y - 2.0 * s).max(y / 2.0); // a logarithm has no room for 0
                (*x, lower, y + 2.0 * s)
            });
            let rows: Vec<_> = rows.collect();
            all.extend(rows.iter().flat_map(|r| [(r.0, r.1), (r.0, r.2)]));
            marks.push(Mark::Band(rows, color));
        }
        all.extend(line.iter().copied());
        let label = format!("{}, layer {}", shorten(model.name.clone(), 24), t.layer);
        ends.extend(line.last().map(|end| (end.1, label, color)));
        marks.push(Mark::Line(line.clone(), color, Stroke::Solid));
        if models.len() <= DOTTED {
            marks.push(Mark::Points(line, color));
        }
    }
    if marks.is_empty() {
        return Err("there are no trajectories of at least two steps");
    }
    let x = Axis::steps(all.iter().map(|p| p.0));
    let y = Axis::log(RATIO, all.iter().map(|p| p.1));
    let title = "Largest over median magnitude while the models train";
    Ok(Figure {
        caption: format!(
            "The ratio of largest to median magnitude in the hidden state over training, in \
             the layer of each model whose ratio grew most{}.",
            of_all(models.len(), followed.len())
        ),
        reading: "Both axes are logarithmic; step 0 is at the left edge. A flat line means \
                  that the largest magnitude did not outgrow the median. Bands, where there are few lines, are two standard errors over the \
                  measured sequences.",
        sheet: Sheet {
            columns: 1,
            panel_size: (960, 430),
            legend: Vec::new(),
            panels: vec![Panel {
                ends,
                ..Panel::new(title, x, y, marks)
            }],
        },
    })
}
