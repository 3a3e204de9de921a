use std::collections::BTreeMap;

use outcrop_core::{CurvePoint, Fit, Trajectory};

use super::data_points::Points;
use super::words;
use crate::chart::palette::{INK, OKABE_ITO, muted};
use crate::chart::{Axis, Key, Mark, Panel, RGBColor, Sheet, Stroke, Symbol, shorten};
use crate::curve::Curve;

/// Width and height of a plot in pixels, without legend and footer.
pub(super) const SIZE: (u32, u32) = (760, 460);
/// Measured points.
pub(super) const DATA: RGBColor = OKABE_ITO[0];
/// The curve.
pub(super) const CURVE: RGBColor = OKABE_ITO[1];
const RIVALS: [RGBColor; 5] = [
    OKABE_ITO[2],
    OKABE_ITO[3],
    OKABE_ITO[5],
    OKABE_ITO[4],
    RGBColor(110, 110, 110),
];
/// What the curve of Eq. 9 is called in the tables.
const EMERGENCE: &str = "emergence";
pub(super) const RATIO: &str = "ratio, top-1 / median";
/// Most characters of the name of a hypothesis: `critically damped step` is the longest of ours.
const LONGEST: usize = 22;

/// A hypothesis with its row of the fits, where there is one.
struct Hypothesis<'a> {
    name: &'a str,
    fit: Option<&'a Fit>,
    curve: Curve,
}

/// Everything that one plot shows; the first hypothesis is the one with band and residuals.
struct Shown<'a> {
    points: Points,
    fits: &'a [&'a Fit],
    hypotheses: Vec<Hypothesis<'a>>,
}

pub(super) fn sheet(trajectory: &Trajectory, fits: &[&Fit], curves: &[&CurvePoint]) -> Sheet {
    let shown = Shown {
        points: Points::new(trajectory, fits),
        fits,
        hypotheses: hypotheses(fits, curves),
    };
    let upper = shown.upper(title(trajectory));
    Sheet {
        columns: 1,
        panel_size: SIZE,
        legend: Vec::new(),
        panels: vec![upper],
    }
}

pub(super) fn title(trajectory: &Trajectory) -> String {
    let model = shorten(trajectory.model.clone(), 60);
    let model = if model.trim().is_empty() {
        "model without a name"
    } else {
        &model
    };
    format!("{model}, layer {}", trajectory.layer)
}

/// The hypotheses that have a curve, first the emergence curve, or the best where it has none,
/// then by AICc.
fn hypotheses<'a>(fits: &[&'a Fit], curves: &[&'a CurvePoint]) -> Vec<Hypothesis<'a>> {
    let mut rows: BTreeMap<&str, Vec<&CurvePoint>> = BTreeMap::new();
    for point in curves {
        rows.entry(&point.hypothesis).or_default().push(point);
    }
    let found = rows.into_iter().map(|(name, points)| Hypothesis {
        name,
        fit: fits.iter().find(|f| f.hypothesis == name).copied(),
        curve: Curve::new(points),
    });
    let mut found: Vec<_> = found.filter(|h| !h.curve.points.is_empty()).collect();
    let aicc = |h: &Hypothesis| h.fit.and_then(|f| f.aicc).unwrap_or(f64::INFINITY);
    found.sort_by(|a, b| aicc(a).total_cmp(&aicc(b)));
    found.sort_by_key(|h| (h.name != EMERGENCE, !h.fit.is_some_and(|f| f.best)));
    found
}

impl Shown<'_> {
    fn main(&self) -> Option<&Hypothesis<'_>> {
        self.hypotheses.first()
    }

    /// The row that the footer is about: of the curve, or of the only fit.
    fn row(&self) -> Option<&Fit> {
        let only = || match self.fits {
            [fit] => Some(*fit),
            _ => None,
        };
        self.main().and_then(|main| main.fit).or_else(only)
    }

    fn upper(&self, title: String) -> Panel {
        let (x, y) = (self.steps(), self.ratios());
        let peak = self.peak().filter(|t| x.beyond(*t).is_eq());
        let y = if peak.is_some() { y.with_headroom() } else { y };
        let mut marks = Vec::new();
        if let Some(peak) = peak {
            marks.extend(self.peak_marks(peak));
        }
        marks.extend(self.curve_marks());
        marks.push(Mark::Bars(self.points.bars.clone(), DATA));
        marks.push(Mark::Points(self.points.plain.clone(), DATA));
        marks.push(Mark::Rings(self.points.outliers.clone(), INK));
        if self.points.all().next().is_none() {
            marks.push(Mark::Words(0.0, "no finite ratio to draw".into()));
        }
        let outside = |p: &&(f64, f64)| y.beyond(p.1).is_ne();
        let beyond = self.points.all().filter(outside).count();
        let mut panel = Panel::new(title, x, y, marks).with_legend(self.keys(peak.is_some()));
        panel.footer.extend(words::goodness(self.row(), self.fits));
        panel.footer.push(words::status(self.row(), self.fits));
        panel.footer.extend(words::hidden(self.points.lost, beyond));
        let bands = self.main().map_or(&[][..], |main| &main.curve.bands);
        panel.footer.extend(words::cut(bands, &panel.y));
        panel.footer.extend(self.weights_in_words());
        panel.ends = self.names();
        panel.below = self.residuals(&panel.x).map(Box::new);
        panel
    }

    fn steps(&self) -> Axis {
        let curves = self.hypotheses.iter().flat_map(|h| h.curve.points.iter());
        Axis::steps(self.points.all().chain(curves).map(|p| p.0))
    }

    /// All of the measured ratios but outliers decide; the rest may widen the axis somewhat.
    fn ratios(&self) -> Axis {
        let core = self.points.plain.iter().map(|p| p.1);
        let curves = self.hypotheses.iter().enumerate().flat_map(|(i, h)| {
            let bands = if i == 0 { &h.curve.bands[..] } else { &[] };
            let ends = bands.iter().flatten().flat_map(|b| [b.1, b.2]);
            let ends = ends.filter(|v| v.abs() < f64::MAX);
            h.curve.points.iter().map(|p| p.1).chain(ends)
        });
        let bars = self.points.bars.iter().flat_map(|b| [b.1, b.2]);
        let outliers = self.points.outliers.iter().map(|p| p.1);
        Axis::around(RATIO, core, curves.chain(bars).chain(outliers))
    }

    fn peak(&self) -> Option<f64> {
        let fit = self.main()?.fit?;
        fit.value("t_peak").filter(|t| t.is_finite() && *t >= 0.0)
    }

    /// The interval over the whole height, a dashed line, the curve's highest point, the step.
    fn peak_marks(&self, peak: f64) -> Vec<Mark> {
        let mut marks = Vec::new();
        if let Some((low, high)) = self.peak_interval() {
            let strip = vec![(low, -f64::MAX, f64::MAX), (high, -f64::MAX, f64::MAX)];
            marks.push(Mark::Band(strip, INK));
        }
        let line = vec![(peak, -f64::MAX), (peak, f64::MAX)];
        marks.push(Mark::Line(line, INK, Stroke::Dotted));
        let height = self.main().and_then(|main| main.curve.at(peak));
        marks.extend(height.map(|y| Mark::Scatter(vec![(peak, y)], INK)));
        marks.push(Mark::Words(peak, format!("peak {}", words::step(peak))));
        marks
    }

    /// An open end reaches to the end of the axis; none where both ends are open.
    fn peak_interval(&self) -> Option<(f64, f64)> {
        let fit = self.main()?.fit?;
        let known = |end: Option<f64>| end.filter(|v| !v.is_nan());
        let [low, high] = fit.interval("t_peak").map(known);
        match (low, high) {
            (None, None) => None,
            (low, high) => Some((
                low.unwrap_or(0.0).max(0.0),
                high.unwrap_or(f64::MAX).min(f64::MAX),
            )),
        }
    }

    fn curve_marks(&self) -> Vec<Mark> {
        let mut marks = Vec::new();
        for (i, rival) in self.hypotheses.iter().enumerate().skip(1) {
            marks.push(Mark::Line(
                rival.curve.points.clone(),
                rival_color(i),
                Stroke::Thin,
            ));
        }
        if let Some(main) = self.main() {
            marks.splice(0..0, band_marks(&main.curve));
            marks.extend(line_marks(&main.curve.points, Stroke::Solid));
        }
        marks
    }

    fn keys(&self, with_peak: bool) -> Vec<Key> {
        let mut keys = Vec::new();
        if !self.points.plain.is_empty() {
            let bars = !self.points.bars.is_empty();
            let label = if bars {
                "measured ± 2 standard errors"
            } else {
                "measured"
            };
            keys.push(Key::new(label, DATA, Symbol::Point));
        }
        if !self.points.outliers.is_empty() {
            keys.push(Key::new("outlier", INK, Symbol::Ring));
        }
        if let Some(main) = self.main().filter(|main| !main.curve.bands.is_empty()) {
            let label = format!("band of {}", shorten(main.name.to_owned(), LONGEST));
            keys.push(Key::new(label, CURVE, Symbol::Band));
        }
        if with_peak && self.peak_interval().is_some() {
            keys.push(Key::new("interval of the peak", INK, Symbol::Band));
        }
        keys
    }

    /// The names at the ends of the curves.
    fn names(&self) -> Vec<(f64, String, RGBColor)> {
        let all = self.hypotheses.iter().enumerate();
        let name = |(i, h): (usize, &Hypothesis)| {
            let color = if i == 0 { CURVE } else { rival_color(i) };
            Some((h.curve.points.last()?.1, self.label(h), color))
        };
        all.filter_map(name).collect()
    }

    /// What the numbers behind the names are, where there are weights.
    fn weights_in_words(&self) -> Option<String> {
        let fits = self.hypotheses.iter().filter_map(|h| h.fit);
        let mut weights = fits.filter_map(|fit| finite(fit.weight));
        let words = "number behind the name of a curve: its Akaike weight";
        weights.next().map(|_| words.to_owned())
    }

    /// The name of a hypothesis with its Akaike weight, or else its distance in AICc.
    fn label(&self, h: &Hypothesis) -> String {
        let name = shorten(h.name.to_owned(), LONGEST);
        let Some(fit) = h.fit else {
            return name;
        };
        if let Some(weight) = finite(fit.weight) {
            return match weight < 0.005 {
                true => format!("{name} < 0.01"),
                false => format!("{name} {weight:.2}"),
            };
        }
        let all = self.fits.iter().filter_map(|f| finite(f.aicc));
        let lowest = all.fold(f64::INFINITY, f64::min);
        match finite(fit.aicc) {
            Some(aicc) => format!("{name}, ΔAICc {:.1}", aicc - lowest),
            None => name,
        }
    }

    /// The residuals from the curve in per cent; none without a curve.
    fn residuals(&self, x: &Axis) -> Option<Panel> {
        let curve = &self.main()?.curve;
        let percent = |points: &[(f64, f64)]| {
            let residuals = curve.residuals(points).into_iter();
            residuals.map(|(x, r)| (x, 100.0 * r)).collect::<Vec<_>>()
        };
        let (plain, outliers) = (percent(&self.points.plain), percent(&self.points.outliers));
        let largest = plain.iter().fold(0.0, |most: f64, p| most.max(p.1.abs()));
        let y = Axis::symmetric("residual, %", 1.15 * largest);
        let zero = Mark::Line(vec![(0.0, 0.0), (f64::MAX, 0.0)], CURVE, Stroke::Thin);
        let marks = vec![zero, Mark::Points(plain, DATA), Mark::Rings(outliers, INK)];
        Some(Panel::new("", x.clone(), y, marks))
    }
}

fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|v| v.is_finite())
}

fn rival_color(i: usize) -> RGBColor {
    muted(RIVALS[(i - 1) % RIVALS.len()])
}

/// The band of a curve; where it is known at a single step, a bar there.
pub(super) fn band_marks(curve: &Curve) -> impl Iterator<Item = Mark> {
    curve.bands.iter().map(|band| match band.len() {
        1 => Mark::Bars(band.clone(), CURVE),
        _ => Mark::Band(band.clone(), CURVE),
    })
}

/// A curve; a single point of it as a dot.
pub(super) fn line_marks(points: &[(f64, f64)], stroke: Stroke) -> Option<Mark> {
    match points {
        [] => None,
        [_] => Some(Mark::Scatter(points.to_vec(), CURVE)),
        _ => Some(Mark::Line(points.to_vec(), CURVE, stroke)),
    }
}
