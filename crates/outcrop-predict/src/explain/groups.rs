//! Which features can be told apart in a table.

use std::collections::HashMap;

use crate::Feature;
use crate::feature::Group;

/// Features that always vary together in a table: they share one value, since no explanation can divide their effect
/// between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Together {
    /// In the order in which they were chosen; at least one.
    pub features: Vec<Feature>,
}

impl Together {
    /// The names of the features, joined by ` + `.
    pub fn name(&self) -> String {
        let names: Vec<&str> = self.features.iter().map(|f| f.name()).collect();
        names.join(" + ")
    }

    /// Whether every feature is one of relative depth alone, the same in every architecture.
    pub(super) fn is_depth(&self) -> bool {
        self.features.iter().all(|f| f.group() == Group::Depth)
    }
}

/// The groups of `columns`, each a feature with its values in the rows of a table. A column without
/// variation is in no group. Two are in one group where each value of one goes with one value of the
/// other, and so are all functions of relative depth: a column of the spline that is flat over a part
/// of it is no less a part of one curve.
pub(super) fn varying_together(columns: &[(Feature, Vec<f64>)]) -> Vec<Together> {
    let mut groups: Vec<(Vec<usize>, Together)> = Vec::new();
    for (feature, values) in columns {
        let pattern = pattern(values);
        if pattern.iter().all(|p| *p == 0) {
            continue;
        }
        let depth = feature.group() == Group::Depth;
        let same = |(known, group): &&mut (Vec<usize>, Together)| {
            *known == pattern || (depth && group.is_depth())
        };
        match groups.iter_mut().find(same) {
            Some((_, group)) => group.features.push(*feature),
            None => groups.push((
                pattern,
                Together {
                    features: vec![*feature],
                },
            )),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Each value replaced by the number of different ones before its first appearance: equal for
/// columns that are functions of each other.
fn pattern(values: &[f64]) -> Vec<usize> {
    let mut seen = HashMap::new();
    let number = |v: &f64| {
        let next = seen.len();
        *seen.entry((v + 0.0).to_bits()).or_insert(next) // -0 is 0
    };
    values.iter().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_of_each_other_are_one_group_and_constants_none() {
        let width = vec![64.0, 64.0, 128.0, 256.0];
        let columns = [
            (Feature::Layers, vec![2.0; 4]),
            (
                Feature::LnWidth,
                width.iter().map(|w: &f64| w.ln()).collect(),
            ),
            (Feature::RelativeDepth, vec![0.5, 1.0, 1.0, 1.0]),
            (Feature::Width, width.clone()),
            (Feature::Heads, vec![1.0, 1.0, 1.0, 2.0]), // a function of width, not the reverse
            (Feature::MlpWidth, width.iter().map(|w| 4.0 * w).collect()),
        ];
        let names: Vec<String> = varying_together(&columns)
            .iter()
            .map(Together::name)
            .collect();
        assert_eq!(names, ["ln d + d + d_ff", "l/L", "H"]);
    }

    /// The first curved column is 0 up to its first knot, 0.05.
    #[test]
    fn a_curve_of_depth_is_one_group_where_its_columns_are_flat_too() {
        let columns = [
            (Feature::RelativeDepth, vec![0.02, 0.04, 0.5, 1.0]),
            (Feature::DepthSpline1, vec![0.0, 0.0, 0.1, 0.5]),
            (Feature::Width, vec![64.0, 64.0, 64.0, 128.0]),
        ];
        let groups = varying_together(&columns);
        assert_eq!(groups[0].name(), "l/L + s1(l/L)");
        assert!(groups[0].is_depth() && !groups[1].is_depth());
        assert_eq!(groups.len(), 2);
    }
}
