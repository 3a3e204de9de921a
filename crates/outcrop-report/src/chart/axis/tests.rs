use super::*;

#[test]
fn steps_show_zero_and_every_decade_at_equal_distances() {
    let axis = Axis::steps([0.0, 1.0, 512.0, 1000.0]);
    let at: Vec<f64> = [0.0, 1.0, 10.0, 100.0, 1000.0]
        .map(|s| axis.fraction(s))
        .into();
    assert_eq!(at[0], 0.0);
    for (i, t) in at.iter().skip(1).enumerate() {
        assert!((t - (0.35 + i as f64) / 3.35).abs() < 1e-12); // a third of a decade before step 1
    }
    let labels: Vec<String> = axis.ticks.iter().map(|t| t.1.clone()).collect();
    assert_eq!(labels, ["0", "1", "10", "100", "1000"]);
}

/// Checkpoints at every 1000 steps leave no room for steps that nobody measured.
#[test]
fn decades_before_the_first_step_take_no_room() {
    let axis = Axis::steps([0.0, 0.2, 1000.0, 100_000.0]);
    let labels: Vec<&str> = axis.ticks.iter().map(|t| t.1.as_str()).collect();
    assert_eq!(labels, ["0", "1000", "10k", "100k"]);
    assert!((axis.fraction(1000.0) - 0.35 / 2.35).abs() < 1e-12);
}

#[test]
fn no_range_is_empty_and_no_place_is_nan() {
    for values in [vec![], vec![3.0], vec![f64::NAN, f64::INFINITY], vec![0.0]] {
        for axis in [
            Axis::steps(values.clone()),
            Axis::log("", values.clone()),
            Axis::linear("", values.clone()),
        ] {
            assert!(axis.low < axis.high, "{axis:?}");
            for v in [0.0, 3.0, -1.0, f64::NAN] {
                assert!((0.0..=1.0).contains(&axis.fraction(v)));
            }
        }
    }
}

#[test]
fn wide_labels_stand_apart() {
    let axis = Axis::between("", 0.0, 7e14);
    let all = axis.ticks().len();
    let narrow = axis.clone().spaced(200.0, |label| 8.0 * label.len() as f64);
    assert!(1 < narrow.ticks().len() && narrow.ticks().len() < all);
    let places: Vec<f64> = narrow
        .ticks()
        .iter()
        .map(|t| 200.0 * narrow.fraction(t.0))
        .collect();
    assert!(places.windows(2).all(|w| w[1] - w[0] >= 32.0), "{places:?}");
    assert_eq!(axis.clone().spaced(3000.0, |_| 30.0).ticks().len(), all);
    assert_eq!(axis.spaced(10.0, |_| 30.0).ticks().len(), 1);
}

/// Numbers of every kind, drawn by splitmix64.
struct Draw(u64);

impl Draw {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Between 0 and 1.
    fn part(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn value(&mut self) -> f64 {
        let (kind, sign) = (self.bits() % 10, [1.0, -1.0][(self.bits() % 2) as usize]);
        match kind {
            0 => {
                sign * [0.0, f64::MAX, f64::INFINITY, f64::MIN_POSITIVE][(self.bits() % 4) as usize]
            }
            1 => f64::NAN,
            2 => sign * f64::from_bits(self.bits() % (1 << 52)), // denormal
            3 => f64::from_bits(self.bits()),
            4 => sign * (self.bits() % 100_000) as f64,
            5 | 6 => sign * 10f64.powf(12.0 * self.part() - 6.0),
            _ => sign * 10f64.powf(640.0 * self.part() - 320.0),
        }
    }

    /// Two values, sometimes neighbours or alike.
    fn range(&mut self) -> [f64; 2] {
        let first = self.value();
        match self.bits() % 8 {
            0 => [first, first],
            1 => [first, f64::from_bits(first.to_bits() ^ (self.bits() % 4))],
            _ => [first, self.value()],
        }
    }
}

/// More ticks than this no axis has, whatever it spans.
const MOST_TICKS: usize = 64;

fn check(axis: &Axis, values: [f64; 2]) {
    let (low, high) = axis.ends();
    assert!(
        low.is_finite() && high.is_finite() && low < high,
        "{values:?}: {axis:?}"
    );
    assert_eq!(
        (axis.fraction(low), axis.fraction(high)),
        (0.0, 1.0),
        "{values:?}: {axis:?}"
    );
    assert!(
        axis.ticks().len() <= MOST_TICKS,
        "{values:?}: {}",
        axis.ticks().len()
    );
    let rounding = 1e-6;
    let (from, to) = (axis.scale.place(low), axis.scale.place(high));
    let room = rounding * (to - from);
    let places: Vec<f64> = axis.ticks().iter().map(|t| axis.scale.place(t.0)).collect();
    let inside = places.iter().all(|p| (from - room..=to + room).contains(p));
    let ascend = places.windows(2).all(|w| w[0] <= w[1]);
    assert!(inside && ascend, "{values:?}: {axis:?}");
    for value in values
        .into_iter()
        .chain([0.0, f64::NAN, f64::MAX, f64::NEG_INFINITY])
    {
        assert!(
            (0.0..=1.0).contains(&axis.fraction(value)),
            "{values:?}: {axis:?}"
        );
    }
}

#[test]
fn an_axis_over_any_range_is_finite_and_has_few_ticks() {
    let mut draw = Draw(1);
    for i in 0..100_000 {
        let range = draw.range();
        let [low, high] = range;
        let axis = match i % 10 {
            0 => Axis::steps(range),
            1 => Axis::log("", range),
            2 => Axis::log_between("", low, high),
            3 => Axis::linear("", range),
            4 => Axis::between("", low, high),
            5 => Axis::symmetric("", low),
            6 => Axis::linear_steps(range),
            7 => Axis::around("", range, draw.range()),
            8 => Axis::fenced(
                "",
                range.into_iter().chain(draw.range()).chain(draw.range()),
            ),
            _ => match draw.bits() % 2 {
                0 => Axis::layers(draw.bits() as u32),
                _ => Axis::index("", (draw.bits() >> 1) as usize, (draw.bits() >> 1) as usize),
            },
        };
        check(&axis, range);
        check(&axis.with_headroom(), range);
    }
}

/// What is drawn of a series from 1e-308 to 1e308.
#[test]
fn an_axis_of_every_magnitude_keeps_its_ticks_apart() {
    let magnitudes = (-308..=308).map(|e| 10f64.powi(e));
    let axis = Axis::around("", magnitudes, []).with_headroom();
    assert!((10..=MOST_TICKS).contains(&axis.ticks().len()));
    let gaps: Vec<f64> = axis
        .ticks()
        .windows(2)
        .map(|w| (w[1].0 / w[0].0).log10())
        .collect();
    assert!(gaps.iter().all(|g| (g - gaps[0]).abs() < 1e-9), "{gaps:?}");
}
