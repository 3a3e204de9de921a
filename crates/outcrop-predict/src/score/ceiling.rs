use std::collections::BTreeMap;

use crate::transform::Transform;
use crate::{Table, Target};

/// Fewer layers that were measured under several seeds make no ceiling.
const FEWEST: usize = 5;

/// The highest Q2 that a prediction from the architecture can be expected to reach: 1 - scatter of seeds / variance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ceiling {
    /// The target.
    pub target: Target,
    /// 1 - s^2 / v, at least 0: s^2 is the variance between models of one architecture, pooled over layers, v that over
    /// all rows, both of the transformed target.
    pub q2: f64,
    /// Layers of architectures that several models identify.
    pub layers: usize,
}

impl Ceiling {
    /// None where too few layers were measured under several seeds, or all rows are alike.
    pub(super) fn of(table: &Table, target: Target) -> Option<Self> {
        let rows = table.rows_with(target);
        let natural: Vec<f64> = rows
            .iter()
            .filter_map(|i| table.row(*i).target(target))
            .collect();
        let transform = Transform::fit(target, &natural);
        let mut layers: BTreeMap<(usize, u32), Vec<f64>> = BTreeMap::new();
        for (row, value) in rows.iter().zip(&natural) {
            let place = (table.architecture(*row), table.row(*row).layer);
            layers
                .entry(place)
                .or_default()
                .push(transform.forward(*value));
        }
        let all: Vec<f64> = layers.values().flatten().copied().collect();
        layers.retain(|_, values| values.len() > 1);
        let freedom: usize = layers.values().map(|values| values.len() - 1).sum();
        let within = layers.values().map(|values| squares(values)).sum::<f64>() / freedom as f64;
        let total = squares(&all) / all.len() as f64;
        (layers.len() >= FEWEST && total > 0.0).then(|| Self {
            target,
            q2: (1.0 - within / total).max(0.0),
            layers: layers.len(),
        })
    }
}

/// Sum of squared deviations from the mean.
fn squares(values: &[f64]) -> f64 {
    let mean = crate::stats::mean(values);
    values.iter().map(|v| (v - mean).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use outcrop_arch::ArchSpec;
    use outcrop_core::{Fit, NamedArch};

    use super::*;

    /// Six architectures at 0, 2, 4, ..., 10, seeds 1 below and above; one without seeds in the middle.
    #[test]
    fn it_is_what_seeds_leave() {
        let mut archs = Vec::new();
        let mut fits = Vec::new();
        let mut add = |model: String, d_model: usize, ln: f64| {
            archs.push(NamedArch {
                model: model.clone(),
                arch: ArchSpec::new(1, d_model, 4),
            });
            fits.push(Fit {
                model,
                layer: 1,
                hypothesis: "emergence".into(),
                quantities: [("f_last", ln.exp())].into(),
                ..Fit::default()
            });
        };
        for i in 0..6u32 {
            for off in [-1.0, 1.0] {
                add(
                    format!("{i} {off}"),
                    32 * (i as usize + 1),
                    2.0 * f64::from(i) + off,
                );
            }
        }
        add("alone".into(), 256, 5.0);
        let table = Table::new(&archs, &fits).unwrap();
        let found = Ceiling::of(&table, Target::LnFLast).unwrap();
        // squares within are 2 for each of 6; all squares are 2 (25 + 9 + 1) 2 + 12, over 13 rows
        let expected = 1.0 - 2.0 / (152.0 / 13.0);
        assert!((found.q2 - expected).abs() < 1e-12, "{found:?}");
        assert_eq!(found.layers, 6);
        assert_eq!(Ceiling::of(&table, Target::K), None);
        let few = Table::new(&archs[..8], &fits[..8]).unwrap();
        assert_eq!(Ceiling::of(&few, Target::LnFLast), None);
    }
}
