//! Axes whose range a few wild values do not decide.

use super::Axis;

/// Positive values are drawn on a logarithmic axis where the largest is so many times the smallest.
const WIDE: f64 = 1e3;

/// A value is wild where it lies so many interquartile ranges beyond the quartiles.
const FENCE: f64 = 10.0;

impl Axis {
    /// An axis for all of `core`, and for those of `margin` that lie no farther from it than `core` is
    /// wide. Logarithmic where `core` is positive and spans more than three decades.
    pub(crate) fn around(
        title: &str,
        core: impl IntoIterator<Item = f64>,
        margin: impl IntoIterator<Item = f64>,
    ) -> Self {
        Self::reaching(title, core, margin, 1.0)
    }

    /// As [`Axis::around`], where what stands in `margin` is of interest itself: on a linear axis it may lie
    /// so many `times` the width of `core` away from it.
    pub(crate) fn reaching(
        title: &str,
        core: impl IntoIterator<Item = f64>,
        margin: impl IntoIterator<Item = f64>,
        times: f64,
    ) -> Self {
        let (mut core, mut margin) = (finite(core), finite(margin));
        if core.is_empty() {
            std::mem::swap(&mut core, &mut margin);
        }
        if wide(&core) {
            margin.retain(|v| *v > 0.0);
            let log = |values: &[f64]| values.iter().map(|v| v.log10()).collect::<Vec<_>>();
            let ends = stretched(&log(&core), &log(&margin), 0.1, 1.0);
            return Self::log(title, ends.map(|v| 10f64.powf(v)));
        }
        let size = core.iter().fold(0.0, |size: f64, v| size.max(v.abs()));
        Self::linear(title, stretched(&core, &margin, 0.1 * size, times))
    }

    /// An axis for `values` without the wild ones, logarithmic as [`Axis::around`] is.
    pub(crate) fn fenced(title: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let mut values = finite(values);
        values.sort_by(f64::total_cmp);
        match wide(&values) {
            true => {
                let logs: Vec<f64> = values.iter().map(|v| v.log10()).collect();
                Self::log(title, inside(&logs).iter().map(|v| 10f64.powf(*v)))
            }
            false => Self::linear(title, inside(&values).iter().copied()),
        }
    }
}

fn finite(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    values.into_iter().filter(|v| v.is_finite()).collect()
}

fn ends(values: &[f64]) -> (f64, f64) {
    let ends = (f64::INFINITY, f64::NEG_INFINITY);
    values.iter().fold(ends, |e, v| (e.0.min(*v), e.1.max(*v)))
}

fn wide(values: &[f64]) -> bool {
    let (low, high) = ends(values);
    low > 0.0 && high / low > WIDE
}

/// The ends of `core` and of those of `margin` that lie within so many `times` its width of it, or `least`
/// where that is more than its width.
fn stretched(core: &[f64], margin: &[f64], least: f64, times: f64) -> [f64; 2] {
    let (low, high) = ends(core);
    let room = times * (high - low).max(least);
    let near = |v: &&f64| (low - room..=high + room).contains(*v);
    let near: Vec<f64> = margin.iter().filter(near).copied().collect();
    let (from, to) = ends(&near);
    [low.min(from), high.max(to)]
}

/// The sorted values inside of the fences; where half of all are equal, the central 98 %.
fn inside(sorted: &[f64]) -> &[f64] {
    let Some(last) = sorted.len().checked_sub(1) else {
        return sorted;
    };
    let at = |part: f64| (part * last as f64).round() as usize;
    let (low, high) = (sorted[at(0.25)], sorted[at(0.75)]);
    let room = FENCE * (high - low);
    if room > 0.0 {
        let from = sorted.partition_point(|v| *v < low - room);
        let to = sorted.partition_point(|v| *v <= high + room);
        return &sorted[from..to];
    }
    &sorted[at(0.01)..=at(0.99)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wild_value_neither_decides_a_range_nor_vanishes_from_a_plain_one() {
        let plain: Vec<f64> = (0..20).map(f64::from).collect();
        let wild = plain.iter().copied().chain([1e23]);
        let axis = Axis::fenced("", wild);
        assert!(axis.beyond(19.0).is_eq() && axis.beyond(1e23).is_gt());
        let axis = Axis::fenced("", plain);
        assert!(axis.beyond(0.0).is_eq() && axis.beyond(19.0).is_eq());
    }

    #[test]
    fn decades_make_a_logarithmic_axis_that_places_each_alike() {
        let axis = Axis::fenced("", (-20..=23).map(|e| 10f64.powi(e)));
        let gap = |e: i32| axis.fraction(10f64.powi(e + 1)) - axis.fraction(10f64.powi(e));
        assert!((gap(-19) - gap(20)).abs() < 1e-9 && gap(0) > 0.01);
    }

    #[test]
    fn margins_widen_a_range_by_its_own_width_at_most() {
        let axis = Axis::around("", [10.0, 20.0], [0.5, 28.0, 1e9]);
        assert!(axis.beyond(0.5).is_eq() && axis.beyond(28.0).is_eq());
        assert!(axis.beyond(31.0).is_gt());
        let alone = Axis::around("", [], [3.0, 5.0]);
        assert!(alone.beyond(3.0).is_eq() && alone.beyond(6.0).is_gt());
    }
}
