mod scale;

use std::cmp::Ordering;
use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use self::scale::Scale;
use super::label::{labelled, short};
use super::{shorten, ticks};

/// Values beyond are drawn as if they were this large, so that no range overflows.
const FARTHEST: f64 = 1e200;

/// One axis of a panel: its range, its ticks and its title. Only finite values widen a range, and
/// a range is never empty, so that every coordinate is a number.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    pub(crate) title: String,
    scale: Scale,
    low: f64,
    high: f64,
    ticks: Vec<(f64, String)>,
    grid: bool,
}

impl Axis {
    /// Training steps, with step 0 shown.
    pub(crate) fn steps(values: impl IntoIterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.into_iter().collect();
        // steps are whole numbers; curves have points between them
        let whole = values.iter().copied().filter(|v| *v >= 1.0);
        let first = extent(whole).map_or(1.0, |ends| ends.0);
        let (_, last) = extent(values).unwrap_or((0.0, 1.0));
        let scale = Scale::Steps { first };
        let (low, high) = scale.range(0.0, last.max(1.0));
        let mut ticks = vec![(0.0, "0".into())];
        ticks.extend(ticks::decades(first, high).map(|t| (t, short(t))));
        let gap = scale.place(high) - scale.place(ticks.last().map_or(0.0, |t| t.0));
        if gap > 0.45 {
            ticks.push((high, short(high)));
        }
        Self {
            title: "training step".into(),
            scale,
            low,
            high,
            ticks,
            grid: true,
        }
    }

    /// Positive values on a logarithmic scale.
    pub(crate) fn log(title: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let positive = values.into_iter().filter(|v| *v > 0.0);
        let positive = positive.map(|v| v.max(1.0 / FARTHEST));
        let (low, high) = extent(positive).unwrap_or((1.0, 10.0));
        let (low, high) = (low.log10(), high.log10());
        let pad = (0.04 * (high - low)).max(0.05);
        Self::log_between(title, 10f64.powf(low - pad), 10f64.powf(high + pad))
    }

    /// Exactly `low` to `high`, both positive, on a logarithmic scale.
    pub(crate) fn log_between(title: &str, low: f64, high: f64) -> Self {
        let (low, high) = Scale::Log.range(low, high);
        Self {
            title: title.into(),
            scale: Scale::Log,
            low,
            high,
            ticks: labelled(ticks::log(low, high)),
            grid: true,
        }
    }

    /// Any values on a linear scale.
    pub(crate) fn linear(title: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = extent(values).unwrap_or((0.0, 1.0));
        let pad = (0.05 * (high - low)).max(1e-3 * high.abs().max(low.abs()));
        let pad = if pad > 0.0 { pad } else { 1e-9 };
        Self::between(title, low - pad, high + pad)
    }

    /// Exactly `low` to `high` on a linear scale.
    pub(crate) fn between(title: &str, low: f64, high: f64) -> Self {
        let (low, high) = Scale::Linear.range(low, high);
        Self {
            title: title.into(),
            scale: Scale::Linear,
            low,
            high,
            ticks: labelled(ticks::linear(low, high, 8)),
            grid: true,
        }
    }

    /// From -`limit` to `limit`, with a tick at 0 and one at each side.
    pub(crate) fn symmetric(title: &str, limit: f64) -> Self {
        let limit = if limit > 0.0 {
            limit.min(FARTHEST)
        } else {
            1.0
        };
        let decade = 10f64.powf(limit.log10().floor());
        let side = [5.0, 2.0, 1.0].map(|n| n * decade).into_iter();
        let side = side.into_iter().find(|t| *t <= limit).unwrap_or(limit);
        Self {
            ticks: labelled(vec![-side, 0.0, side]),
            ..Self::between(title, -limit, limit)
        }
    }

    /// Layers 1 to `last`, marked at whole numbers.
    pub(crate) fn layers(last: u32) -> Self {
        let last = last.max(1);
        let every = match last {
            20..=39 => 4,
            _ => ticks::every(last as usize),
        };
        let pad = (0.03 * f64::from(last)).max(0.3);
        let ticks = (every..=last as usize).step_by(every);
        Self {
            title: "layer".into(),
            scale: Scale::Linear,
            low: 1.0 - pad,
            high: f64::from(last) + pad,
            ticks: ticks.map(|l| (l as f64, l.to_string())).collect(),
            grid: true,
        }
    }

    /// Rows named `labels`, the first on top; row i spans i to i + 1 from below.
    pub(crate) fn rows(labels: &[String]) -> Self {
        let n = labels.len();
        let ticks = labels.iter().enumerate();
        Self {
            title: String::new(),
            scale: Scale::Linear,
            low: 0.0,
            high: n.max(1) as f64,
            ticks: ticks
                .map(|(i, label)| ((n - i) as f64 - 0.5, shorten(label.clone(), 22)))
                .collect(),
            grid: false,
        }
    }

    /// Training steps at equal distances, for the late part of a run.
    pub(crate) fn linear_steps(values: impl IntoIterator<Item = f64>) -> Self {
        let (_, last) = extent(values).unwrap_or((0.0, 1.0));
        Self::between("training step", 0.0, last.max(1.0))
    }

    /// A ratio axis with a tenth more room at the high end, for labels.
    pub(crate) fn with_headroom(self) -> Self {
        match self.scale {
            Scale::Log => {
                let (low, high) = (self.low.log10(), self.high.log10());
                let high = 10f64.powf(high + 0.1 * (high - low));
                Self::log_between(&self.title, self.low, high)
            }
            Scale::Linear | Scale::Steps { .. } => {
                let high = self.high + 0.1 * (self.high - self.low);
                Self::between(&self.title, self.low, high)
            }
        }
    }

    /// With `ticks` instead of its own.
    pub(crate) fn with_ticks(self, ticks: Vec<(f64, String)>) -> Self {
        Self { ticks, ..self }
    }

    /// Without grid lines.
    pub(crate) fn plain(mut self) -> Self {
        self.grid = false;
        self
    }

    /// With every tick, or every second, third, ..., so that labels as wide as `width` says stand
    /// apart on an axis of `length` pixels.
    pub(crate) fn spaced(mut self, length: f64, width: impl Fn(&str) -> f64) -> Self {
        const GAP: f64 = 6.0;
        let apart = |every: &usize| {
            let kept = self.ticks.iter().step_by(*every);
            let kept: Vec<_> = kept
                .map(|(value, label)| (length * self.fraction(*value), width(label)))
                .collect();
            let far = |w: &[(f64, f64)]| (w[1].0 - w[0].0).abs() >= 0.5 * (w[0].1 + w[1].1) + GAP;
            kept.windows(2).all(far)
        };
        let every = (1..).find(apart).unwrap_or(1);
        self.ticks = self.ticks.into_iter().step_by(every).collect();
        self
    }

    pub(crate) fn has_grid(&self) -> bool {
        self.grid
    }

    /// Where the ticks stand, and their labels.
    pub(crate) fn ticks(&self) -> &[(f64, String)] {
        &self.ticks
    }

    /// Where `value` stands, 0 at the low end and 1 at the high end; values outside stand at the
    /// end that is nearer.
    pub(crate) fn fraction(&self, value: f64) -> f64 {
        let (low, high) = (self.scale.place(self.low), self.scale.place(self.high));
        let t = (self.scale.place(value) - low) / (high - low);
        if t.is_nan() { 0.0 } else { t.clamp(0.0, 1.0) }
    }

    /// The lowest and the highest value.
    pub(crate) fn ends(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// On which side of the range `value` lies; equal inside of it.
    pub(crate) fn beyond(&self, value: f64) -> Ordering {
        match value {
            v if v < self.low => Ordering::Less,
            v if v > self.high => Ordering::Greater,
            _ => Ordering::Equal,
        }
    }

    /// The label of the tick at `value`.
    pub(crate) fn label(&self, value: f64) -> String {
        let tick = self.ticks.iter().find(|(t, _)| *t == value);
        tick.map_or_else(|| short(value), |(_, label)| label.clone())
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        from + (self.fraction(*value) * f64::from(to - from)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.iter().map(|(value, _)| *value).collect()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        self.label(*value)
    }
}

fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.into_iter().filter(|v| v.is_finite());
    let finite = finite.map(|v| v.clamp(-FARTHEST, FARTHEST));
    finite.fold(None, |extent, v| {
        let (low, high) = extent.unwrap_or((v, v));
        Some((v.min(low), v.max(high)))
    })
}

#[cfg(test)]
mod tests;
