//! The range of training: a property of the data, the same for every regressor.

use std::fmt;

use outcrop_arch::ArchSpec;
use outcrop_core::NamedArch;
use serde::{Deserialize, Serialize};

use crate::{Feature, Recipe};

/// The values of a feature in training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureRange {
    /// The feature.
    pub feature: Feature,
    /// Smallest value.
    pub low: f64,
    /// Largest value.
    pub high: f64,
}

/// A feature of an architecture that lies outside the range of training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outside {
    /// The feature.
    pub feature: Feature,
    /// Its value.
    pub value: f64,
    /// Smallest value in training.
    pub low: f64,
    /// Largest value in training.
    pub high: f64,
}

/// The range of each of [`Feature::range`] over `models`, but for a rotary embedding that none of them has; then that of each of
/// [`Feature::RECIPE`] over their recipes, where these are known.
pub(crate) fn ranges(models: &[NamedArch], recipes: &[Option<Recipe>]) -> Vec<FeatureRange> {
    let range = |feature: Feature| {
        let models = models.iter().zip(recipes);
        let values = models.map(|(m, recipe)| feature.of_run(&m.arch, recipe.as_ref(), 1));
        let empty = (f64::INFINITY, f64::NEG_INFINITY);
        let (low, high) = values.fold(empty, |(low, high), v| (low.min(v), high.max(v)));
        FeatureRange { feature, low, high }
    };
    let of_archs = Feature::range().map(range).filter(|r| r.high > 0.0);
    let of_recipes = Feature::RECIPE.into_iter().map(range);
    of_archs
        .chain(of_recipes.filter(|r| r.low <= r.high))
        .collect()
}

/// What of `arch`, trained by `recipe`, lies outside `ranges`.
pub(crate) fn outside(
    ranges: &[FeatureRange],
    arch: &ArchSpec,
    recipe: Option<&Recipe>,
) -> Vec<Outside> {
    let of_range = |range: &FeatureRange| range.outside(arch, recipe);
    ranges.iter().filter_map(of_range).collect()
}

/// Whether nothing of `arch` lies outside `ranges`: the same, stopping at the first.
pub(crate) fn is_inside(ranges: &[FeatureRange], arch: &ArchSpec) -> bool {
    ranges
        .iter()
        .all(|range| range.outside(arch, None).is_none())
}

impl FeatureRange {
    /// The feature of `arch`, trained by `recipe`, if it lies outside.
    fn outside(&self, arch: &ArchSpec, recipe: Option<&Recipe>) -> Option<Outside> {
        let Self { feature, low, high } = *self;
        let value = feature.of_run(arch, recipe, 1);
        let slack = 1e-9 * low.abs().max(high.abs());
        ((low - value).max(value - high) > slack).then_some(Outside {
            feature,
            value,
            low,
            high,
        })
    }
}

impl Outside {
    /// How far outside, in widths of the training range; infinite where that is one value.
    pub fn distance(&self) -> f64 {
        (self.low - self.value).max(self.value - self.high) / (self.high - self.low)
    }
}

impl fmt::Display for FeatureRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.feature.words().0;
        let [low, high] = [self.low, self.high].map(|v| Short(natural(self.feature, v)));
        match self.low == self.high {
            true => write!(f, "{name} always {low}"),
            false => write!(f, "{name} {low} to {high}"),
        }
    }
}

impl fmt::Display for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.feature.words().0;
        let [value, low, high] =
            [self.value, self.low, self.high].map(|v| natural(self.feature, v));
        let (times, share) = (Short(value / high), Short(value / low));
        let [value, low, high] = [value, low, high].map(Short);
        if self.low == self.high {
            return write!(
                f,
                "{name} = {value} lies outside training, where it was always {low}: its influence is unknown"
            );
        }
        write!(
            f,
            "{name} = {value} lies outside the training range {low} to {high}"
        )?;
        match self.value > self.high {
            true => write!(f, ", {times} times its largest"),
            false => write!(f, ", {share} of its smallest"),
        }
    }
}

/// What the feature names, without the logarithm; twelve digits of it.
fn natural(feature: Feature, value: f64) -> f64 {
    match feature.words().1 {
        true => format!("{:.12e}", value.exp()).parse().unwrap_or(value),
        false => value,
    }
}

/// A number with at most three decimals (five below 1) and no zeros behind them.
struct Short(f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.0.abs() {
            size if size >= 1e6 || (size < 1e-3 && size > 0.0) => {
                return write!(f, "{:.3e}", self.0);
            }
            size if size >= 1.0 => format!("{:.3}", self.0),
            _ => format!("{:.5}", self.0),
        };
        let decimals = text.contains('.');
        let text = if decimals {
            text.trim_end_matches('0').trim_end_matches('.')
        } else {
            &text
        };
        f.write_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_outside_is_said_in_numbers_of_the_spec() {
        let outside = |feature, value, low, high| {
            let outside = Outside {
                feature,
                value,
                low,
                high,
            };
            outside.to_string()
        };
        for (said, expected) in [
            (
                outside(Feature::Width, 4096.0, 32.0, 128.0),
                "d_model = 4096 lies outside the training range 32 to 128, 32 times its largest",
            ),
            (
                outside(Feature::HeadWidth, 4.0, 8.0, 128.0),
                "d_head = 4 lies outside the training range 8 to 128, 0.5 of its smallest",
            ),
            (
                outside(Feature::Layers, 3.0, 2.0, 2.0),
                "layers = 3 lies outside training, where it was always 2: its influence is unknown",
            ),
        ] {
            assert_eq!(said, expected);
        }
    }
}
