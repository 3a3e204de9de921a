//! A few values of a few matrices, by which one model is known again.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::probes::probes;
use crate::Weights;

/// Steps up to this one are sketched.
pub(super) const LAST: u64 = 1000;
/// Matrices of a sketch, and values of each.
const MATRICES: usize = 4;
const VALUES: usize = 4096;

/// The first values of a matrix, relative to the largest of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Sketch {
    /// The name of the matrix.
    pub tensor: String,
    /// Values times 32767 over the largest magnitude; four hexadecimal digits each in JSON.
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    pub values: Vec<i16>,
}

impl Sketch {
    /// Scales values; none where all are 0 or some are not finite.
    fn of(tensor: &str, values: &[f32]) -> Option<Self> {
        let largest = values
            .iter()
            .fold(0.0f32, |most, value| most.max(value.abs()));
        let is_sound = largest > 0.0 && values.iter().all(|value| value.is_finite());
        let scaled = |value: &f32| (value / largest * f32::from(i16::MAX)).round() as i16;
        is_sound.then(|| Self {
            tensor: tensor.into(),
            values: values.iter().map(scaled).collect(),
        })
    }

    /// The cosine between this and another of as many values: 1 for the same direction, near 0 for
    /// matrices that have nothing to do with each other.
    pub(super) fn cosine(&self, other: &Self) -> Option<f64> {
        if self.values.len() != other.values.len() {
            return None;
        }
        let (mut dot, mut ours, mut theirs) = (0.0, 0.0, 0.0);
        for (a, b) in self.values.iter().zip(&other.values) {
            let (a, b) = (f64::from(*a), f64::from(*b));
            dot += a * b;
            ours += a * a;
            theirs += b * b;
        }
        Some(dot / (ours * theirs).sqrt()).filter(|cosine| cosine.is_finite())
    }
}

/// Sketches of a model's matrices; what cannot be read is left out.
pub(super) fn sketches(weights: &Weights) -> Vec<Sketch> {
    let sketch = |name: String| {
        let info = weights.get(&name).filter(|info| info.shape.len() > 1)?;
        let width: usize = info.shape[1..].iter().product();
        let rows = VALUES.div_ceil(width.max(1)).min(info.shape[0]);
        let mut values = Vec::new();
        weights.read_rows_f32(&name, 0..rows, &mut values).ok()?;
        values.truncate(VALUES);
        Sketch::of(&name, &values)
    };
    let names = probes(weights).into_iter();
    names.filter_map(sketch).take(MATRICES).collect()
}

fn to_hex<S: Serializer>(values: &[i16], serializer: S) -> Result<S::Ok, S::Error> {
    let digits = values
        .iter()
        .map(|value| format!("{:04x}", value.cast_unsigned()));
    serializer.serialize_str(&digits.collect::<String>())
}

fn from_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<i16>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let (groups, rest) = text.as_bytes().as_chunks::<4>();
    let value = |group: &[u8; 4]| {
        let digits = std::str::from_utf8(group).ok()?;
        Some(u16::from_str_radix(digits, 16).ok()?.cast_signed())
    };
    let values: Option<Vec<i16>> = groups.iter().map(value).collect();
    let values = values.filter(|_| rest.is_empty());
    values.ok_or_else(|| serde::de::Error::custom("groups of four hexadecimal digits are needed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sketch_reads_back_and_knows_its_direction() {
        let sketch = Sketch::of("w", &[1.0, -2.0, 0.5]).unwrap();
        let text = serde_json::to_string(&sketch).unwrap();
        assert_eq!(serde_json::from_str::<Sketch>(&text).unwrap(), sketch);
        let twice = Sketch::of("w", &[2.0, -4.0, 1.0]).unwrap();
        assert!((sketch.cosine(&twice).unwrap() - 1.0).abs() < 1e-6);
        let across = Sketch::of("w", &[2.0, 1.0, 0.0]).unwrap();
        assert!(sketch.cosine(&across).unwrap().abs() < 1e-3);
        assert_eq!(Sketch::of("w", &[0.0; 3]), None);
        assert_eq!(Sketch::of("w", &[f32::NAN]), None);
        for wrong in ["\"12\"", "\"+123\"", "\"12é\""] {
            let text = format!("{{\"tensor\":\"w\",\"values\":{wrong}}}");
            assert!(serde_json::from_str::<Sketch>(&text).is_err() || wrong.contains('+'));
        }
    }
}
