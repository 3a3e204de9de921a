//! Partial dependence with individual curves.

use outcrop_core::Dependence;

use super::{distinct, label, reader, readers_value, slug};
use crate::Plot;
use crate::chart::palette::{ABSENT, OKABE_ITO};
use crate::chart::{Axis, Key, Mark, Panel, Sheet, Stroke, Symbol};

/// A feature whose largest value is so many times its smallest has a logarithmic axis.
const WIDE: f64 = 20.0;

/// Draws how a prediction depends on each group of features: in grey one curve for each (model,
/// layer), with its other features as they are, and their mean, the partial dependence. Where the
/// curves are not parallel, what one feature does depends on the others.
///
/// `rows` are of one target and regressor; the horizontal axis is the first feature of a group.
pub fn dependence_plot(rows: &[Dependence]) -> Plot {
    let groups = distinct(rows.iter().map(|r| r.group.as_str()));
    let target = rows.first().map_or("", |r| r.target.as_str());
    let y = Axis::linear(target, rows.iter().map(|r| r.predicted));
    let mut panels: Vec<Panel> = groups.iter().map(|g| panel(rows, g, &y)).collect();
    if panels.is_empty() {
        panels.push(Panel::new(
            "no dependence",
            Axis::linear("", []),
            y,
            Vec::new(),
        ));
    }
    Plot {
        stem: format!(
            "dependence-{}",
            if target.is_empty() {
                "none".into()
            } else {
                slug(target)
            }
        ),
        sheet: Sheet {
            columns: panels.len().min(3),
            panel_size: (320, 260),
            legend: vec![
                Key::new("mean of all layers", OKABE_ITO[0], Symbol::Line),
                Key::new("one layer of one model", ABSENT, Symbol::Thin),
            ],
            panels,
        },
    }
}

fn panel(rows: &[Dependence], group: &str, y: &Axis) -> Panel {
    let of_group: Vec<&Dependence> = rows.iter().filter(|r| r.group == group).collect();
    let (means, singles): (Vec<&Dependence>, Vec<&Dependence>) =
        of_group.iter().copied().partition(|r| r.layer == 0);
    let first = group.split(" + ").next().unwrap_or(group);
    let points = |rows: &[&Dependence]| {
        let point = |r: &&Dependence| (readers_value(first, r.at), r.predicted);
        rows.iter().map(point).collect::<Vec<_>>()
    };
    let curves = singles.chunk_by(|a, b| (&a.model, a.layer) == (&b.model, b.layer));
    let mut marks: Vec<Mark> = curves
        .map(|c| Mark::Line(points(c), ABSENT, Stroke::Thin))
        .collect();
    marks.push(Mark::Line(points(&means), OKABE_ITO[0], Stroke::Solid));
    marks.push(Mark::Points(points(&means), OKABE_ITO[0]));
    let x = axis(
        reader(first),
        of_group.iter().map(|r| readers_value(first, r.at)),
    );
    Panel::new(label(group), x, y.clone(), marks)
}

fn axis(first: &str, values: impl Iterator<Item = f64> + Clone) -> Axis {
    let low = values.clone().fold(f64::INFINITY, f64::min);
    let high = values.clone().fold(f64::NEG_INFINITY, f64::max);
    match low > 0.0 && high > WIDE * low {
        true => Axis::log(first, values),
        false => Axis::linear(first, values),
    }
}
