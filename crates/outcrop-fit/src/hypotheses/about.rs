//! What a hypothesis declares of itself: the rows from which columns, documentation and counts follow.

use std::collections::BTreeMap;

use outcrop_core::QuantityColumn;

use super::Hypothesis;

/// A quantity that a hypothesis gives. What it declares here is a column of `fits.csv`, three with an interval.
///
/// ```
/// use outcrop_fit::QuantityAbout;
///
/// const RATE: QuantityAbout = QuantityAbout::parameter("rate", "per step", "decay rate")
///     .within(0.0, f64::INFINITY)
///     .with_interval();
/// assert!(RATE.estimated && RATE.interval && RATE.range[0] == 0.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantityAbout {
    /// Name, as in the formula and in the header of the fits table.
    pub name: &'static str,
    /// Unit, empty where it has none.
    pub unit: &'static str,
    /// Meaning.
    pub meaning: &'static str,
    /// Least and largest value.
    pub range: [f64; 2],
    /// Whether it is a parameter that is estimated: with the noise variance these are what AICc counts.
    pub estimated: bool,
    /// Whether it has an interval.
    pub interval: bool,
    /// Whether it is a column of the fits table.
    pub column: bool,
}

impl QuantityAbout {
    /// A parameter that is estimated; of any finite size, without an interval.
    pub const fn parameter(name: &'static str, unit: &'static str, meaning: &'static str) -> Self {
        Self {
            name,
            unit,
            meaning,
            range: [f64::NEG_INFINITY, f64::INFINITY],
            estimated: true,
            interval: false,
            column: true,
        }
    }

    /// A quantity that follows from the parameters; of any finite size, without an interval.
    pub const fn derived(name: &'static str, unit: &'static str, meaning: &'static str) -> Self {
        let parameter = Self::parameter(name, unit, meaning);
        Self {
            estimated: false,
            ..parameter
        }
    }

    /// The same from `least` to `largest`.
    #[must_use]
    pub const fn within(self, least: f64, largest: f64) -> Self {
        Self {
            range: [least, largest],
            ..self
        }
    }

    /// The same with an interval.
    #[must_use]
    pub const fn with_interval(self) -> Self {
        Self {
            interval: true,
            ..self
        }
    }

    /// The same without a column in the fits table, as for what another column says.
    #[must_use]
    pub const fn without_column(self) -> Self {
        Self {
            column: false,
            ..self
        }
    }
}

/// What a hypothesis says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct About {
    /// Name, as in the fits table.
    pub name: &'static str,
    /// The curve, t being the training step.
    pub formula: &'static str,
    /// Its parameters and what else it gives, in the order of its columns.
    pub quantities: &'static [QuantityAbout],
    /// What it becomes at the ends of its parameters, and whom it is nested in.
    pub limits: &'static str,
    /// Where it comes from.
    pub source: &'static str,
}

impl About {
    /// The parameters that are estimated.
    pub fn parameters(&self) -> impl Iterator<Item = &'static QuantityAbout> {
        self.quantities.iter().filter(|quantity| quantity.estimated)
    }

    /// Number of estimated quantities: the parameters and the noise variance.
    pub fn estimated(&self) -> usize {
        self.parameters().count() + 1
    }

    /// The quantities that are columns of the fits table.
    pub fn columns(&self) -> impl Iterator<Item = &'static QuantityAbout> {
        self.quantities.iter().filter(|quantity| quantity.column)
    }
}

/// The columns of a table of fits of these hypotheses, behind those of every fit: each quantity once, in the order in
/// which the hypotheses declare them, with an interval where one of them has it.
///
/// ```
/// use outcrop_fit::{HYPOTHESES, quantity_columns};
///
/// let columns = quantity_columns(HYPOTHESES);
/// assert_eq!((&*columns[0].name, columns[0].interval), ("A", true));
/// assert_eq!(&*columns[columns.len() - 1].name, "S_dip");
/// ```
pub fn quantity_columns(hypotheses: &[&dyn Hypothesis]) -> Vec<QuantityColumn> {
    let mut columns: Vec<QuantityColumn> = Vec::new();
    let mut places = BTreeMap::new();
    for quantity in hypotheses.iter().flat_map(|h| h.about().columns()) {
        let place = *places.entry(quantity.name).or_insert(columns.len());
        match columns.get_mut(place) {
            Some(column) => column.interval |= quantity.interval,
            None => columns.push(QuantityColumn {
                name: quantity.name.into(),
                interval: quantity.interval,
            }),
        }
    }
    columns
}
