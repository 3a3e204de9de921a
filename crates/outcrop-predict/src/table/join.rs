use std::collections::BTreeMap;

use outcrop_core::{Fit, NamedArch, Quantities, Trajectory, nearest};

use super::Table;
use crate::{Error, Recipe, Result};

/// The hypothesis whose fits are learned from.
const HYPOTHESIS: &str = "emergence";

/// Architectures and fits of one origin: a run directory, an import, a pair of CSV files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableSource {
    /// What errors call it, such as its folder.
    pub name: String,
    /// Its models.
    pub archs: Vec<NamedArch>,
    /// Fits of their layers.
    pub fits: Vec<Fit>,
    /// Measurements of their layers, if known.
    pub trajectories: Vec<Trajectory>,
    /// How models were trained, if known: (model, recipe), see [`Table::with_recipes`].
    pub recipes: Vec<(String, Recipe)>,
}

impl TableSource {
    /// The same with `name/` before the name of every model, so that models of one name from
    /// several sources stay apart.
    #[must_use]
    pub fn qualified(mut self) -> Self {
        let prefix = format!("{}/", self.name);
        self.archs
            .iter_mut()
            .for_each(|a| a.model.insert_str(0, &prefix));
        self.fits
            .iter_mut()
            .for_each(|f| f.model.insert_str(0, &prefix));
        self.trajectories
            .iter_mut()
            .for_each(|t| t.model.insert_str(0, &prefix));
        self.recipes
            .iter_mut()
            .for_each(|(model, _)| model.insert_str(0, &prefix));
        self
    }
}

impl Table {
    /// One table from any number of sources.
    ///
    /// Fits may be of models whose architecture is in another source. A model of one name and one
    /// architecture in several sources is one model: a fit that stands in two of them, equal in
    /// every column, counts once ([`Table::duplicates`]), and two that differ are refused.
    /// [`TableSource::qualified`] keeps models of one name apart. Otherwise as [`Table::new`].
    ///
    /// ```
    /// use outcrop_arch::ArchSpec;
    /// use outcrop_core::{Fit, NamedArch};
    /// use outcrop_predict::{TableSource, Table};
    ///
    /// let source = |name: &str, f_last: f64| TableSource {
    ///     name: name.into(),
    ///     archs: ["a", "b"].map(|m| NamedArch { model: m.into(), arch: ArchSpec::new(1, 64, 4) }).into(),
    ///     fits: ["a", "b"].map(|m| Fit {
    ///         model: m.into(),
    ///         layer: 1,
    ///         hypothesis: "emergence".into(),
    ///         quantities: [("f_last", f_last)].into(),
    ///         ..Fit::default()
    ///     }).into(),
    ///     ..TableSource::default()
    /// };
    /// let sources = [source("runs/one", 20.0), source("runs/two", 30.0)];
    /// let error = Table::from_sources(&sources).unwrap_err().to_string();
    /// assert!(error.contains("runs/two") && error.contains("`a`, layer 1"), "{error}");
    /// let table = Table::from_sources(&sources.map(TableSource::qualified))?;
    /// assert_eq!(table.models()[2].model, "runs/two/a");
    /// # Ok::<(), outcrop_predict::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::ModelClash`] where one name has two architectures, [`Error::FitClash`] where two
    /// sources fit one layer differently; those of [`Table::new`] and [`Table::with_trajectories`].
    pub fn from_sources(sources: &[TableSource]) -> Result<Self> {
        let parts: Vec<Part<'_>> = sources
            .iter()
            .map(|s| (s.name.as_str(), s.archs.as_slice(), s.fits.as_slice()))
            .collect();
        let table = Self::assemble(join(&parts)?)?;
        let named = |table: Self, source: &TableSource| table.with_recipes(&source.recipes);
        let table = sources.iter().fold(table, named);
        sources
            .iter()
            .try_fold(table, |table, s| table.with_trajectories(&s.trajectories))
    }

    /// Number of fits that stood in several sources, equal in every column, and were counted once.
    pub fn duplicates(&self) -> usize {
        self.duplicates
    }
}

/// Name, architectures and fits of one source.
type Part<'a> = (&'a str, &'a [NamedArch], &'a [Fit]);

/// The content of all sources.
pub(super) struct Joined<'a> {
    pub(super) archs: Vec<NamedArch>,
    /// The best fit of each (index of the model, layer), ordered by both.
    pub(super) fits: Vec<(usize, &'a Fit)>,
    /// Number of fits of all hypotheses.
    pub(super) given: usize,
    pub(super) duplicates: usize,
}

pub(super) fn join<'a>(parts: &[Part<'a>]) -> Result<Joined<'a>> {
    let archs = join_archs(parts)?;
    let mut rows: BTreeMap<(usize, u32), LayerFits<'a>> = BTreeMap::new();
    let mut duplicates = 0;
    for &(source, _, fits) in parts {
        for fit in fits.iter().filter(|f| f.hypothesis == HYPOTHESIS) {
            let key = (locate(&archs, fit)?, fit.layer);
            let place = rows.entry(key).or_insert_with(|| LayerFits {
                source,
                fits: Vec::new(),
            });
            if place.source == source {
                place.fits.push(fit);
            } else if place.fits.iter().any(|f| same(f, fit)) {
                duplicates += 1;
            } else {
                return Err(place.clash(fit, source));
            }
        }
    }
    let fits = rows
        .into_iter()
        .filter_map(|((model, _), place)| Some((model, place.best()?)));
    Ok(Joined {
        archs,
        fits: fits.collect(),
        given: parts.iter().map(|(_, _, fits)| fits.len()).sum(),
        duplicates,
    })
}

/// The fits of one layer, all of one source.
struct LayerFits<'a> {
    source: &'a str,
    fits: Vec<&'a Fit>,
}

impl<'a> LayerFits<'a> {
    /// The lowest AICc, the first of equals.
    fn best(&self) -> Option<&'a Fit> {
        let aicc = |fit: &Fit| fit.aicc.filter(|a| !a.is_nan()).unwrap_or(f64::INFINITY);
        let fits = self.fits.iter().copied();
        fits.min_by(|a, b| aicc(a).total_cmp(&aicc(b)))
    }

    fn clash(&self, fit: &Fit, source: &str) -> Error {
        Error::FitClash {
            model: fit.model.clone(),
            layer: fit.layer,
            hypothesis: fit.hypothesis.clone(),
            first: self.source.into(),
            second: source.into(),
        }
    }
}

/// Equal in every column, a NaN being equal to a NaN.
fn same(a: &Fit, b: &Fit) -> bool {
    let words = |fit: &Fit| {
        let mut quantities: Vec<_> = fit.quantities.iter().filter(|q| !q.is_empty()).collect();
        quantities.sort_by(|a, b| a.name.cmp(&b.name));
        let general = Fit {
            quantities: Quantities::default(),
            ..fit.clone()
        };
        format!("{general:?} {quantities:?}")
    };
    a == b || words(a) == words(b)
}

/// Index of the model of `fit`, which has this layer.
fn locate(archs: &[NamedArch], fit: &Fit) -> Result<usize> {
    let Some(model) = archs.iter().position(|a| a.model == fit.model) else {
        let known = archs.iter().map(|a| a.model.as_str());
        return Err(Error::UnknownModel {
            model: fit.model.clone(),
            layer: fit.layer,
            nearest: nearest(&fit.model, known).map(str::to_owned),
        });
    };
    let layers = archs[model].arch.layers;
    match fit.layer > 0 && fit.layer as usize <= layers {
        true => Ok(model),
        false => Err(Error::Layer {
            model: fit.model.clone(),
            layer: fit.layer,
            layers,
        }),
    }
}

fn join_archs(parts: &[Part<'_>]) -> Result<Vec<NamedArch>> {
    let mut joined: Vec<(&str, &NamedArch)> = Vec::new();
    for &(source, archs, _) in parts {
        check_archs(archs)?;
        for named in archs {
            match joined.iter().find(|(_, other)| other.model == named.model) {
                None => joined.push((source, named)),
                Some((_, other)) if other.arch == named.arch => {}
                Some((first, _)) => {
                    return Err(Error::ModelClash {
                        model: named.model.clone(),
                        first: (*first).into(),
                        second: source.into(),
                    });
                }
            }
        }
    }
    Ok(joined.into_iter().map(|(_, named)| named.clone()).collect())
}

fn check_archs(archs: &[NamedArch]) -> Result<()> {
    for (i, named) in archs.iter().enumerate() {
        if archs[..i].iter().any(|other| other.model == named.model) {
            let model = named.model.clone();
            return Err(Error::DuplicateModel { model });
        }
        named.arch.check().map_err(|source| Error::Architecture {
            model: named.model.clone(),
            source: Box::new(source.into()),
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use outcrop_arch::ArchSpec;

    fn source(name: &str, models: [&str; 2], f_last: f64) -> TableSource {
        let fit = |model: &str| Fit {
            model: model.into(),
            layer: 1,
            hypothesis: HYPOTHESIS.into(),
            aicc: Some(f64::NAN),
            quantities: [("f_last", f_last)].into(),
            ..Fit::default()
        };
        let arch = |model: &str| NamedArch {
            model: model.into(),
            arch: ArchSpec::new(2, 64, 4),
        };
        TableSource {
            name: name.into(),
            archs: models.map(arch).into(),
            fits: models.map(fit).into(),
            ..TableSource::default()
        }
    }

    #[test]
    fn equal_rows_count_once_and_different_ones_are_refused_by_name() {
        let first = source("one", ["a", "b"], 5.0);
        let again = source("two", ["b", "c"], 5.0);
        let table = Table::from_sources(&[first.clone(), again]).unwrap();
        assert_eq!(
            (table.rows(), table.models().len(), table.duplicates()),
            (3, 3, 1)
        );
        let other = source("two", ["b", "c"], 6.0);
        let said = Table::from_sources(&[first.clone(), other.clone()])
            .unwrap_err()
            .to_string();
        for word in ["`one`", "`two`", "`b`", "layer 1", "qualify"] {
            assert!(said.contains(word), "{said}");
        }
        let both = [first, other].map(TableSource::qualified);
        let table = Table::from_sources(&both).unwrap();
        assert_eq!((table.rows(), table.duplicates()), (4, 0));
        assert_eq!(table.models()[2].model, "two/b");
    }

    #[test]
    fn one_name_for_two_architectures_is_refused() {
        let mut other = source("two", ["b", "c"], 5.0);
        other.archs[0].arch.layers = 3;
        let sources = [source("one", ["a", "b"], 5.0), other];
        let said = Table::from_sources(&sources).unwrap_err().to_string();
        assert!(said.contains("`b`, of different architectures"), "{said}");
    }

    #[test]
    fn architectures_may_stand_in_another_source() {
        let [mut archs, mut fits] = [(); 2].map(|()| source("s", ["a", "b"], 5.0));
        archs.fits.clear();
        fits.archs.clear();
        fits.name = "fits".into();
        let sources = [archs, fits, source("t", ["c", "d"], 5.0)];
        assert_eq!(Table::from_sources(&sources).unwrap().rows(), 4);
    }
}
