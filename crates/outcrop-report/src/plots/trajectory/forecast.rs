use outcrop_core::{CurvePoint, Forecast, Trajectory};

use super::data_points::Points;
use super::fit::{CURVE, DATA, RATIO, SIZE, band_marks, line_marks, title};
use super::words;
use crate::chart::palette::INK;
use crate::chart::{Axis, Key, Mark, Panel, Sheet, Stroke, Symbol};
use crate::curve::Curve;

/// The forecast is drawn over a linear step axis where a logarithmic one would leave it less of
/// the width.
const LEAST_PART: f64 = 0.25;

/// The content of a forecast plot.
struct Shown {
    fitted: Vec<(f64, f64)>,
    later: Vec<(f64, f64)>,
    bars: Vec<(f64, f64, f64)>,
    lost: usize,
    curve: Curve,
    last_fitted: f64,
}

pub(super) fn sheet(trajectory: &Trajectory, last_fitted: u64, curves: &[&CurvePoint]) -> Sheet {
    let points = Points::new(trajectory, &[]);
    let last_fitted = last_fitted as f64;
    let (fitted, later) = points.plain.into_iter().partition(|p| p.0 <= last_fitted);
    let shown = Shown {
        fitted,
        later,
        bars: points.bars,
        lost: points.lost,
        curve: Curve::new(curves.iter().copied()),
        last_fitted,
    };
    Sheet {
        columns: 1,
        panel_size: (SIZE.0, 400),
        legend: Vec::new(),
        panels: vec![shown.panel(format!("Forecast: {}", title(trajectory)))],
    }
}

impl Shown {
    fn panel(&self, title: String) -> Panel {
        let (x, y) = (self.steps(), self.ratios().with_headroom());
        let cut = self.last_fitted;
        let (early, late) = self.curve.split(cut);
        let mut marks: Vec<Mark> = band_marks(&late).collect();
        let line = vec![(cut, -f64::MAX), (cut, f64::MAX)];
        marks.push(Mark::Line(line, INK, Stroke::Thin));
        if let Some(last) = self.baseline() {
            let end = vec![(last.0, last.1), (f64::MAX, last.1)];
            marks.push(Mark::Line(end, INK, Stroke::Dotted));
        }
        marks.extend(line_marks(&early.points, Stroke::Solid));
        marks.extend(line_marks(&late.points, Stroke::Dashed));
        marks.push(Mark::Bars(self.bars.clone(), DATA));
        marks.push(Mark::Points(self.fitted.clone(), DATA));
        marks.push(Mark::Rings(self.later.clone(), DATA));
        marks.push(Mark::Words(
            cut,
            format!("fitted up to {}", words::step(cut)),
        ));
        marks.extend(self.far().into_iter().flatten());
        let outside = |p: &&(f64, f64)| y.beyond(p.1).is_ne();
        let beyond = self
            .fitted
            .iter()
            .chain(&self.later)
            .filter(outside)
            .count();
        let mut panel = Panel::new(title, x, y, marks).with_legend(self.keys(&late));
        panel.footer.extend(self.verdict());
        panel.footer.extend(words::hidden(self.lost, beyond));
        panel.footer.extend(words::cut(&late.bands, &panel.y));
        panel
    }

    /// Where extrapolation begins, if the forecast goes so far.
    fn far(&self) -> Option<[Mark; 2]> {
        let far = Forecast::FAR * self.last_fitted;
        let line = vec![(far, -f64::MAX), (far, f64::MAX)];
        let reached = self.curve.points.iter().any(|p| p.0 > far);
        reached.then(|| {
            [
                Mark::Line(line, INK, Stroke::Dotted),
                Mark::Words(far, "extrapolated".into()),
            ]
        })
    }

    fn steps(&self) -> Axis {
        let points = self.fitted.iter().chain(&self.later);
        let steps = || {
            let all = points.clone().chain(&self.curve.points).map(|p| p.0);
            all.chain([self.last_fitted])
        };
        let axis = Axis::steps(steps());
        match 1.0 - axis.fraction(self.last_fitted) < LEAST_PART {
            true => Axis::linear_steps(steps()),
            false => axis,
        }
    }

    /// The forecast and its band are what the plot is of: as far as the points stay readable the axis holds
    /// them.
    fn ratios(&self) -> Axis {
        const READABLE: f64 = 8.0;
        let core = self.fitted.iter().chain(&self.later).map(|p| p.1);
        let (_, late) = self.curve.split(self.last_fitted);
        let curve = self.curve.points.iter().map(|p| p.1);
        let bars = self.bars.iter().flat_map(|b| [b.1, b.2]);
        Axis::reaching(
            RATIO,
            core,
            curve.chain(bars).chain(late.values()),
            READABLE,
        )
    }

    /// The last point that was fitted: who knows no better forecasts that the ratio stays there.
    fn baseline(&self) -> Option<(f64, f64)> {
        self.fitted.last().copied()
    }

    fn keys(&self, late: &Curve) -> Vec<Key> {
        let mut keys = Vec::new();
        let mut add = |there: bool, label: &str, color, symbol| {
            if there {
                keys.push(Key::new(label, color, symbol));
            }
        };
        add(!self.fitted.is_empty(), "fitted", DATA, Symbol::Point);
        add(!self.later.is_empty(), "measured later", DATA, Symbol::Ring);
        add(!late.points.is_empty(), "forecast", CURVE, Symbol::Dashed);
        add(!late.bands.is_empty(), "its band", CURVE, Symbol::Band);
        add(
            !self.fitted.is_empty(),
            "last fitted value",
            INK,
            Symbol::Dotted,
        );
        keys
    }

    /// How far the later points lie from the forecast and from the baseline, on average.
    fn verdict(&self) -> Option<String> {
        let mean = |curve: &Curve| {
            let residuals = curve.residuals(&self.later);
            let sum: f64 = residuals.iter().map(|r| r.1.abs()).sum();
            (!residuals.is_empty()).then(|| (residuals.len(), 100.0 * sum / residuals.len() as f64))
        };
        let (n, forecast) = mean(&self.curve)?;
        let (_, last) = self.baseline()?;
        let end = self.later.last()?.0;
        let flat = Curve {
            points: vec![(0.0, last), (end, last)],
            bands: Vec::new(),
        };
        let (_, flat) = mean(&flat)?;
        Some(format!(
            "mean relative error over {n} later points: forecast {forecast:.1} %, last fitted value \
             {flat:.1} %"
        ))
    }
}
