use std::collections::BTreeMap;

use super::metrics::{Outcome, balanced_error};
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
    /// The same of [`Score::gain`](outcrop_core::Score::gain), where every architecture counts the same: 1 - s^2 / e, at least
    /// 0: s^2 is the mean over architectures that several models identify of the variance between these, e the error of the
    /// depth profile.
    pub gain: f64,
    /// Layers of architectures that several models identify.
    pub layers: usize,
}

impl Ceiling {
    /// None where too few layers were measured under several seeds, or all rows are alike. `depth` is what the depth profile
    /// predicts of architectures left out.
    pub(super) fn of(table: &Table, target: Target, depth: &[Outcome]) -> Option<Self> {
        let mut layers = layers(table, target);
        let all: Vec<f64> = layers.values().flatten().copied().collect();
        layers.retain(|_, values| values.len() > 1);
        let freedom: usize = layers.values().map(|values| values.len() - 1).sum();
        let within = layers.values().map(|values| squares(values)).sum::<f64>() / freedom as f64;
        let total = squares(&all) / all.len() as f64;
        let share = |scatter: f64, error: f64| (1.0 - scatter / error).max(0.0);
        let enough = layers.len() >= FEWEST && total > 0.0;
        enough.then(|| Self {
            target,
            q2: share(within, total),
            gain: share(scatter(&layers), balanced_error(depth)),
            layers: layers.len(),
        })
    }
}

/// Transformed values of each layer of each architecture, by both.
type Layers = BTreeMap<(usize, u32), Vec<f64>>;

fn layers(table: &Table, target: Target) -> Layers {
    let rows = table.rows_with(target);
    let natural = rows.iter().filter_map(|i| table.row(*i).target(target));
    let natural: Vec<f64> = natural.collect();
    let transform = Transform::fit(target, &natural);
    let mut layers = Layers::new();
    for (row, value) in rows.iter().zip(&natural) {
        let place = (table.architecture(*row), table.row(*row).layer);
        let values = layers.entry(place).or_default();
        values.push(transform.forward(*value));
    }
    layers
}

/// Mean over architectures of the mean variance between models over their rows.
fn scatter(layers: &Layers) -> f64 {
    let mut architectures: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for ((architecture, _), values) in layers {
        let (sum, rows) = architectures.entry(*architecture).or_default();
        let models = values.len() as f64;
        *sum += models * squares(values) / (models - 1.0);
        *rows += models;
    }
    let means = architectures.values().map(|(sum, rows)| sum / rows);
    means.sum::<f64>() / architectures.len() as f64
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
        // every architecture is missed by 5
        let miss = |architecture| Outcome {
            row: 0,
            architecture,
            transformed: [0.0, 5.0],
            natural: [0.0, 5.0],
            training_mean: 0.0,
        };
        let depth: Vec<Outcome> = (0..7).map(miss).collect();
        let found = Ceiling::of(&table, Target::LnFLast, &depth).unwrap();
        // squares within are 2 for each of 6; all squares are 2 (25 + 9 + 1) 2 + 12, over 13 rows
        let expected = 1.0 - 2.0 / (152.0 / 13.0);
        assert!((found.q2 - expected).abs() < 1e-12, "{found:?}");
        assert_eq!(found.layers, 6);
        // two models 2 apart have a variance of 2
        assert!((found.gain - (1.0 - 2.0 / 25.0)).abs() < 1e-12, "{found:?}");
        assert_eq!(Ceiling::of(&table, Target::K, &depth), None);
        let few = Table::new(&archs[..8], &fits[..8]).unwrap();
        assert_eq!(Ceiling::of(&few, Target::LnFLast, &depth), None);
    }
}
