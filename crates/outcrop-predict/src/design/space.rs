//! The architectures that a design may choose from.

use outcrop_core::{ArchSpec, NamedArch, Position, nearest};

use super::knob::{Field, Knob};
use crate::{Error, Feature, Outside, Result, Table};

/// A place in the space: which value of each knob.
pub(super) type Point = Vec<usize>;

/// All combinations of the values of some fields; what is not set is as in one model of the table.
pub(super) struct Space {
    pub(super) base: NamedArch,
    pub(super) knobs: Vec<(Field, Vec<usize>)>,
    /// Smallest and largest value of each feature over the layers of the training models.
    ranges: Vec<(Feature, f64, f64)>,
}

impl Space {
    /// `fix` are knobs too; where neither has the width of the MLP, it stays the same multiple of the
    /// width.
    pub(super) fn new(
        table: &Table,
        knobs: &[Knob],
        like: Option<&str>,
        features: &[Feature],
    ) -> Result<Self> {
        let values = |knob: &Knob| {
            let values = knob.values.clone();
            (
                knob.field,
                values.unwrap_or_else(|| trained(table, knob.field)),
            )
        };
        Ok(Self {
            base: base(table, like)?,
            knobs: knobs.iter().map(values).collect(),
            ranges: features.iter().map(|f| range(table, *f)).collect(),
        })
    }

    /// How many combinations there are, as far as a number of 64 bits goes.
    pub(super) fn size(&self) -> usize {
        self.knobs
            .iter()
            .fold(1, |n: usize, (_, v)| n.saturating_mul(v.len()))
    }

    /// The combination of this number, below [`Space::size`].
    pub(super) fn point(&self, mut number: usize) -> Point {
        let digit = |(_, values): &(Field, Vec<usize>)| {
            let digit = number % values.len();
            number /= values.len();
            digit
        };
        self.knobs.iter().map(digit).collect()
    }

    /// The architecture there; none where its fields do not agree: heads that do not divide the
    /// width, or heads of odd width under a rotary embedding.
    pub(super) fn arch(&self, point: &Point) -> Option<ArchSpec> {
        let base = &self.base.arch;
        let mut arch = base.clone();
        arch.head_dim = None;
        for ((field, values), digit) in self.knobs.iter().zip(point) {
            field.set(&mut arch, values[*digit]);
        }
        if !self
            .knobs
            .iter()
            .any(|(field, _)| *field == Field::MlpWidth)
        {
            arch.d_ff =
                (base.d_ff as f64 / base.d_model as f64 * arch.d_model as f64).round() as usize;
        }
        let rotary = matches!(arch.position, Position::Rotary { .. });
        let whole = arch.check().is_ok() && !(rotary && arch.d_head() % 2 == 1);
        whole.then_some(arch)
    }

    /// Features beyond the training range, each in the layer that is furthest.
    pub(super) fn outside(&self, arch: &ArchSpec) -> Vec<Outside> {
        let furthest = |&(feature, low, high): &(Feature, f64, f64)| {
            let distance = |v: &f64| (low - v).max(v - high);
            let values = (1..=arch.layers as u32).map(|layer| feature.value(arch, layer));
            let value = values.max_by(|a, b| distance(a).total_cmp(&distance(b)))?;
            let slack = 1e-9 * low.abs().max(high.abs());
            (distance(&value) > slack).then_some(Outside {
                feature,
                value,
                low,
                high,
            })
        };
        self.ranges.iter().filter_map(furthest).collect()
    }
}

fn base(table: &Table, like: Option<&str>) -> Result<NamedArch> {
    let models = table.models();
    let name = like.unwrap_or(&models[0].model);
    let found = models.iter().find(|m| m.model == name);
    found.cloned().ok_or_else(|| Error::UnknownName {
        kind: "model",
        name: name.into(),
        nearest: nearest(name, models.iter().map(|m| m.model.as_str())).map(str::to_owned),
        known: format!("the {} models of the table", models.len()),
    })
}

/// The range of training in steps of the greatest common divisor of its values; of context and
/// vocabulary, which no feature sees, the values themselves.
fn trained(table: &Table, field: Field) -> Vec<usize> {
    let mut values: Vec<usize> = table.models().iter().map(|m| field.of(&m.arch)).collect();
    values.sort_unstable();
    values.dedup();
    let (low, high) = (values[0], values[values.len() - 1]);
    match field {
        Field::Context | Field::Vocab => values,
        _ => {
            let step = values.into_iter().fold(0, gcd).max(1);
            (low..=high).step_by(step).collect()
        }
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn range(table: &Table, feature: Feature) -> (Feature, f64, f64) {
    let models = table.models().iter();
    let values = models.flat_map(|m| (1..=m.arch.layers as u32).map(|l| feature.value(&m.arch, l)));
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    });
    (feature, low, high)
}
