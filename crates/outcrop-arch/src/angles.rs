//! Frequencies of rotary embeddings, rounded to f32 where transformers rounds them: models are trained with these.

use crate::RotaryScaling;

/// The angles of a rotary embedding: position p turns pair i by p times frequency i.
#[derive(Clone, Debug, PartialEq)]
pub struct Angles {
    /// Channels of a head that are rotated, even: twice the number of frequencies.
    pub dims: usize,
    /// Base of the geometric series of wavelengths, above 1.
    pub base: f64,
    /// How the series is stretched; none as it is.
    pub scaling: Option<RotaryScaling>,
}

impl Angles {
    /// The frequencies of a sequence of so many tokens, in radians a position, [dims / 2]: base^(-2i / dims), stretched.
    ///
    /// ```
    /// use outcrop_arch::{Angles, RotaryScaling};
    ///
    /// let plain = Angles { dims: 4, base: 10_000.0, scaling: None };
    /// assert_eq!(plain.frequencies(7), [1.0, 0.01]);
    /// let linear = Angles { scaling: Some(RotaryScaling::Linear { factor: 2.0 }), ..plain };
    /// assert_eq!(linear.frequencies(7), [0.5, 0.005]);
    /// ```
    pub fn frequencies(&self, tokens: usize) -> Vec<f32> {
        use RotaryScaling as S;
        match &self.scaling {
            None => inverse(&self.powers(self.base as f32)),
            Some(S::Linear { factor }) => {
                let frequencies = inverse(&self.powers(self.base as f32));
                frequencies.iter().map(|f| f / *factor as f32).collect()
            }
            Some(S::Dynamic {
                factor,
                original_context,
            }) => inverse(&self.powers(self.stretched(*factor, *original_context, tokens))),
            Some(S::Yarn { .. }) => self.yarn(),
            Some(S::LongRope {
                short_factors,
                long_factors,
                original_context,
                ..
            }) => {
                let factors = match tokens > *original_context {
                    true => long_factors,
                    false => short_factors,
                };
                let powers = self.powers(self.base as f32);
                let stretched = powers.iter().zip(factors).map(|(p, f)| *f as f32 * p);
                inverse(&stretched.collect::<Vec<_>>())
            }
            Some(S::Llama3 { .. }) => self.llama3(),
        }
    }

    /// What tells frequencies apart: those of two lengths with the same value are the same.
    pub fn regime(&self, tokens: usize) -> usize {
        use RotaryScaling as S;
        match &self.scaling {
            Some(S::Dynamic {
                original_context, ..
            }) if tokens > *original_context => tokens,
            Some(S::LongRope {
                original_context, ..
            }) => usize::from(tokens > *original_context),
            None
            | Some(S::Linear { .. } | S::Dynamic { .. } | S::Yarn { .. } | S::Llama3 { .. }) => 0,
        }
    }

    /// Whether frequencies depend on the length of the sequence.
    pub fn depend_on_length(&self) -> bool {
        use RotaryScaling as S;
        match &self.scaling {
            Some(S::Dynamic { .. } | S::LongRope { .. }) => true,
            None | Some(S::Linear { .. } | S::Yarn { .. } | S::Llama3 { .. }) => false,
        }
    }

    /// By what cosines and sines are multiplied.
    pub fn scale(&self) -> f32 {
        use RotaryScaling as S;
        match &self.scaling {
            Some(
                S::Yarn {
                    attention_factor, ..
                }
                | S::LongRope {
                    attention_factor, ..
                },
            ) => *attention_factor as f32,
            None | Some(S::Linear { .. } | S::Dynamic { .. } | S::Llama3 { .. }) => 1.0,
        }
    }

    /// base^(2i / dims).
    fn powers(&self, base: f32) -> Vec<f32> {
        let power = |i: usize| {
            let exponent = (2 * i) as f32 / self.dims as f32;
            power(base, exponent)
        };
        (0..self.dims / 2).map(power).collect()
    }

    /// The base for a sequence longer than the model was trained on (bloc97, emozilla 2023), as tensors of f32 give it:
    /// base (factor tokens / original - (factor - 1))^(dims / (dims - 2)).
    fn stretched(&self, factor: f64, original: usize, tokens: usize) -> f32 {
        if tokens <= original {
            return self.base as f32;
        }
        let grown = factor as f32 * tokens as f32 / original as f32 - (factor - 1.0) as f32;
        let exponent = self.dims as f64 / (self.dims as f64 - 2.0);
        self.base as f32 * power(grown, exponent as f32)
    }

    /// Between the frequencies and those divided by the factor, by how often a pair turns within the context (Peng et
    /// al. 2023).
    fn yarn(&self) -> Vec<f32> {
        let Some(RotaryScaling::Yarn {
            factor,
            original_context,
            beta_fast,
            beta_slow,
            truncate,
            ..
        }) = self.scaling
        else {
            return Vec::new();
        };
        // the pair that turns so often within the context
        let pair = |turns: f64| {
            let context = original_context as f64 / (turns * 2.0 * std::f64::consts::PI);
            self.dims as f64 * context.ln() / (2.0 * self.base.ln())
        };
        let (low, high) = (pair(beta_fast), pair(beta_slow));
        let (low, high) = match truncate {
            true => (low.floor(), high.ceil()),
            false => (low, high),
        };
        let (low, mut high) = (low.max(0.0), high.min(self.dims as f64 - 1.0));
        if low == high {
            high += 0.001;
        }
        let frequency = |(i, power): (usize, f32)| {
            let ramp = (i as f32 - low as f32) / (high - low) as f32;
            let kept = 1.0 - ramp.clamp(0.0, 1.0);
            let interpolated = 1.0 / (factor as f32 * power);
            interpolated * (1.0 - kept) + 1.0 / power * kept
        };
        let powers = self.powers(self.base as f32).into_iter();
        powers.enumerate().map(frequency).collect()
    }

    /// Short wavelengths as they are, long ones times the factor, those between interpolated (Llama 3.1).
    fn llama3(&self) -> Vec<f32> {
        let Some(RotaryScaling::Llama3 {
            factor,
            low_frequency_factor: low,
            high_frequency_factor: high,
            original_context,
        }) = self.scaling
        else {
            return Vec::new();
        };
        let context = original_context as f64;
        let [longest, shortest] = [context / low, context / high].map(|length| length as f32);
        let factor = factor as f32;
        let frequency = |frequency: f32| {
            let wavelength = 1.0 / frequency * (2.0 * std::f64::consts::PI) as f32;
            if wavelength > longest {
                return frequency / factor;
            }
            if wavelength < shortest {
                return frequency;
            }
            let share = (1.0 / wavelength * context as f32 - low as f32) / (high - low) as f32;
            (1.0 - share) * frequency / factor + share * frequency
        };
        let frequencies = inverse(&self.powers(self.base as f32));
        frequencies.into_iter().map(frequency).collect()
    }
}

/// Rounded to f32 once.
fn power(base: f32, exponent: f32) -> f32 {
    f64::from(base).powf(f64::from(exponent)) as f32
}

fn inverse(values: &[f32]) -> Vec<f32> {
    values.iter().map(|x| 1.0 / x).collect()
}
