//! How a value is placed along an axis.

/// The farthest that an end of an axis may lie, beyond everything that is drawn.
const OUTERMOST: f64 = 1e250;

/// Part of a decade that the way from step 0 to the first step takes.
const START: f64 = 0.35;

/// How a value is placed along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    Linear,
    Log,
    /// Logarithmic from the first step above 0, every decade at equal distances; what lies below takes
    /// [`START`] of a decade, so that step 0 is shown.
    Steps {
        /// The first step above 0.
        first: f64,
    },
}

impl Scale {
    pub(super) fn place(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log => value.max(f64::MIN_POSITIVE).log10(),
            Self::Steps { first } if value <= first => START * value.max(0.0) / first,
            Self::Steps { first } => START + (value / first).log10(),
        }
    }

    /// A range with room for every value that is drawn: two numbers apart, of which the first is the
    /// smaller one, whatever `low` and `high` are.
    pub(super) fn range(self, low: f64, high: f64) -> (f64, f64) {
        let (least, most) = match self {
            Self::Linear => (-OUTERMOST, OUTERMOST),
            Self::Log => (1.0 / OUTERMOST, OUTERMOST),
            Self::Steps { .. } => (0.0, OUTERMOST),
        };
        let known = |end: f64, otherwise: f64| match end.is_nan() {
            true => otherwise,
            false => end.clamp(least, most),
        };
        let (low, high) = (known(low, least.max(0.0)), known(high, 1.0));
        let (low, high) = (low.min(high), low.max(high));
        match self.place(high) - self.place(low) > self.least_width(low, high) {
            true => (low, high),
            false => self.widened(low, high),
        }
    }

    /// Ends that are closer than this cannot be told apart where values are placed between them.
    fn least_width(self, low: f64, high: f64) -> f64 {
        let size = self.place(low).abs().max(self.place(high).abs());
        (1e-12 * size).max(f64::MIN_POSITIVE)
    }

    fn widened(self, low: f64, high: f64) -> (f64, f64) {
        match self {
            Self::Linear => {
                let pad = (1e-3 * low.abs().max(high.abs())).max(1e-9);
                (low - pad, high + pad)
            }
            Self::Log => (low / 2.0, high * 2.0),
            Self::Steps { .. } => (low, high + 1.0f64.max(high)),
        }
    }
}
