//! Axes that count: layers, positions, channels.

use super::label::short;
use super::{Axis, shorten, ticks};

impl Axis {
    /// `count` items from number `first`; item i spans i to i + 1 and is marked in its middle. Without
    /// grid lines.
    pub(crate) fn index(title: &str, first: usize, count: usize) -> Self {
        let every = ticks::every(count);
        let start = first.next_multiple_of(every) - first;
        let ticks = (start..count).step_by(every);
        let ticks = ticks.map(|i| (i as f64 + 0.5, number(first + i)));
        Self::between(title, 0.0, count.max(1) as f64)
            .plain()
            .with_ticks(ticks.collect())
    }

    /// With the first items named by `texts`, as many of them as `most` allows at equal distances.
    pub(crate) fn named(self, texts: &[String], most: usize) -> Self {
        let every = texts.len().div_ceil(most.max(1)).max(1);
        let ticks = texts.iter().enumerate().step_by(every);
        let ticks = ticks.map(|(i, text)| (i as f64 + 0.5, shorten(text.clone(), 22)));
        self.with_ticks(ticks.collect())
    }

    /// With the first item at the far end: item i spans n - i - 1 to n - i.
    pub(crate) fn reversed(self) -> Self {
        let (_, high) = self.ends();
        let ticks = self.ticks().iter().rev();
        let ticks = ticks.map(|(at, label)| (high - at, label.clone()));
        let ticks = ticks.collect();
        self.with_ticks(ticks)
    }
}

/// A number in full where that is short enough.
fn number(value: usize) -> String {
    match value < 1_000_000 {
        true => value.to_string(),
        false => short(value as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks().iter().map(|t| t.1.as_str()).collect()
    }

    #[test]
    fn items_are_marked_in_their_middle_at_round_numbers() {
        let axis = Axis::index("layer", 1, 24);
        assert_eq!(labels(&axis), ["5", "10", "15", "20"]);
        assert_eq!(axis.ticks()[0].0, 4.5);
        assert_eq!(labels(&Axis::index("", 0, 3)), ["0", "1", "2"]);
        let last = Axis::index("channel", 0, 65_536);
        assert_eq!(
            labels(&last),
            ["0", "10000", "20000", "30000", "40000", "50000", "60000"]
        );
        assert!(labels(&Axis::index("", 0, 0)).is_empty());
        assert!(labels(&Axis::index("", 1, usize::MAX / 2)).len() <= 10);
    }

    #[test]
    fn a_reversed_axis_begins_at_its_far_end() {
        let axis = Axis::index("", 1, 3).reversed();
        assert_eq!(labels(&axis), ["3", "2", "1"]);
        assert_eq!(axis.ticks()[2].0, 2.5);
        let texts: Vec<String> = (0..10).map(|i| format!("t{i}")).collect();
        let named = Axis::index("", 0, 10).named(&texts, 4).reversed();
        assert_eq!(labels(&named), ["t9", "t6", "t3", "t0"]);
    }
}
