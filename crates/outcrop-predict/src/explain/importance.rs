//! Permutation importance across architectures.

use outcrop_arch::ArchSpec;
use outcrop_core::Importance;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use super::{Explainer, Together};
use crate::random::below;
use crate::trained::Trained;
use crate::{Feature, Result};

/// What the row for all groups at once is called.
const EVERYTHING: &str = "the whole architecture";

/// One row of the table, as a regressor predicts it that saw no model of its architecture.
struct Held {
    /// Index of its architecture among the different ones.
    arch: usize,
    /// Index of its model in the table.
    model: usize,
    layer: u32,
    features: Vec<f64>,
    observed: f64,
}

impl Explainer<'_> {
    /// How much worse each group makes the prediction of architectures that were left out when it
    /// is exchanged between them: the permutation importance of Breiman (2001), but over
    /// architectures, not rows, and on rows that the regressor did not see.
    ///
    /// All models of one architecture are left out together, one architecture after the other. For
    /// each of `repeats` permutations every architecture takes the group's features of another one at
    /// the same relative depth l/L (which need not be a whole layer there). Relative depth itself is
    /// the same in all architectures; its layers are exchanged within each model instead. The last
    /// row exchanges everything but relative depth. An increase near 0, or below, says that the
    /// feature does not help with an architecture that was not trained on. The seed is that of the
    /// options.
    ///
    /// # Errors
    /// [`Error::Regressor`](crate::Error::Regressor); [`Error::Option`](crate::Error::Option) where
    /// `repeats` is not 1 to 10000.
    pub fn importance(&self, repeats: usize) -> Result<Vec<Importance>> {
        if !(1..=10_000).contains(&repeats) {
            return Err(crate::Error::Option {
                option: "repeats",
                value: repeats.to_string(),
                allowed: "1 to 10000",
            });
        }
        let archs = self.different_archs();
        let held = self.held(&archs);
        let trained = self.left_out(&archs, &held)?;
        let rmse = |features: &dyn Fn(&Held) -> Vec<f64>| rmse(&trained, &held, features);
        let plain = rmse(&|h| h.features.clone())?;
        let all = Together {
            features: self
                .groups
                .iter()
                .filter(|g| !g.is_depth())
                .flat_map(|g| g.features.clone())
                .collect(),
        };
        let named = self.groups.iter().map(|g| (g.name(), g));
        let named = named.chain([(EVERYTHING.to_owned(), &all)]);
        let named = named.filter(|(_, g)| !g.features.is_empty());
        named
            .map(|(group, features)| {
                let increase = |repeat| {
                    let mut rng = ChaCha8Rng::seed_from_u64(self.options.seed);
                    rng.set_stream(repeat as u64);
                    Ok(self.exchanged(features, &archs, &held, &mut rng, &trained)? - plain)
                };
                let increases = (0..repeats).map(increase).collect::<Result<Vec<f64>>>()?;
                let (mean, sd) = mean_and_sd(&increases);
                Ok(Importance {
                    target: self.target.name().into(),
                    regressor: self.regressor.name().into(),
                    group,
                    rmse: plain,
                    increase: mean,
                    sd,
                    repeats,
                })
            })
            .collect()
    }

    fn different_archs(&self) -> Vec<&ArchSpec> {
        let mut archs: Vec<&ArchSpec> = Vec::new();
        for named in self.table.models() {
            if !archs.contains(&&named.arch) {
                archs.push(&named.arch);
            }
        }
        archs
    }

    fn held(&self, archs: &[&ArchSpec]) -> Vec<Held> {
        let of = |i: usize| {
            let row = self.table.row(i);
            let arch = &self.table.models()[row.model].arch;
            Some(Held {
                arch: archs.iter().position(|a| *a == arch)?,
                model: row.model,
                layer: row.layer,
                features: row.features.clone(),
                observed: row.target(self.target)?,
            })
        };
        (0..self.table.rows()).filter_map(of).collect()
    }

    /// For each architecture, what was trained on the others.
    fn left_out(&self, archs: &[&ArchSpec], held: &[Held]) -> Result<Vec<Option<Trained>>> {
        let train = |(index, arch): (usize, &&ArchSpec)| {
            let other = |i: &usize| self.table.models()[self.table.row(*i).model].arch != **arch;
            let rows: Vec<usize> = (0..self.table.rows()).filter(other).collect();
            let needed = held.iter().any(|h| h.arch == index);
            needed.then(|| self.train_on(&rows)).transpose()
        };
        archs.iter().enumerate().map(train).collect()
    }

    /// The error with the features of `group` exchanged.
    fn exchanged(
        &self,
        group: &Together,
        archs: &[&ArchSpec],
        held: &[Held],
        rng: &mut ChaCha8Rng,
        trained: &[Option<Trained>],
    ) -> Result<f64> {
        if group.is_depth() {
            let source = shuffled_within_models(held, rng);
            let features =
                |h: &Held, other: &Held| set(&h.features, group, |f| other.features[f.index()]);
            let mixed: Vec<Vec<f64>> = held
                .iter()
                .zip(&source)
                .map(|(h, s)| features(h, &held[*s]))
                .collect();
            return rmse_of(trained, held, &mixed);
        }
        let source = permutation(archs.len(), rng);
        let of_other = |h: &Held| {
            let other = archs[source[h.arch]];
            let depth = f64::from(h.layer) / archs[h.arch].layers as f64;
            set(&h.features, group, |f| {
                f.at(other, depth * other.layers as f64)
            })
        };
        rmse(trained, held, &of_other)
    }
}

fn set(features: &[f64], group: &Together, value: impl Fn(Feature) -> f64) -> Vec<f64> {
    let mut features = features.to_vec();
    for feature in &group.features {
        features[feature.index()] = value(*feature);
    }
    features
}

fn rmse(
    trained: &[Option<Trained>],
    held: &[Held],
    features: &dyn Fn(&Held) -> Vec<f64>,
) -> Result<f64> {
    let all: Vec<Vec<f64>> = held.iter().map(features).collect();
    rmse_of(trained, held, &all)
}

fn rmse_of(trained: &[Option<Trained>], held: &[Held], features: &[Vec<f64>]) -> Result<f64> {
    let mut sum = 0.0;
    for (held, features) in held.iter().zip(features) {
        if let Some(trained) = &trained[held.arch] {
            sum += (trained.predict(features)? - held.observed).powi(2);
        }
    }
    Ok((sum / held.len().max(1) as f64).sqrt())
}

/// For each row, another row of its model.
fn shuffled_within_models(held: &[Held], rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut source: Vec<usize> = (0..held.len()).collect();
    let mut from = 0;
    for rows in held.chunk_by(|a, b| a.model == b.model) {
        for (i, drawn) in permutation(rows.len(), rng).into_iter().enumerate() {
            source[from + i] = from + drawn;
        }
        from += rows.len();
    }
    source
}

/// Fisher and Yates's shuffle of 0 to n - 1.
fn permutation(n: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    for last in (1..n).rev() {
        order.swap(last, below(rng, last + 1));
    }
    order
}

/// Standard deviation with n - 1 in the denominator; 0 of one value.
fn mean_and_sd(values: &[f64]) -> (f64, f64) {
    let mean = crate::stats::mean(values);
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (mean, (squares / (values.len() - 1).max(1) as f64).sqrt())
}
