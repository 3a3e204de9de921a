//! Fits of every layer with their curves, from which the script draws a fit when it is opened.

use std::collections::HashMap;

use outcrop_core::{CurvePoint, Fit, Trajectory};

use super::lists::Lists;
use super::pack::{Bytes, ends};
use crate::curve::Curve;
use crate::data::Data;
use crate::page::json::{array, number, object, string};

/// The hypothesis that a fit is about where there is one; otherwise the best.
const EMERGENCE: &str = "emergence";
/// Most points of curves that are packed; of more, every second, third, ... is.
const MOST_VALUES: usize = 300_000;
/// A band is kept as far as this many times the height of its curve beyond it.
const REACH: f64 = 3.0;

type Layer<'a> = (&'a str, u32);

/// Rows of the tables by layer.
#[derive(Default)]
struct Rows<'a> {
    fits: Vec<&'a Fit>,
    curves: Vec<&'a CurvePoint>,
}

/// What is packed while layers are written.
#[derive(Default)]
struct Packed {
    grids: Lists,
    values: Bytes,
    hypotheses: Vec<String>,
}

/// The fields `fits` (for each line of `order` its fits, or null), `hypotheses`, `grids` and `curves`.
pub(super) fn fields(data: &Data, order: &[&Trajectory]) -> Vec<(&'static str, String)> {
    let inputs = data.inputs;
    let mut rows: HashMap<Layer, Rows> = HashMap::new();
    for fit in &inputs.fits {
        let of = rows.entry((&fit.model, fit.layer)).or_default();
        of.fits.push(fit);
    }
    for point in &inputs.curves {
        let of = rows.entry((&point.model, point.layer)).or_default();
        of.curves.push(point);
    }
    let every = inputs.curves.len().div_ceil(MOST_VALUES).max(1);
    let mut packed = Packed::default();
    let fits = order.iter().map(|t| {
        let of = rows.get(&(t.model.as_str(), t.layer));
        of.filter(|of| !of.fits.is_empty())
            .map_or_else(|| "null".into(), |of| packed.layer(of, every))
    });
    let fits = array(fits.collect::<Vec<_>>());
    let names = packed.hypotheses.iter().map(|name| string(name));
    vec![
        ("fits", fits),
        ("hypotheses", array(names)),
        ("grids", packed.grids.json()),
        ("curves", format!("\"{}\"", packed.values.base64())),
    ]
}

impl Packed {
    /// `{n, status, peak: [step, low, high, probability], fits: [[hypothesis, best, R2, AICc, weight, grid, low, high, band], ...]}`; the grid is -1
    /// where there is no curve. Of a curve with a band, the lower and the upper ends follow its values.
    fn layer(&mut self, rows: &Rows, every: usize) -> String {
        let named = rows.fits.iter().find(|f| f.hypothesis == EMERGENCE);
        let best = rows.fits.iter().find(|f| f.best);
        let main = named.or(best).or(rows.fits.first());
        let peak = main.map_or_else(
            || "null".into(),
            |f| {
                let [low, high] = f.interval("t_peak");
                array([f.value("t_peak"), low, high, f.value("p_peak")].map(number))
            },
        );
        let fits: Vec<String> = rows
            .fits
            .iter()
            .map(|fit| self.fit(fit, rows, every))
            .collect();
        object([
            ("n", main.map_or(0, |f| f.n).to_string()),
            ("status", string(main.map_or("", |f| &f.status))),
            ("peak", peak),
            ("fits", array(fits)),
        ])
    }

    fn fit(&mut self, fit: &Fit, rows: &Rows, every: usize) -> String {
        let hypothesis = self.hypothesis(&fit.hypothesis);
        let of = rows
            .curves
            .iter()
            .filter(|p| p.hypothesis == fit.hypothesis);
        let curve = Curve::new(of.copied());
        let (grid, range, band) = self.curve(&curve, every);
        array([
            hypothesis.to_string(),
            u8::from(fit.best).to_string(),
            number(fit.r2),
            number(fit.aicc),
            number(fit.weight),
            grid.map_or_else(|| "-1".into(), |grid| grid.to_string()),
            number(range.0),
            number(range.1),
            u8::from(band).to_string(),
        ])
    }

    fn hypothesis(&mut self, name: &str) -> usize {
        let known = self.hypotheses.iter().position(|n| n == name);
        known.unwrap_or_else(|| {
            self.hypotheses.push(name.to_owned());
            self.hypotheses.len() - 1
        })
    }

    /// Packs a curve; the index of its grid, its range, and whether a band follows.
    fn curve(&mut self, curve: &Curve, every: usize) -> (Option<usize>, (f64, f64), bool) {
        let Some((low, high)) = ends(curve.points.iter().map(|p| p.1)) else {
            return (None, (0.0, 1.0), false);
        };
        let last = curve.points.len() - 1;
        let kept = curve.points.iter().enumerate();
        let kept: Vec<(f64, f64)> = kept
            .filter(|(i, _)| i % every == 0 || *i == last)
            .map(|(_, p)| *p)
            .collect();
        let room = REACH * (high - low).max(1e-3 * high.abs());
        let within = |v: f64| v.clamp(low - room, high + room);
        let ends_at: HashMap<u64, (f64, f64)> = curve
            .bands
            .iter()
            .flatten()
            .map(|b| (b.0.to_bits(), (within(b.1), within(b.2))))
            .collect();
        let band = !ends_at.is_empty();
        let at = |step: f64| {
            let known = ends_at.get(&step.to_bits()).copied();
            known.unwrap_or((f64::NAN, f64::NAN))
        };
        let all = ends_at.values().flat_map(|b| [b.0, b.1]);
        let range = ends(all.chain([low, high])).unwrap_or((low, high));
        kept.iter().for_each(|p| self.values.word(p.1, range));
        if band {
            kept.iter().for_each(|p| self.values.word(at(p.0).0, range));
            kept.iter().for_each(|p| self.values.word(at(p.0).1, range));
        }
        let grid = self.grids.index(kept.iter().map(|p| p.0).collect());
        (Some(grid), range, band)
    }
}
