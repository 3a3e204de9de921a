use std::collections::BTreeMap;

use outcrop_arch::ArchSpec;

use super::Table;
use crate::Feature;
use crate::feature::Group;

/// Features that share one contribution, as a table cannot tell theirs apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureGroup {
    /// The subjects, joined by ` + `, such as `width + mlp`.
    pub name: String,
    /// The features, in the order given.
    pub features: Vec<Feature>,
}

impl Table {
    /// Divides `features` into groups, leaving out those that are constant in this table.
    ///
    /// Features of one subject ([`Feature::group`]) are together. Two subjects are merged where a
    /// feature of one and a feature of the other order the architectures of this table in the same
    /// or in the opposite way, equal where the other is equal: each then determines the other, and
    /// no regressor on this table can tell them apart (d_ff = 4 d; H and d where every head is as
    /// wide). Features of depth, which vary inside every model, are never merged.
    ///
    /// ```
    /// use outcrop_arch::ArchSpec;
    /// use outcrop_core::{Fit, NamedArch};
    /// use outcrop_predict::{Feature, Table};
    ///
    /// let shapes = [(2, 64, 4), (4, 128, 4), (3, 256, 2)];
    /// let archs = shapes.map(|(layers, d, heads)| NamedArch {
    ///     model: format!("d{d}"),
    ///     arch: ArchSpec::new(layers, d, heads), // d_ff = 4 d
    /// });
    /// let fits = archs.each_ref().map(|named| Fit {
    ///     model: named.model.clone(),
    ///     layer: 1,
    ///     hypothesis: "emergence".into(),
    ///     quantities: [("f_last", 9.0)].into(),
    ///     ..Fit::default()
    /// });
    /// let features = [Feature::Layers, Feature::Width, Feature::MlpWidth, Feature::MlpExpansion];
    /// let groups = Table::new(&archs, &fits)?.groups(&features);
    /// assert_eq!(groups[0].name, "layers");
    /// assert_eq!(groups[1].name, "width + mlp");
    /// assert_eq!(groups[1].features, [Feature::Width, Feature::MlpWidth]);
    /// # Ok::<(), outcrop_predict::Error>(())
    /// ```
    pub fn groups(&self, features: &[Feature]) -> Vec<FeatureGroup> {
        let constant = self.constant(features);
        let varying = features.iter().copied().filter(|f| !constant.contains(f));
        let varying: Vec<Feature> = varying.collect();
        // the representative of each subject
        let mut of: BTreeMap<Group, Group> =
            varying.iter().map(|f| (f.group(), f.group())).collect();
        for (i, a) in varying.iter().enumerate() {
            for b in &varying[..i] {
                let (from, to) = (of[&a.group()], of[&b.group()]);
                if from != to && self.determine_each_other(*a, *b) {
                    of.values_mut()
                        .filter(|g| **g == from)
                        .for_each(|g| *g = to);
                }
            }
        }
        let mut roots: Vec<Group> = varying.iter().map(|f| of[&f.group()]).collect();
        let mut seen = Vec::new();
        roots.retain(|g| {
            !seen.contains(g) && {
                seen.push(*g);
                true
            }
        });
        let group = |root: Group| {
            let subjects = of
                .iter()
                .filter(|(_, r)| **r == root)
                .map(|(g, _)| g.name());
            FeatureGroup {
                name: subjects.collect::<Vec<_>>().join(" + "),
                features: varying
                    .iter()
                    .copied()
                    .filter(|f| of[&f.group()] == root)
                    .collect(),
            }
        };
        roots.into_iter().map(group).collect()
    }

    /// Whether `a` and `b` order the architectures alike or oppositely, at their last layers.
    fn determine_each_other(&self, a: Feature, b: Feature) -> bool {
        if a.group() == Group::Depth || b.group() == Group::Depth {
            return false;
        }
        let at = |f: Feature, arch: &ArchSpec| f.at(arch, arch.layers as f64);
        let pairs: Vec<(f64, f64)> = self
            .models
            .iter()
            .map(|m| (at(a, &m.arch), at(b, &m.arch)))
            .collect();
        let sign = |x: f64, y: f64| {
            let equal = (x - y).abs() <= 1e-10 * x.abs().max(y.abs());
            if equal {
                0
            } else if x > y {
                1
            } else {
                -1
            }
        };
        let mut directions = pairs
            .iter()
            .enumerate()
            .flat_map(|(i, p)| pairs[..i].iter().map(|q| (sign(p.0, q.0), sign(p.1, q.1))));
        let mut direction = 0;
        let alike = directions.all(|pair| match pair {
            (0, 0) => true,
            (0, _) | (_, 0) => false,
            (x, y) => {
                if direction == 0 {
                    direction = x * y;
                }
                x * y == direction
            }
        });
        alike && direction != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use outcrop_core::{Fit, NamedArch};

    fn table(shapes: &[(usize, usize, usize, usize)]) -> Table {
        let archs: Vec<NamedArch> = shapes
            .iter()
            .enumerate()
            .map(|(i, &(layers, d_model, heads, d_ff))| NamedArch {
                model: i.to_string(),
                arch: ArchSpec {
                    d_ff,
                    ..ArchSpec::new(layers, d_model, heads)
                },
            })
            .collect();
        let fits = archs.iter().flat_map(|a| {
            [1, 2].map(|layer| Fit {
                model: a.model.clone(),
                layer,
                hypothesis: "emergence".into(),
                quantities: [("f_last", 9.0)].into(),
                ..Fit::default()
            })
        });
        Table::new(&archs, &fits.collect::<Vec<_>>()).unwrap()
    }

    fn names(table: &Table) -> Vec<String> {
        table
            .groups(&Feature::all().collect::<Vec<_>>())
            .into_iter()
            .map(|g| g.name)
            .collect()
    }

    #[test]
    fn what_varies_alone_stands_alone() {
        let free = [
            (2, 64, 2, 256),
            (4, 64, 2, 256),
            (2, 128, 2, 256),
            (2, 64, 4, 256),
            (2, 64, 2, 128),
        ];
        let mut found = names(&table(&free));
        found.sort();
        assert_eq!(found, ["depth", "heads", "layers", "mlp", "width"]);
        let kept = table(&free)
            .groups(&Feature::all().collect::<Vec<_>>())
            .into_iter()
            .map(|g| g.features.len());
        // what is said of positions, norm, activation and gate does not vary, and no recipe is known
        let constant = [
            Feature::RotaryBase,
            Feature::RotaryFraction,
            Feature::UnigramEntropy,
            Feature::UncentredNorm,
            Feature::Relu,
            Feature::Gated,
            Feature::LearnedPositions,
            Feature::Alibi,
            Feature::Gate,
        ];
        let constant = constant.len() + Feature::RECIPE.len();
        assert_eq!(kept.sum::<usize>(), Feature::all().count() - constant);
    }

    /// A ladder in which everything grows together has one architecture feature.
    #[test]
    fn what_varies_together_is_one() {
        let ladder = [
            (2, 64, 1, 256),
            (4, 128, 2, 512),
            (6, 256, 4, 1024),
            (6, 256, 4, 1024),
        ];
        assert_eq!(
            names(&table(&ladder)),
            ["depth", "layers + width + heads + mlp"]
        );
    }

    #[test]
    fn an_opposite_order_is_together_and_a_tie_on_one_side_is_not() {
        let together = [(2, 64, 4, 256), (3, 128, 2, 512), (4, 256, 1, 1024)];
        let features = [Feature::Width, Feature::Heads];
        assert_eq!(table(&together).groups(&features).len(), 1);
        let apart = [(2, 64, 4, 256), (3, 128, 4, 512), (4, 256, 1, 1024)];
        assert_eq!(table(&apart).groups(&features).len(), 2);
    }
}
