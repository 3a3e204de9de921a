/// What a forecast in schedule time takes from other runs. Rates are per unit of u = ln S, S the sum of the learning rates.
///
/// The default was learned from half of the architectures of `data/atlas2`; [`learn_trend`](crate::learn_trend) learns
/// from other runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrendCoefficients {
    /// The drift of ln f to which a run returns; any number.
    pub drift: f64,
    /// How much of u it takes to return by a factor of e, above 0.
    pub memory: f64,
    /// Variance of the drift over runs, in units of the walk's; above 0.
    pub drift_variance: f64,
    /// Variance of what a checkpoint adds and the next forgets, in units of the walk's; above 0.
    pub noise: f64,
    /// Degrees of freedom of Student's distribution of errors, above 0.
    pub freedom: f64,
    /// The scale of errors over the one that the series itself shows, above 0.
    pub spread: f64,
}

/// From every second architecture of `data/atlas2` (48, in the order of their names, with all their seeds; 394 layers), by
/// `cargo run -p outcrop-fit --example learn_trend`. A test learns them again.
const LEARNED: TrendCoefficients = TrendCoefficients {
    drift: 0.3453,
    memory: 0.9893,
    drift_variance: 7.226,
    noise: 0.01057,
    freedom: 2.886,
    spread: 0.9418,
};

impl Default for TrendCoefficients {
    fn default() -> Self {
        LEARNED
    }
}

impl TrendCoefficients {
    /// The first that is out of its range: its name, its value, what is allowed.
    pub(crate) fn fault(&self) -> Option<(&'static str, f64, &'static str)> {
        if !self.drift.is_finite() {
            return Some(("drift", self.drift, "a finite number"));
        }
        let above = [
            ("memory", self.memory),
            ("drift_variance", self.drift_variance),
            ("noise", self.noise),
            ("freedom", self.freedom),
            ("spread", self.spread),
        ];
        let fault = above
            .into_iter()
            .find(|(_, x)| !(x.is_finite() && *x > 0.0));
        fault.map(|(name, value)| (name, value, "a finite number above 0"))
    }
}
