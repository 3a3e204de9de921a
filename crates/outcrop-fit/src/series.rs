use std::sync::Arc;

use outcrop_core::Trajectory;

use crate::shape::Values;
use crate::{Curve, CurveSummary, Error, Result, ScheduleTime, ValueShape};

/// Fewest points of a series: the five parameters of the emergence curve and two more.
pub const MIN_POINTS: usize = 7;
/// Where the largest value of a series lies.
const RANGE: std::ops::RangeInclusive<f64> = 1e-100..=1e100;

/// A checked series: at least [`MIN_POINTS`] points, steps finite, at least 0 and ascending,
/// values finite, at least 0 and not all equal, the largest from 1e-100 to 1e100.
///
/// ```
/// use outcrop_fit::Series;
///
/// let steps = [0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0];
/// let series = Series::new(&steps, &[5.0, 5.1, 5.3, 5.8, 6.9, 8.0, 9.1])?;
/// assert_eq!((series.first(), series.last()), (0.0, 32.0));
/// let error = Series::new(&steps, &[5.0, 5.1, -5.3, 5.8, 6.9, 8.0, 9.1]).unwrap_err();
/// assert!(error.to_string().contains("value -5.3 at step 2"));
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    name: String,
    steps: Vec<f64>,
    values: Vec<f64>,
    sem: Vec<f64>,
    shape: ValueShape,
    schedule: Option<Arc<ScheduleTime>>,
}

impl Series {
    /// Checks and copies a series of values (a ratio, without unit) at training steps.
    ///
    /// # Errors
    /// [`Error::Lengths`], [`Error::TooFewPoints`], [`Error::Step`], [`Error::Value`],
    /// [`Error::Constant`], [`Error::Size`].
    pub fn new(steps: &[f64], values: &[f64]) -> Result<Self> {
        Self::named("the series".into(), steps.to_vec(), values.to_vec())
    }

    /// As [`Series::new`], from the ratios of a trajectory; errors name its model and layer.
    ///
    /// # Errors
    /// As [`Series::new`].
    pub fn from_trajectory(trajectory: &Trajectory) -> Result<Self> {
        let steps = trajectory.steps.iter().map(|&s| s as f64).collect();
        let name = format!("model `{}`, layer {}", trajectory.model, trajectory.layer);
        Self::named(name, steps, trajectory.ratios.clone())?.with_sem(&trajectory.sem)
    }

    /// A series of any observable of this shape. [`Series::values`] and the curves that are fitted to it are on the scale
    /// of the shape; summaries of curves are values of the observable.
    ///
    /// ```
    /// use outcrop_fit::{Series, ValueScale, ValueShape};
    ///
    /// let steps: Vec<f64> = (0..8).map(f64::from).collect();
    /// let shares: Vec<f64> = steps.iter().map(|t| 0.1 + 0.1 * t).collect();
    /// let shape = ValueShape::within(0.0, 1.0)?.on(ValueScale::Logit)?;
    /// let series = Series::observed("share of sinks", &steps, &shares, &shape)?;
    /// assert_eq!(series.values()[4], 0.0); // logit(0.5)
    /// # Ok::<(), outcrop_fit::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Series::new`], and [`Error::Shape`] for a value that the shape does not allow.
    pub fn observed(name: &str, steps: &[f64], values: &[f64], shape: &ValueShape) -> Result<Self> {
        for (step, value) in steps.iter().zip(values) {
            if !shape.allows(*value) {
                let [lo, hi] = shape.range();
                let above = if shape.forward(lo).is_finite() {
                    "from"
                } else {
                    "above"
                };
                return Err(Error::Shape {
                    series: name.into(),
                    step: *step,
                    value: *value,
                    allowed: format!("{above} {lo} to {hi}"),
                });
            }
        }
        let inside = shape.inside(values);
        let places = inside.iter().map(|value| shape.forward(*value)).collect();
        Self::of_shape(name.into(), steps.to_vec(), places, *shape)
    }

    /// As [`Series::observed`], from a trajectory whose `ratios` are values of the observable, with their standard errors.
    ///
    /// # Errors
    /// As [`Series::observed`]; [`Error::StandardError`].
    pub fn from_observable(trajectory: &Trajectory, shape: &ValueShape) -> Result<Self> {
        let steps: Vec<f64> = trajectory.steps.iter().map(|&s| s as f64).collect();
        let name = format!("model `{}`, layer {}", trajectory.model, trajectory.layer);
        let series = Self::observed(&name, &steps, &trajectory.ratios, shape)?;
        let inside = shape.inside(&trajectory.ratios);
        let errors = trajectory.sem.iter().zip(&inside);
        let errors: Vec<f64> = errors
            .map(|(sem, value)| sem * shape.slope(*value))
            .collect();
        series.with_sem(&errors)
    }

    /// Adds the standard error of each value; none where `sem` is empty.
    ///
    /// # Errors
    /// [`Error::Lengths`]; [`Error::StandardError`] for one that is negative or not finite.
    pub fn with_sem(mut self, sem: &[f64]) -> Result<Self> {
        if !sem.is_empty() && sem.len() != self.steps.len() {
            return Err(Error::Lengths {
                series: self.name,
                steps: self.steps.len(),
                values: sem.len(),
            });
        }
        for (&step, &sem) in self.steps.iter().zip(sem) {
            if !(sem.is_finite() && sem >= 0.0) {
                return Err(Error::StandardError {
                    series: self.name,
                    step,
                    sem,
                });
            }
        }
        self.sem = sem.to_vec();
        Ok(self)
    }

    /// Adds the learning rates of the run, for what needs to know them.
    pub fn with_schedule(mut self, schedule: Option<Arc<ScheduleTime>>) -> Self {
        self.schedule = schedule;
        self
    }

    /// The learning rates of the run, if they are known.
    pub fn schedule(&self) -> Option<&Arc<ScheduleTime>> {
        self.schedule.as_ref()
    }

    fn named(series: String, steps: Vec<f64>, values: Vec<f64>) -> Result<Self> {
        Self::of_shape(series, steps, values, ValueShape::ratio())
    }

    /// `values` are on the scale of the shape.
    fn of_shape(
        series: String,
        steps: Vec<f64>,
        values: Vec<f64>,
        shape: ValueShape,
    ) -> Result<Self> {
        if steps.len() != values.len() {
            return Err(Error::Lengths {
                series,
                steps: steps.len(),
                values: values.len(),
            });
        }
        let mut previous = f64::NEG_INFINITY;
        for (&step, &value) in steps.iter().zip(&values) {
            if !(step.is_finite() && step >= 0.0 && step > previous) {
                return Err(Error::Step {
                    series,
                    step,
                    value,
                });
            }
            if !(value.is_finite() && (value >= 0.0 || shape.has_constant_noise())) {
                return Err(Error::Value {
                    series,
                    step,
                    value,
                });
            }
            previous = step;
        }
        if steps.len() < MIN_POINTS {
            return Err(Error::TooFewPoints {
                series,
                found: steps.len(),
                needed: MIN_POINTS,
            });
        }
        if values.iter().all(|&v| v == values[0]) {
            return Err(Error::Constant {
                series,
                n: values.len(),
                value: values[0],
                first: steps[0],
                last: previous,
            });
        }
        let found = Self {
            name: series,
            steps,
            values,
            sem: Vec::new(),
            shape,
            schedule: None,
        };
        found.in_range()
    }

    /// Beyond the range squares and their quotients are no numbers any more.
    fn in_range(self) -> Result<Self> {
        let largest = self.max();
        if RANGE.contains(&largest) {
            return Ok(self);
        }
        let at = self.values.iter().position(|v| v.abs() == largest);
        Err(Error::Size {
            step: at.map_or(f64::NAN, |at| self.steps[at]),
            series: self.name,
            value: largest,
        })
    }

    /// The training steps, ascending.
    pub fn steps(&self) -> &[f64] {
        &self.steps
    }

    /// The value at each step, on the scale of the shape.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The standard error of each value; empty where unknown.
    pub fn sem(&self) -> &[f64] {
        &self.sem
    }

    /// The first step.
    pub fn first(&self) -> f64 {
        self.steps[0]
    }

    /// The last step, T.
    pub fn last(&self) -> f64 {
        self.steps[self.steps.len() - 1]
    }

    /// How errors name it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The shape of the observable.
    pub fn shape(&self) -> &ValueShape {
        &self.shape
    }

    /// The summary of a curve on the scale of the series, in values of the observable.
    pub(crate) fn summary(&self, curve: &(impl Curve + ?Sized)) -> CurveSummary {
        let shape = self.shape;
        CurveSummary::new(&Values { curve, shape }, self.first(), self.last())
    }

    /// The largest absolute value, which is above 0.
    pub(crate) fn max(&self) -> f64 {
        self.values
            .iter()
            .fold(0.0, |largest, v| v.abs().max(largest))
    }

    /// The smallest value.
    pub(crate) fn min(&self) -> f64 {
        self.values.iter().copied().fold(f64::INFINITY, f64::min)
    }
}
