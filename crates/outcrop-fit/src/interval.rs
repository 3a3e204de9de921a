/// An interval of the posterior; an end is empty where the data leave it open.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub lo: Option<f64>,
    /// Upper end.
    pub hi: Option<f64>,
}

impl Interval {
    /// The central `level` of `draws`; empty where a tail is not finite or there are no draws.
    pub(crate) fn new(mut draws: Vec<f64>, level: f64) -> Self {
        draws.retain(|x| !x.is_nan());
        let tail = (1.0 - level) / 2.0;
        let mut at = |p: f64| {
            let place = p * (draws.len().checked_sub(1)?) as f64;
            let (below, share) = (place.floor() as usize, place.fract());
            let (_, value, above) = draws.select_nth_unstable_by(below, f64::total_cmp);
            let (value, above) = (*value, above.iter().copied().min_by(f64::total_cmp));
            let value = value + share * (above.unwrap_or(value) - value);
            value.is_finite().then_some(value)
        };
        Self {
            lo: at(tail),
            hi: at(1.0 - tail),
        }
    }

    /// Only the upper end.
    pub(crate) fn below(self) -> Self {
        Self { lo: None, ..self }
    }

    /// Only the lower end.
    pub(crate) fn above(self) -> Self {
        Self { hi: None, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_cuts_both_tails_and_is_open_where_they_are_infinite() {
        let draws: Vec<f64> = (0..=100).map(f64::from).collect();
        let interval = Interval::new(draws.clone(), 0.9);
        assert!((interval.lo.unwrap() - 5.0).abs() < 1e-9);
        assert!((interval.hi.unwrap() - 95.0).abs() < 1e-9);
        let mut open = draws;
        open.extend([f64::INFINITY; 20]);
        assert_eq!(Interval::new(open, 0.9).hi, None);
        assert_eq!(Interval::new(Vec::new(), 0.9), Interval::default());
    }
}
