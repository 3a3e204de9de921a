//! What values an observable may have, and on which scale its curve is fitted.

use crate::{Curve, Error, Result};

/// On which scale a curve is fitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ValueScale {
    /// The values as they are.
    #[default]
    Linear,
    /// Their natural logarithms: curves stay above 0, and noise is a share of the value.
    Log,
    /// ln((x - lo) / (hi - x)): curves stay between the bounds.
    Logit,
}

/// The values that an observable may have, and the scale of its curve.
///
/// On the linear scale without an upper bound, as for ratios, noise is taken to grow with the value unless the options
/// weigh otherwise. Bounded values, and values of either sign, have noise of one size; so have logarithms and logits.
///
/// ```
/// use outcrop_fit::{ValueScale, ValueShape};
///
/// let share = ValueShape::within(0.0, 1.0)?.on(ValueScale::Logit)?;
/// assert!((share.back(share.forward(0.3)) - 0.3).abs() < 1e-15);
/// assert_eq!((share.forward(0.5), share.back(-800.0)), (0.0, 0.0));
/// let error = ValueShape::ratio().on(ValueScale::Logit).unwrap_err();
/// assert!(error.to_string().contains("finite bounds"));
/// # Ok::<(), outcrop_fit::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValueShape {
    scale: ValueScale,
    lo: f64,
    hi: f64,
}

impl Default for ValueShape {
    fn default() -> Self {
        Self::ratio()
    }
}

impl ValueShape {
    /// At least 0, linear: what [`fit`](crate::fit) takes a trajectory for.
    pub fn ratio() -> Self {
        Self {
            scale: ValueScale::Linear,
            lo: 0.0,
            hi: f64::INFINITY,
        }
    }

    /// Of either sign, linear.
    pub fn signed() -> Self {
        Self {
            lo: f64::NEG_INFINITY,
            ..Self::ratio()
        }
    }

    /// From `lo` to `hi`, either of which may be infinite; linear.
    ///
    /// # Errors
    /// [`Error::Option`] unless lo < hi.
    pub fn within(lo: f64, hi: f64) -> Result<Self> {
        match lo < hi {
            true => Ok(Self {
                scale: ValueScale::Linear,
                lo,
                hi,
            }),
            false => Err(Error::Option {
                name: "lo",
                value: lo,
                allowed: "a number below `hi`",
            }),
        }
    }

    /// The same on this scale.
    ///
    /// # Errors
    /// [`Error::Option`] for logarithms of what may be below 0, and for logits without finite bounds.
    pub fn on(self, scale: ValueScale) -> Result<Self> {
        let (name, value, allowed) = match scale {
            ValueScale::Log if self.lo < 0.0 => ("lo", self.lo, "at least 0 on the log scale"),
            ValueScale::Logit if !(self.hi - self.lo).is_finite() => (
                "hi - lo",
                self.hi - self.lo,
                "finite bounds on the logit scale",
            ),
            ValueScale::Linear | ValueScale::Log | ValueScale::Logit => {
                return Ok(Self { scale, ..self });
            }
        };
        Err(Error::Option {
            name,
            value,
            allowed,
        })
    }

    /// The scale.
    pub fn scale(&self) -> ValueScale {
        self.scale
    }

    /// Least and largest value.
    pub fn range(&self) -> [f64; 2] {
        [self.lo, self.hi]
    }

    /// Whether noise is of one size on the scale, rather than in proportion to the value.
    pub fn has_constant_noise(&self) -> bool {
        self.scale != ValueScale::Linear || self.lo < 0.0 || self.hi.is_finite()
    }

    /// A value on the scale; infinite at 0 (log) and at the bounds (logit).
    pub fn forward(&self, value: f64) -> f64 {
        match self.scale {
            ValueScale::Linear => value,
            ValueScale::Log => value.ln(),
            ValueScale::Logit => ((value - self.lo) / (self.hi - value)).ln(),
        }
    }

    /// The value at a place of the scale; it grows with it.
    pub fn back(&self, place: f64) -> f64 {
        match self.scale {
            ValueScale::Linear => place,
            ValueScale::Log => place.exp(),
            ValueScale::Logit => {
                let share = 1.0 / (1.0 + (-place).exp());
                self.lo + (self.hi - self.lo) * share
            }
        }
    }

    /// How much the place on the scale changes with the value there.
    pub fn slope(&self, value: f64) -> f64 {
        match self.scale {
            ValueScale::Linear => 1.0,
            ValueScale::Log => 1.0 / value,
            ValueScale::Logit => 1.0 / (value - self.lo) + 1.0 / (self.hi - value),
        }
    }

    /// Whether the observable may have this value.
    pub(crate) fn allows(&self, value: f64) -> bool {
        let positive = self.scale != ValueScale::Log || value > 0.0;
        value.is_finite() && self.lo <= value && value <= self.hi && positive
    }

    /// The values as they go to the scale: on the logit scale, where one is at a bound, all are drawn to the middle by
    /// 1 / (2 n) of the range (Smithson and Verkuilen, 2006, Psychological Methods 11:54).
    pub(crate) fn inside(&self, values: &[f64]) -> Vec<f64> {
        let at_bound = values.iter().any(|v| *v <= self.lo || *v >= self.hi);
        if self.scale != ValueScale::Logit || !at_bound {
            return values.to_vec();
        }
        let (n, width) = (values.len() as f64, self.hi - self.lo);
        let drawn = |v: &f64| self.lo + ((v - self.lo) * (n - 1.0) + 0.5 * width) / n;
        values.iter().map(drawn).collect()
    }
}

/// A curve of places as a curve of values.
#[derive(Debug)]
pub(crate) struct Values<'a, C: ?Sized> {
    pub(crate) curve: &'a C,
    pub(crate) shape: ValueShape,
}

impl<C: Curve + ?Sized> Curve for Values<'_, C> {
    fn value(&self, t: f64) -> f64 {
        self.shape.back(self.curve.value(t))
    }

    /// The same: values grow with places.
    fn turns(&self, first: f64, last: f64) -> Vec<f64> {
        self.curve.turns(first, last)
    }

    fn parameters(&self) -> Vec<(&'static str, Option<f64>)> {
        self.curve.parameters()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_go_there_and_back() {
        let shapes = [
            ValueShape::signed(),
            ValueShape::ratio().on(ValueScale::Log).unwrap(),
            ValueShape::within(-1.0, 3.0)
                .unwrap()
                .on(ValueScale::Logit)
                .unwrap(),
        ];
        for shape in shapes {
            for value in [0.2, 1.0, 2.9] {
                let place = shape.forward(value);
                assert!((shape.back(place) - value).abs() < 1e-12);
                let h = 1e-6;
                let slope = (shape.forward(value + h) - shape.forward(value - h)) / (2.0 * h);
                assert!((slope / shape.slope(value) - 1.0).abs() < 1e-6);
            }
        }
        assert!(
            ValueShape::signed().on(ValueScale::Log).is_err()
                && ValueShape::within(1.0, 1.0).is_err()
        );
    }

    #[test]
    fn values_at_a_bound_are_drawn_inside() {
        let share = ValueShape::within(0.0, 1.0)
            .unwrap()
            .on(ValueScale::Logit)
            .unwrap();
        assert_eq!(
            share.inside(&[0.0, 0.5, 1.0, 0.5]),
            [0.125, 0.5, 0.875, 0.5]
        );
        assert_eq!(share.inside(&[0.2, 0.5]), [0.2, 0.5]);
    }
}
