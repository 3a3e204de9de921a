//! The architectures that a design may choose from.

use outcrop_arch::ArchSpec;
use outcrop_core::{NamedArch, nearest};

use super::knob::{Field, Knob};
use crate::range::{FeatureRange, Outside, is_inside, outside, ranges};
use crate::{Error, Result, Table};

/// A place in the space: which value of each knob.
pub(super) type Point = Vec<usize>;

/// All combinations of the values of some fields; other fields are those of one model of the table.
pub(super) struct Space {
    pub(super) base: NamedArch,
    pub(super) knobs: Vec<(Field, Vec<usize>)>,
    ranges: Vec<FeatureRange>,
}

impl Space {
    /// `fix` are knobs too; where neither has the width of the MLP, it stays the same multiple of the
    /// width.
    pub(super) fn new(table: &Table, knobs: &[Knob], like: Option<&str>) -> Result<Self> {
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
            ranges: ranges(table.models(), table.recipes()),
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
        if !self.knobs.iter().any(|(field, _)| field.name() == "d_ff") {
            arch.d_ff =
                (base.d_ff as f64 / base.d_model as f64 * arch.d_model as f64).round() as usize;
        }
        let rotary = arch.position.rotary().is_some();
        let whole = arch.check().is_ok() && !(rotary && arch.d_head() % 2 == 1);
        whole.then_some(arch)
    }

    /// What of `arch` lies outside the range of training.
    pub(super) fn outside(&self, arch: &ArchSpec) -> Vec<Outside> {
        outside(&self.ranges, arch, None)
    }

    /// Whether nothing of `arch` lies outside that range.
    pub(super) fn is_inside(&self, arch: &ArchSpec) -> bool {
        is_inside(&self.ranges, arch)
    }

    /// The architectures that differ from the model which all else is taken from in one field alone.
    pub(super) fn along(&self, knob: usize) -> Vec<ArchSpec> {
        let (field, values) = &self.knobs[knob];
        let at = |value: &usize| {
            let mut arch = self.base.arch.clone();
            field.set(&mut arch, *value);
            arch
        };
        values.iter().map(at).collect()
    }
}

pub(super) fn base(table: &Table, like: Option<&str>) -> Result<NamedArch> {
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

/// The range of training in steps of the greatest common divisor of its values; of what no feature sees (context,
/// vocabulary) the values themselves.
fn trained(table: &Table, field: Field) -> Vec<usize> {
    let mut values: Vec<usize> = table.models().iter().map(|m| field.of(&m.arch)).collect();
    values.sort_unstable();
    values.dedup();
    let (low, high) = (values[0], values[values.len() - 1]);
    if !field.is_feature() {
        return values;
    }
    let step = values.into_iter().fold(0, gcd).max(1);
    (low..=high).step_by(step).collect()
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}
