use outcrop_core::Trajectory;

/// A trajectory to hold curves against.
pub(super) struct Values<'a> {
    trajectory: &'a Trajectory,
    mean: f64,
    range: f64,
}

/// How far two curves are apart, over the range of the ratios.
pub(super) struct Difference {
    pub(super) max: f64,
    pub(super) step: u64,
    pub(super) rms: f64,
}

impl<'a> Values<'a> {
    /// The error is the reason why it cannot be compared.
    pub(super) fn new(trajectory: &'a Trajectory) -> Result<Self, String> {
        let ratios = &trajectory.ratios;
        let lowest = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let range = highest - lowest;
        let finite = ratios.iter().all(|r| r.is_finite()) && range.is_finite();
        if !finite || range <= 0.0 {
            return Err("the ratios of this layer are all the same, or not all finite".into());
        }
        Ok(Self {
            mean: ratios.iter().sum::<f64>() / ratios.len() as f64,
            trajectory,
            range,
        })
    }

    /// Whether the step is strictly between the first and the last.
    pub(super) fn inside(&self, t: f64) -> bool {
        let steps = || self.trajectory.steps.iter().map(|step| *step as f64);
        steps().any(|step| step < t) && steps().any(|step| step > t)
    }

    /// A curve on the steps; the error is the first step at which it has no finite value.
    pub(super) fn at(&self, curve: impl Fn(f64) -> f64) -> Result<Vec<f64>, u64> {
        let values = self.trajectory.steps.iter().map(|step| {
            let value = curve(*step as f64);
            value.is_finite().then_some(value).ok_or(*step)
        });
        values.collect()
    }

    /// Sum of squared residuals and R2 of a curve.
    pub(super) fn goodness(&self, curve: &[f64]) -> (f64, f64) {
        let ratios = self.trajectory.ratios.iter();
        let (mut sse, mut sst) = (0.0, 0.0);
        for (ratio, value) in ratios.zip(curve) {
            sse += (ratio - value).powi(2);
            sst += (ratio - self.mean).powi(2);
        }
        (sse, 1.0 - sse / sst)
    }

    pub(super) fn difference(&self, a: &[f64], b: &[f64]) -> Difference {
        let apart = a.iter().zip(b).map(|(a, b)| (a - b).abs() / self.range);
        let (mut max, mut at, mut squares) = (0.0, 0, 0.0);
        for (i, difference) in apart.enumerate() {
            squares += difference * difference;
            if difference > max {
                (max, at) = (difference, i);
            }
        }
        Difference {
            max,
            step: self.trajectory.steps.get(at).copied().unwrap_or_default(),
            rms: (squares / a.len() as f64).sqrt(),
        }
    }
}
