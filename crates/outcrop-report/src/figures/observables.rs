use std::collections::{BTreeMap, BTreeSet, HashMap};

use outcrop_core::Observation;
use outcrop_observe::{Column, OBSERVABLES, Observable, Site};

use super::shared::{events_of, most_emergent_model, named_layers};
use super::{Figure, Section};
use crate::chart::palette::ordered;
use crate::chart::{Axis, Mark, Panel, Sheet, Stroke};
use crate::data::Data;

/// Most panels of a figure.
const PANELS: usize = 24;
/// From this ratio of the largest to the smallest value on, an axis is logarithmic.
const WIDE: f64 = 30.0;

/// Mean values over steps, by layer.
type Lines = BTreeMap<u32, Vec<(f64, f64)>>;

/// The rows of a model, by place and observable.
type Rows<'d> = HashMap<(&'d str, &'d str), Vec<&'d Observation>>;

/// A figure for each family of observables of which there are values.
pub(super) fn sections(data: &Data) -> Vec<Section> {
    let found = model(data).map_or_else(Vec::new, |model| of_model(data, model));
    if !found.is_empty() {
        return found;
    }
    vec![Section {
        name: "observables".into(),
        title: "Observables".into(),
        paper: None,
        figure: Err("there are no observables"),
    }]
}

fn of_model(data: &Data, model: &str) -> Vec<Section> {
    let mut rows = Rows::new();
    let of_model = data
        .inputs
        .observations
        .iter()
        .filter(|row| row.model == model);
    for row in of_model {
        let key = (row.place.as_str(), row.observable.as_str());
        rows.entry(key).or_default().push(row);
    }
    let mut families: Vec<&str> = OBSERVABLES.iter().map(|one| one.family).collect();
    families.dedup();
    let section = |family: &str| {
        let panels = panels(&rows, family);
        (!panels.is_empty()).then(|| Section {
            name: format!("observables-{family}"),
            title: format!("Observables: {family}"),
            paper: None,
            figure: Ok(figure(data, model, panels)),
        })
    };
    families.into_iter().filter_map(section).collect()
}

/// The model whose ratio grew most, of those that were observed.
fn model<'d>(data: &Data<'d>) -> Option<&'d str> {
    let rows: &'d [Observation] = &data.inputs.observations;
    let most = most_emergent_model(data).map(|model| model.name.as_str());
    let found = rows.iter().find(|row| Some(row.model.as_str()) == most);
    found.or_else(|| rows.first()).map(|row| row.model.as_str())
}

/// Every number of a family at every place, the first places of an observable first.
fn panels(rows: &Rows<'_>, family: &str) -> Vec<(String, &'static str, Lines)> {
    let known = OBSERVABLES.iter().filter(|one| one.family == family);
    let found = known.flat_map(|one| of_observable(rows, one));
    let mut found: Vec<(usize, _)> = found.collect();
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, panel)| panel).collect()
}

fn of_observable(
    rows: &Rows<'_>,
    one: &'static Observable,
) -> Vec<(usize, (String, &'static str, Lines))> {
    let each = |(rank, site): (usize, &Site)| {
        let panel = move |column: &'static Column| {
            let of = rows.get(&(site.name(), column.name))?;
            let lines = lines(of);
            let title = format!("{}, {}", column.name, site.name());
            (!lines.is_empty()).then_some((rank, (title, column.unit, lines)))
        };
        one.columns.iter().filter_map(panel).collect::<Vec<_>>()
    };
    one.sites.iter().enumerate().flat_map(each).collect()
}

/// The mean over heads at each step, where there are several.
fn lines(rows: &[&Observation]) -> Lines {
    let mut sums: BTreeMap<(u32, u64), (f64, f64)> = BTreeMap::new();
    for row in rows {
        let Some(value) = row.value.filter(|value| value.is_finite()) else {
            continue;
        };
        let (sum, count) = sums.entry((row.layer, row.step)).or_default();
        (*sum, *count) = (*sum + value, *count + 1.0);
    }
    let mut lines = Lines::new();
    for ((layer, step), (sum, count)) in sums {
        lines
            .entry(layer)
            .or_default()
            .push((step as f64, sum / count));
    }
    lines
}

fn figure(data: &Data, model: &str, all: Vec<(String, &'static str, Lines)>) -> Figure {
    let more = all.len().saturating_sub(PANELS);
    let rest = match more {
        0 => String::new(),
        _ => format!(" {more} more are in observables.csv."),
    };
    let layers: BTreeSet<u32> = all.iter().flat_map(|(_, _, l)| l.keys().copied()).collect();
    let layers = layers.last().copied().unwrap_or(1);
    let shown = all.into_iter().take(PANELS);
    let shown: Vec<Panel> = shown.map(|one| panel(data, model, layers, one)).collect();
    Figure {
        caption: format!("{model}: mean over sequences (and heads) of every layer.{rest}"),
        reading: "One panel a number and a place where its tensor was read; the colour runs from the first layer (dark) \
                  to the last (light), and the numbers at the ends of the lines are layers. Lines across a panel are events of the training.",
        sheet: Sheet {
            columns: 3,
            panel_size: (340, 280),
            legend: Vec::new(),
            panels: shown,
        },
    }
}

fn panel(
    data: &Data,
    model: &str,
    layers: u32,
    (title, unit, lines): (String, &str, Lines),
) -> Panel {
    let points = || lines.values().flatten();
    let x = Axis::steps(points().map(|p| p.0));
    let values = || points().map(|p| p.1);
    let (low, high) = (
        values().fold(f64::INFINITY, f64::min),
        values().fold(0.0, f64::max),
    );
    let y = match low > 0.0 && high > WIDE * low {
        true => Axis::log(unit, values()),
        false => Axis::linear(unit, values()),
    };
    let marks = lines.iter().map(|(layer, line)| {
        let at = (*layer as usize).saturating_sub(1);
        Mark::Line(line.clone(), ordered(at, layers as usize), Stroke::Thin)
    });
    let named = named_layers(layers);
    let ends = lines.iter().filter(|(layer, _)| named.contains(layer));
    let end = |(layer, line): (&u32, &Vec<(f64, f64)>)| {
        let at = (*layer as usize).saturating_sub(1);
        let color = ordered(at, layers as usize);
        Some((line.last()?.1, layer.to_string(), color))
    };
    Panel {
        ends: ends.filter_map(end).collect(),
        tags: events_of(data, model),
        ..Panel::new(title, x, y, marks.collect())
    }
}
