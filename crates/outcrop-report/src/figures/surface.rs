use outcrop_core::Fit;

use super::Figure;
use super::shared::NO_FITS;
use crate::chart::palette::{ABSENT, INK};
use crate::chart::{Axis, ColorBar, Key, Mark, Panel, RGBColor, Sheet, Stroke, Symbol, short};
use crate::data::Data;

/// Cells of the map along lambda and along gamma.
const CELLS: (usize, usize) = (60, 44);
/// The hypothesis whose parameters they are: others have a beta of their own.
const EMERGENCE: &str = "emergence";
/// Most layers that are lines.
const MOST_LINES: usize = 40;
/// Where the peak comes after the last step.
const LATER: RGBColor = RGBColor(150, 150, 150);

/// Ends of the axes where no layer says anything of them.
const LAMBDA: [f64; 2] = [1e-4, 1.0];
const GAMMA: [f64; 2] = [1e-3, 1.0];

/// What the emergence curves of all layers say of lambda and gamma.
struct Known {
    /// (lambda, gamma, t0) where all three are identified.
    whole: Vec<(f64, f64, f64)>,
    /// lambda gamma where only it is.
    beta: Vec<f64>,
}

impl Known {
    fn of(fits: &[Fit]) -> Self {
        let positive = |v: &f64| *v > 0.0 && v.is_finite();
        let value = |fit: &Fit, name| fit.value(name).filter(positive);
        let mut known = Self {
            whole: Vec::new(),
            beta: Vec::new(),
        };
        let mut emergence: Vec<&Fit> = fits.iter().filter(|f| f.hypothesis == EMERGENCE).collect();
        emergence.sort_by(|a, b| (&a.model, a.layer).cmp(&(&b.model, b.layer)));
        for fit in emergence {
            let t0 = fit.value("t0").filter(|t0| t0.is_finite());
            match (value(fit, "lambda"), value(fit, "gamma"), t0) {
                (Some(lambda), Some(gamma), Some(t0)) => known.whole.push((lambda, gamma, t0)),
                _ => known.beta.extend(value(fit, "beta")),
            }
        }
        known
    }

    /// Axes with room for all of it.
    fn axes(&self) -> (Axis, Axis) {
        let lambda = self.whole.iter().map(|r| r.0).chain(LAMBDA);
        let gamma = self.whole.iter().map(|r| r.1).chain(GAMMA);
        (wide("decay rate λ", lambda), wide("time scaling γ", gamma))
    }
}

/// The step of the peak over decay rate and time scaling, with the layers that were fitted.
pub(super) fn figure(data: &Data) -> Result<Figure, &'static str> {
    if data.inputs.fits.is_empty() {
        return Err(NO_FITS);
    }
    let known = Known::of(&data.inputs.fits);
    let t0 = match known.whole.is_empty() {
        true => 1.0,
        false => quantile(known.whole.iter().map(|r| r.2), 0.5),
    };
    let steps = data.trajectories.iter().filter_map(|t| t.steps.last());
    let last = steps.max().map_or(f64::INFINITY, |s| *s as f64);
    let (x, y) = known.axes();
    let bar = ColorBar {
        axis: Axis::log_between("step of the peak", 1.0, last.clamp(10.0, 1e15)),
    };
    let mut marks = cells(&x, &y, |lambda, gamma| {
        color(&bar, t_peak(lambda, gamma, t0), last)
    });
    let lines = known.beta.iter().take(MOST_LINES);
    marks.extend(lines.filter_map(|beta| along(*beta, &x, &y)));
    let dots = known.whole.iter().map(|r| (r.0, r.1));
    marks.push(Mark::Scatter(dots.collect(), INK));
    let title = format!("Step of the peak, t0 = {}", short(t0));
    let panel = Panel {
        color_bar: Some(bar),
        ..Panel::new(title, x.plain(), y.plain(), marks)
    };
    Ok(Figure {
        caption: format!(
            "Step of the peak of the emergence curve over λ and γ at t0 = {}. All three parameters are identified in {} layers, only \
             β = λγ in {}.",
            short(t0),
            known.whole.len(),
            known.beta.len()
        ),
        reading: "t_peak = (exp(W(1/λ)) − t0) / γ, with Lambert's W. In light grey the curve has its peak before step 0, in dark grey \
                  after the last step: a run does not show it. A dot is a layer; where only λγ is identified, a layer is a dotted \
                  line, somewhere on which it lies. t0 is the median of the dots, or 1 where there are none.",
        sheet: Sheet {
            columns: 1,
            panel_size: (620, 400),
            legend: vec![
                Key::new("a layer", INK, Symbol::Point),
                Key::new("a layer with λγ alone", INK, Symbol::Dotted),
                Key::new("peak before step 0", ABSENT, Symbol::Box),
                Key::new("peak after the last step", LATER, Symbol::Box),
            ],
            panels: vec![panel],
        },
    })
}

/// The line lambda gamma = `beta`, as far as it lies inside of both axes.
fn along(beta: f64, x: &Axis, y: &Axis) -> Option<Mark> {
    let ((left, right), (low, high)) = (x.ends(), y.ends());
    let (from, to) = (left.max(beta / high), right.min(beta / low));
    let line = vec![(from, beta / from), (to, beta / to)];
    (from < to).then_some(Mark::Line(line, INK, Stroke::Dotted))
}

fn color(bar: &ColorBar, peak: f64, last: f64) -> RGBColor {
    match peak {
        t if t.is_nan() || t <= 0.0 => ABSENT,
        t if t > last => LATER,
        t => bar.color(Some(t)),
    }
}

/// (exp(W(1/lambda)) - t0) / gamma, with W(z) exp(W(z)) = z (Eq. 9 of arXiv 2508.03616, its derivative set to 0).
fn t_peak(lambda: f64, gamma: f64, t0: f64) -> f64 {
    (peak_x(1.0 / lambda) - t0) / gamma
}

/// The x above 1 with x ln x = `c`, c > 0, which is exp(W(c)): by Newton's steps from above, where x ln x is convex.
fn peak_x(c: f64) -> f64 {
    (0..60).fold(1.0 + c, |x, _| (x + c) / (1.0 + x.ln()))
}

/// An axis for `values`, but for more than twelve decades.
fn wide(title: &str, values: impl Iterator<Item = f64> + Clone) -> Axis {
    let low = values.clone().fold(f64::INFINITY, f64::min).max(1e-9);
    let high = values.fold(low, f64::max).min(1e3);
    Axis::log_between(title, low / 2.0, high * 2.0)
}

fn quantile(values: impl Iterator<Item = f64>, part: f64) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let at = (part * values.len().saturating_sub(1) as f64).round() as usize;
    values.get(at).copied().unwrap_or(1.0)
}

/// Cells of two logarithmic axes; each reaches to the far corner, and the next ones cover it.
fn cells(x: &Axis, y: &Axis, color: impl Fn(f64, f64) -> RGBColor) -> Vec<Mark> {
    let at = |axis: &Axis, part: f64| {
        let (low, high) = axis.ends();
        10f64.powf(low.log10() + part * (high.log10() - low.log10()))
    };
    let mut marks = Vec::new();
    for row in 0..CELLS.1 {
        let mut before = None;
        let part = |i: f64| i / CELLS.1 as f64;
        let middle = at(y, part(row as f64 + 0.5));
        for column in 0..CELLS.0 {
            let across = |i: f64| i / CELLS.0 as f64;
            let color = color(at(x, across(column as f64 + 0.5)), middle);
            if before != Some(color) {
                let corner = (at(x, across(column as f64)), at(y, part(row as f64)));
                marks.push(Mark::Cell(corner, (x.ends().1, y.ends().1), color));
            }
            before = Some(color);
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_derivative_of_the_curve_vanishes_at_the_peak() {
        for lambda in [1e-6, 1e-3, 0.02, 1.0, 50.0] {
            let x = peak_x(1.0 / lambda);
            // f' is proportional to 1/x - lambda ln x
            assert!((1.0 / x - lambda * x.ln()).abs() < 1e-9 / x, "{lambda}");
        }
        // lambda = 1/e: x ln x = e at x = e
        assert!((peak_x(std::f64::consts::E) - std::f64::consts::E).abs() < 1e-12);
        assert!(
            (t_peak(1.0 / std::f64::consts::E, 0.1, 1.0) - 10.0 * (std::f64::consts::E - 1.0))
                .abs()
                < 1e-9
        );
    }
}
