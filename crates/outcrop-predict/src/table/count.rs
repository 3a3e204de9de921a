//! Missing parts of a table, and the model that dominates it.

use outcrop_core::{Fit, NamedArch};

use super::{Row, Table, weights};
use crate::target::Unidentified;
use crate::transform::Transform;
use crate::{Feature, Target};

/// How many fits do not identify a target, for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotIdentified {
    /// The target.
    pub target: Target,
    /// The reason.
    pub reason: Unidentified,
    /// Number of (model, layer) fits.
    pub fits: usize,
}

/// A model of which some layers have no row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingLayers {
    /// The model.
    pub model: String,
    /// Number of layers of its architecture.
    pub layers: usize,
    /// Number of layers that have a row, possibly none.
    pub fitted: usize,
}

/// The share of one model in the training data of a target.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelShare {
    /// The model.
    pub model: String,
    /// Its share of the rows, in 0 to 1.
    pub rows: f64,
    /// Its share of the weight, in 0 to 1.
    pub weight: f64,
}

impl Table {
    /// How many fits do not identify each target, and why; targets that all of them identify are
    /// not listed.
    pub fn left_out(&self) -> &[NotIdentified] {
        &self.not_identified
    }

    /// Models that were given and of which some layers, or all, have no row.
    pub fn missing_layers(&self) -> &[MissingLayers] {
        &self.missing
    }

    /// Those of `features` that have one value in all rows, and therefore explain nothing: they
    /// are dropped in training.
    pub fn constant(&self, features: &[Feature]) -> Vec<Feature> {
        let varies = |f: &Feature| {
            let values = self.rows.iter().map(|r| r.features[f.index()]);
            crate::stats::mean_and_deviation(&values.collect::<Vec<f64>>()).1 > 0.0
        };
        features.iter().copied().filter(|f| !varies(f)).collect()
    }

    /// The model with the largest share of the rows or of the weight in which `target` is
    /// identified; none where it is identified in no row. Above one half a score says more about
    /// this model than about architectures.
    pub fn largest_share(&self, target: Target) -> Option<ModelShare> {
        let rows: Vec<&Row> = self
            .rows
            .iter()
            .filter(|r| r.target(target).is_some())
            .collect();
        let values: Vec<f64> = rows.iter().filter_map(|r| r.target(target)).collect();
        let weights = weights(
            target,
            &Transform::fit(target, &values),
            rows.iter().copied(),
        );
        let share = |(model, named): (usize, &NamedArch)| {
            let own = rows.iter().zip(&weights).filter(|(r, _)| r.model == model);
            let own: Vec<f64> = own.map(|(_, w)| *w).collect();
            ModelShare {
                model: named.model.clone(),
                rows: own.len() as f64 / rows.len().max(1) as f64,
                weight: own.iter().sum::<f64>() / rows.len().max(1) as f64,
            }
        };
        let shares = self.models.iter().enumerate().map(share);
        let largest = shares.max_by(|a, b| a.rows.max(a.weight).total_cmp(&b.rows.max(b.weight)));
        largest.filter(|_| !rows.is_empty())
    }
}

pub(super) fn missing_layers(archs: &[NamedArch], rows: &[Row]) -> Vec<MissingLayers> {
    let count = |(model, named): (usize, &NamedArch)| MissingLayers {
        model: named.model.clone(),
        layers: named.arch.layers,
        fitted: rows.iter().filter(|r| r.model == model).count(),
    };
    let counts = archs.iter().enumerate().map(count);
    counts.filter(|m| m.fitted < m.layers).collect()
}

pub(super) fn not_identified<'a>(fits: impl Iterator<Item = &'a Fit>) -> Vec<NotIdentified> {
    let fits: Vec<&Fit> = fits.collect();
    let of = |target: Target| {
        let fits = &fits;
        let count = move |reason: Unidentified| NotIdentified {
            target,
            reason,
            fits: fits
                .iter()
                .filter(|f| target.read(f) == Err(reason))
                .count(),
        };
        Unidentified::ALL.map(count)
    };
    let counts = Target::ALL.into_iter().flat_map(of);
    counts.filter(|n| n.fits > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use outcrop_arch::ArchSpec;

    fn table() -> Table {
        let archs = [("a", 6), ("b", 2), ("c", 2), ("d", 2)].map(|(model, layers)| NamedArch {
            model: model.into(),
            arch: ArchSpec::new(layers, 64, 4),
        });
        let fit = |model: &str, layer, f_max| Fit {
            model: model.into(),
            layer,
            hypothesis: "emergence".into(),
            quantities: [("f_last", 3.0), ("f_max", f_max)].into(),
            ..Fit::default()
        };
        let mut fits: Vec<Fit> = (1..=6).map(|layer| fit("a", layer, 5.0)).collect();
        fits.extend([
            fit("b", 1, 7.0),
            fit("b", 2, f64::INFINITY),
            fit("c", 1, -1.0),
        ]);
        Table::new(&archs, &fits).unwrap()
    }

    #[test]
    fn what_is_lacking_is_counted_with_its_reason() {
        let table = table();
        let of = |target| {
            let found = table.left_out().iter().filter(|n| n.target == target);
            found.map(|n| (n.reason, n.fits)).collect::<Vec<_>>()
        };
        assert_eq!(of(Target::LnFLast), []);
        let max = [(Unidentified::NotFinite, 1), (Unidentified::OutOfRange, 1)];
        assert_eq!(of(Target::LnFMax), max);
        assert_eq!(of(Target::K), [(Unidentified::Empty, 9)]);
        let missing: Vec<(&str, usize)> = table
            .missing_layers()
            .iter()
            .map(|m| (m.model.as_str(), m.fitted))
            .collect();
        assert_eq!(missing, [("c", 1), ("d", 0)]);
    }

    #[test]
    fn the_dominating_model_and_the_constant_features_are_named() {
        let table = table();
        let share = table.largest_share(Target::LnFLast).unwrap();
        assert_eq!((share.model.as_str(), share.rows), ("a", 6.0 / 9.0));
        assert!((share.weight - share.rows).abs() < 1e-12); // no intervals: equal weights
        assert_eq!(table.largest_share(Target::K), None);
        let features = [Feature::Layers, Feature::Width, Feature::MlpExpansion];
        assert_eq!(
            table.constant(&features),
            [Feature::Width, Feature::MlpExpansion]
        );
    }
}
