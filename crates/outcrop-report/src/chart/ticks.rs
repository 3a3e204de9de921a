//! Where the ticks of an axis stand.

/// At most `most` multiples of 1, 2 or 5 times a power of ten from `low` to `high`; at least 2 may
/// be asked for.
pub(super) fn linear(low: f64, high: f64, most: usize) -> Vec<f64> {
    let smallest = ((high - low) / most as f64).log10().floor() as i32;
    let steps = (smallest..smallest + 3).flat_map(|e| [1.0, 2.0, 5.0].map(|n| (n, e)));
    let mut ticks = steps.map(|(n, e)| multiples(low, high, n, e));
    ticks
        .find(|t| (1..=most).contains(&t.len()))
        .unwrap_or_default()
}

/// The multiples of `n` 10^`e`; dividing by a power of ten gives 0.3 where multiplying by 0.1 gives
/// 0.30000000000000004.
fn multiples(low: f64, high: f64, n: f64, e: i32) -> Vec<f64> {
    let power = 10f64.powi(e.abs());
    let value = |i: f64| if e < 0 { i * n / power } else { i * n * power };
    let index = |v: f64| if e < 0 { v * power / n } else { v / power / n };
    let first = (index(low) - 1e-9).ceil();
    let count = (index(high) + 1e-9).floor() - first + 1.0;
    let count = count.clamp(0.0, 1000.0) as u32;
    (0..count).map(|i| value(first + f64::from(i))).collect()
}

/// Powers of ten; with 2 and 5 times them where that is fewer than three; linear ticks where the
/// range is a small part of a decade.
pub(super) fn log(low: f64, high: f64) -> Vec<f64> {
    let tens: Vec<f64> = decades(low, high).collect();
    if tens.len() >= 3 {
        return tens;
    }
    let fine = decades(low / 10.0, high).flat_map(|t| [t, 2.0 * t, 5.0 * t]);
    let fine: Vec<f64> = fine.filter(|t| (low..=high).contains(t)).collect();
    if fine.len() >= 3 {
        return fine;
    }
    linear(low, high, 5)
}

/// Powers of ten that are marked at most; of more, every second, fifth, tenth, ... is.
const MOST_DECADES: usize = 40;

/// The powers of ten from `low` to `high`, two positive numbers.
pub(super) fn decades(low: f64, high: f64) -> impl Iterator<Item = f64> + Clone {
    let first = (low.log10() - 1e-9).ceil() as i32;
    let last = (high.log10() + 1e-9).floor() as i32;
    let every = (last.saturating_sub(first).max(0) as usize / MOST_DECADES + 1) as i32;
    let marked = move |e: &i32| every == 1 || e.rem_euclid(every) == 0;
    (first..=last).filter(marked).map(|e| 10f64.powi(e))
}

/// At every how many of `count` items a mark stands, so that no more than nine do: 1, 2 or 5 times a power
/// of ten.
pub(super) fn every(count: usize) -> usize {
    let decades = (0..18).map(|e| 10usize.pow(e));
    let mut steps = decades.flat_map(|d| [d, 2 * d, 5 * d]);
    let found = steps.find(|every| count / every <= 9);
    found.unwrap_or(count.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_ticks_are_round_and_reach_to_both_ends() {
        assert_eq!(linear(0.0, 1.0, 8), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
        assert_eq!(
            linear(4.87, 6.5, 9),
            [5.0, 5.2, 5.4, 5.6, 5.8, 6.0, 6.2, 6.4]
        );
        assert_eq!(
            linear(-35.0, 1090.0, 8),
            [0.0, 200.0, 400.0, 600.0, 800.0, 1000.0]
        );
        assert_eq!(linear(-0.3, 0.3, 3), [-0.2, 0.0, 0.2]);
        for (low, high) in [(-1e200, 1e200), (1e-200, 2e-200), (5e14, 5.001e14)] {
            let ticks = linear(low, high, 8);
            assert!((3..=8).contains(&ticks.len()), "{ticks:?}");
            let rounding = 1e-9 * (high - low);
            let range = low - rounding..=high + rounding;
            assert!(ticks.iter().all(|t| range.contains(t)));
        }
    }
}
