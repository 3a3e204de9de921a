use outcrop_arch::ArchSpec;

use crate::{Feature, Table, Target};

/// The distinct architectures of a table, in the order of its models. Models that share one, seeds
/// of it, are one sample of an architecture.
pub(crate) struct Architectures {
    of_model: Vec<usize>,
    specs: Vec<ArchSpec>,
}

impl Architectures {
    pub(crate) fn of(table: &Table) -> Self {
        let of_model = table.architectures().to_vec();
        let mut specs = Vec::new();
        for (named, index) in table.models().iter().zip(&of_model) {
            if *index == specs.len() {
                specs.push(named.arch.clone());
            }
        }
        Self { of_model, specs }
    }

    pub(crate) fn specs(&self) -> &[ArchSpec] {
        &self.specs
    }

    /// Index of the architecture of a model, by the index of the model.
    pub(crate) fn of_model(&self, model: usize) -> usize {
        self.of_model[model]
    }

    /// Whether several models share an architecture.
    pub(crate) fn has_seeds(&self) -> bool {
        self.specs.len() < self.of_model.len()
    }

    /// The architectures in which `target` is identified, in order.
    pub(crate) fn identified(&self, table: &Table, target: Target) -> Vec<usize> {
        let rows = table.rows_with(target).into_iter();
        let mut found: Vec<usize> = rows.map(|i| self.of_row(table, i)).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Of each architecture the features of shape and recipe that are known of all, layer 1 of the first model of each.
    pub(super) fn shapes(&self, table: &Table) -> Vec<Vec<f64>> {
        let first = |a: usize| {
            table
                .all_rows()
                .iter()
                .find(|row| self.of_model(row.model) == a)
        };
        let rows: Vec<_> = (0..self.specs.len()).filter_map(first).collect();
        let all = Feature::SHAPE.into_iter().chain(Feature::RECIPE);
        let places = all.map(Feature::index);
        let known = |place: &usize| rows.iter().all(|row| !row.features[*place].is_nan());
        let places: Vec<usize> = places.filter(known).collect();
        let shape = |row: &&crate::table::Row| places.iter().map(|p| row.features[*p]).collect();
        rows.iter().map(shape).collect()
    }

    pub(crate) fn of_row(&self, table: &Table, row: usize) -> usize {
        self.of_model(table.row(row).model)
    }
}
