use super::Figure;
use super::shared::{NO_TRAJECTORIES, of_all};
use crate::chart::{Axis, ColorBar, Mark, Panel, Sheet};
use crate::data::{Data, Model};

/// Most rows of a map.
pub(super) const MOST: usize = 32;

/// Peak magnitude and peak step over (relative depth, model).
pub(super) fn figure(data: &Data) -> Result<Figure, &'static str> {
    let followed = data.followed();
    let models = Data::some(&followed, MOST);
    if models.is_empty() {
        return Err(NO_TRAJECTORIES);
    }
    let value = |m: &Model, l| peak(data, m, l).map(|p| p.1);
    let step = |m: &Model, l| peak(data, m, l).map(|p| p.0);
    let heights = Axis::log("largest ratio", cells(&models, &value).filter_map(|c| c.2));
    let steps: Vec<f64> = cells(&models, &step).filter_map(|c| c.2).collect();
    // A logarithmic scale shows differences best, but has no place for step 0.
    let mut steps = match steps.contains(&0.0) {
        true => Axis::steps(steps),
        false => Axis::log("", steps),
    };
    steps.title = "step of the largest ratio".into();
    let panels = vec![
        panel("Largest ratio of the run", &models, heights, &value),
        panel("When it was reached", &models, steps, &step),
    ];
    Ok(Figure {
        caption: format!(
            "For every layer of every model{}: the largest measured ratio, and the training \
             step at which it was measured.",
            of_all(models.len(), followed.len())
        ),
        reading: "One row a model, the smallest on top; the first layer at the left, the last at \
                  the right, so that models of different depth can be compared. Grey: not \
                  measured. A peak at the last step means that the ratio was still climbing.",
        sheet: Sheet {
            columns: 2,
            panel_size: (520, height(models.len())),
            legend: Vec::new(),
            panels,
        },
    })
}

/// The height of a heatmap of `rows` rows in pixels, with its title and axis.
pub(super) fn height(rows: usize) -> u32 {
    (110 + 34 * rows.min(100) as u32).clamp(240, 3000)
}

/// A heatmap of `value` in the colours of `scale`.
pub(super) fn panel(
    title: &str,
    models: &[&Model],
    scale: Axis,
    value: &dyn Fn(&Model, u32) -> Option<f64>,
) -> Panel {
    let bar = ColorBar { axis: scale };
    let names: Vec<String> = models.iter().map(|m| m.name.clone()).collect();
    let rows = models.len();
    let marks = cells(models, value).map(|(row, left, value)| {
        let bottom = (rows - 1 - row) as f64;
        // Each cell reaches to the right end and the next one covers it: no seams.
        let (low, high) = ((left, bottom + 0.04), (1.0, bottom + 0.96));
        Mark::Cell(low, high, bar.color(value))
    });
    let marks = marks.collect();
    let x = Axis::between("relative depth, layer / layers", 0.0, 1.0).plain();
    Panel {
        color_bar: Some(bar),
        ..Panel::new(title, x, Axis::rows(&names), marks)
    }
}

/// For each layer of each model its row, where it begins, and its value.
fn cells<'c>(
    models: &'c [&Model],
    value: &'c dyn Fn(&Model, u32) -> Option<f64>,
) -> impl Iterator<Item = (usize, f64, Option<f64>)> + 'c {
    models.iter().enumerate().flat_map(move |(row, m)| {
        let begin = |layer: u32| f64::from(layer - 1) / f64::from(m.layers);
        (1..=m.layers).map(move |l| (row, begin(l), value(m, l)))
    })
}

/// Step and value of the largest ratio of a layer.
fn peak(data: &Data, model: &Model, layer: u32) -> Option<(f64, f64)> {
    let points = crate::data::points(data.trajectory(&model.name, layer)?);
    let finite = points.into_iter().filter(|p| p.1.is_finite());
    finite.max_by(|a, b| a.1.total_cmp(&b.1))
}
