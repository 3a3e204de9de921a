mod count;
mod groups;
mod join;
mod points;
mod recipes;
mod weights;

use outcrop_arch::ArchSpec;
use outcrop_core::{Fit, NamedArch};

use crate::{Error, Feature, Recipe, Result, Target};

pub use count::{MissingLayers, ModelShare, NotIdentified};
pub use groups::FeatureGroup;
pub use join::TableSource;
pub(crate) use weights::weights;

/// Smallest number of models of a table, and of a target: one is left out, and one alone would
/// leave no architecture to compare.
pub(crate) const MIN_MODELS: usize = 3;

/// A training table: one row for each (model, layer) with a fit of hypothesis `emergence`.
///
/// Models whose [`ArchSpec`]s are equal (one architecture under several seeds) are one
/// *architecture*, see [`Table::architectures`]: what is chosen inside a training set is chosen
/// with whole architectures left out, as a seed beside it would give the others away.
///
/// Rows *weigh* by how sure their fits are: w = 1 / (s^2 + tau^2), mean 1. For each target s is the
/// standard error that the interval of the fit implies (of level 0.9, the fitter's default), in the
/// unit in which the target is regressed, and tau^2 the variance between rows (DerSimonian and
/// Laird 1986), at least the median of s^2, so that no row weighs more than twice the median row.
/// Rows without an interval weigh as the median row; where no row has one, all weigh the same.
///
/// Three models are enough to make a table. With three, a regressor is trained on two at a time:
/// scores and bands then say little, and only a difference that shows in every layer can be
/// trusted.
#[derive(Clone, Debug)]
pub struct Table {
    models: Vec<NamedArch>,
    /// Index of the architecture of each model.
    architectures: Vec<usize>,
    /// How each model was trained, where that is known.
    recipes: Vec<Option<Recipe>>,
    rows: Vec<Row>,
    missing: Vec<MissingLayers>,
    not_identified: Vec<NotIdentified>,
    duplicates: usize,
}

/// One (model, layer).
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Index of the model in [`Table::models`].
    pub(crate) model: usize,
    /// Layer, from 1.
    pub(crate) layer: u32,
    /// In the order of [`Feature::all`].
    pub(crate) features: Vec<f64>,
    /// In the order of [`Target::ALL`]; none where not identified.
    targets: [Option<f64>; Target::ALL.len()],
    /// Their intervals; none where the fit has none.
    intervals: [Option<[f64; 2]>; Target::ALL.len()],
    /// Measured (step, ln ratio), steps ascending; empty where no trajectory is given.
    pub(crate) points: Vec<[f64; 2]>,
}

impl Row {
    fn new(model: usize, layer: u32, arch: &ArchSpec, fit: &Fit) -> Self {
        Self {
            model,
            layer,
            features: features(arch, None, layer),
            targets: Target::ALL.map(|t| t.of(fit)),
            intervals: Target::ALL.map(|t| t.interval(fit)),
            points: Vec::new(),
        }
    }

    /// The value of `target`, where it is identified.
    pub(crate) fn target(&self, target: Target) -> Option<f64> {
        self.targets[target as usize]
    }

    /// The interval of `target`, where the fit has one; open ends are infinite.
    pub(crate) fn interval(&self, target: Target) -> Option<[f64; 2]> {
        self.intervals[target as usize]
    }
}

/// The features of one layer, in the order of [`Feature::all`].
pub(crate) fn features(arch: &ArchSpec, recipe: Option<&Recipe>, layer: u32) -> Vec<f64> {
    let values = Feature::all().map(|f| f.of_run(arch, recipe, layer));
    values.collect()
}

impl Table {
    /// Joins fits with the architectures of their models.
    ///
    /// Fits of other hypotheses are skipped. Of several `emergence` fits of one (model, layer)
    /// the one with the lowest AICc stands, the first of equals. A fit without one identified
    /// target makes no row, an architecture without fits no model; [`Table::left_out`] and
    /// [`Table::missing_layers`] count both.
    ///
    /// ```
    /// use outcrop_arch::ArchSpec;
    /// use outcrop_core::{Fit, NamedArch};
    /// use outcrop_predict::Table;
    ///
    /// let archs = ["14m", "70m", "160m"].map(|size| NamedArch {
    ///     model: size.into(),
    ///     arch: ArchSpec::pythia(size).unwrap(),
    /// });
    /// let fits = ["14m", "70m", "160m"].map(|size| Fit {
    ///     model: size.into(),
    ///     layer: 2,
    ///     hypothesis: "emergence".into(),
    ///     quantities: [("f_last", 120.0)].into(),
    ///     ..Fit::default()
    /// });
    /// let table = Table::new(&archs, &fits)?;
    /// assert_eq!((table.models().len(), table.rows()), (3, 3));
    /// assert_eq!(table.missing_layers()[2].fitted, 1); // of the 12 layers of 160m
    /// assert!(Table::new(&archs[..2], &fits).unwrap_err().to_string().contains("`160m`"));
    /// # Ok::<(), outcrop_predict::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DuplicateModel`], [`Error::Architecture`] and [`Error::UnknownModel`] name the
    /// model, [`Error::Layer`] the layer; [`Error::NoRows`]; [`Error::TooFewModels`] below three.
    pub fn new(archs: &[NamedArch], fits: &[Fit]) -> Result<Self> {
        Self::assemble(join::join(&[("", archs, fits)])?)
    }

    fn assemble(joined: join::Joined<'_>) -> Result<Self> {
        let row = |&(model, fit): &(usize, &Fit)| {
            Row::new(model, fit.layer, &joined.archs[model].arch, fit)
        };
        let mut rows: Vec<Row> = joined.fits.iter().map(row).collect();
        rows.retain(|row| row.targets.iter().any(Option::is_some));
        if rows.is_empty() {
            return Err(Error::NoRows { fits: joined.given });
        }
        let missing = count::missing_layers(&joined.archs, &rows);
        let models = keep_used(&joined.archs, &mut rows);
        if models.len() < MIN_MODELS {
            return Err(Error::TooFewModels {
                found: models.len(),
                needed: MIN_MODELS,
            });
        }
        Ok(Self {
            architectures: distinct(&models),
            recipes: vec![None; models.len()],
            models,
            rows,
            missing,
            not_identified: count::not_identified(joined.fits.iter().map(|(_, fit)| *fit)),
            duplicates: joined.duplicates,
        })
    }

    /// The models that have a row, in the order of the architectures given.
    pub fn models(&self) -> &[NamedArch] {
        &self.models
    }

    /// For each of [`Table::models`] the index of its architecture, counted from 0 in the order of
    /// first appearance; models of equal architecture (seeds) share one.
    pub fn architectures(&self) -> &[usize] {
        &self.architectures
    }

    /// Index of the architecture of a row.
    pub(crate) fn architecture(&self, row: usize) -> usize {
        self.architectures[self.rows[row].model]
    }

    /// Number of rows, one for each (model, layer).
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Number of rows in which `target` is identified, and of models that they come from.
    pub fn identified(&self, target: Target) -> (usize, usize) {
        let rows = self.rows_with(target);
        (rows.len(), self.count_models(&rows))
    }

    pub(crate) fn row(&self, index: usize) -> &Row {
        &self.rows[index]
    }

    pub(crate) fn all_rows(&self) -> &[Row] {
        &self.rows
    }

    /// Indices of the rows in which `target` is identified.
    pub(crate) fn rows_with(&self, target: Target) -> Vec<usize> {
        let identified = |i: &usize| self.rows[*i].target(target).is_some();
        (0..self.rows.len()).filter(identified).collect()
    }

    /// Number of models that `rows` come from.
    pub(crate) fn count_models(&self, rows: &[usize]) -> usize {
        let has = |m: &usize| rows.iter().any(|i| self.rows[*i].model == *m);
        (0..self.models.len()).filter(has).count()
    }
}

/// For each model the index of its architecture, in the order of first appearance.
fn distinct(models: &[NamedArch]) -> Vec<usize> {
    let mut known: Vec<&ArchSpec> = Vec::new();
    let mut indices = Vec::new();
    for named in models {
        let index = known.iter().position(|a| **a == named.arch);
        indices.push(index.unwrap_or(known.len()));
        if index.is_none() {
            known.push(&named.arch);
        }
    }
    indices
}

/// The architectures that `rows` mention; renumbers the rows to match.
fn keep_used(archs: &[NamedArch], rows: &mut [Row]) -> Vec<NamedArch> {
    let mut used: Vec<usize> = rows.iter().map(|r| r.model).collect();
    used.dedup(); // rows are ordered by model
    for row in rows {
        row.model = used.partition_point(|m| *m < row.model);
    }
    used.into_iter().map(|m| archs[m].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archs() -> Vec<NamedArch> {
        ["a", "b", "c", "unused"]
            .iter()
            .map(|name| NamedArch {
                model: (*name).into(),
                arch: ArchSpec::new(2, 64, 4),
            })
            .collect()
    }

    fn fit(model: &str, layer: u32, f_last: f64) -> Fit {
        Fit {
            model: model.into(),
            layer,
            hypothesis: "emergence".into(),
            quantities: [("f_last", f_last)].into(),
            ..Fit::default()
        }
    }

    fn message(archs: &[NamedArch], fits: &[Fit]) -> String {
        Table::new(archs, fits).unwrap_err().to_string()
    }

    #[test]
    fn bad_input_is_named() {
        let good = [fit("a", 1, 5.0), fit("b", 1, 5.0), fit("c", 1, 5.0)];
        assert!(Table::new(&archs(), &good).is_ok());
        assert!(message(&archs(), &good[..2]).contains("fits of 2 models"));
        assert!(message(&archs(), &[]).contains("none of the 0 fits"));
        let unknown = [good.to_vec(), vec![fit("unusde", 2, 5.0)]].concat();
        let said = message(&archs(), &unknown);
        assert!(
            said.contains("`unusde`") && said.contains("did you mean `unused`"),
            "{said}"
        );
        let deep = [good.to_vec(), vec![fit("a", 3, 5.0)]].concat();
        assert!(message(&archs(), &deep).contains("layer 3"));
        let zero = [good.to_vec(), vec![fit("a", 0, 5.0)]].concat();
        assert!(message(&archs(), &zero).contains("layer 0"));
        let twice = [archs(), archs()].concat();
        assert!(message(&twice, &good).contains("`a` is listed twice"));
        let mut broken = archs();
        broken[1].arch.heads = 5;
        assert!(message(&broken, &good).contains("`b`"));
        let other = good.clone().map(|f| Fit {
            hypothesis: "first-order step".into(),
            ..f
        });
        assert!(message(&archs(), &other).contains("none of the 3 fits"));
    }

    #[test]
    fn seeds_of_one_architecture_are_one() {
        let mut archs = archs();
        archs[1].arch.layers = 3;
        let fits = ["a", "b", "c", "unused"].map(|m| fit(m, 1, 5.0));
        let table = Table::new(&archs, &fits).unwrap();
        assert_eq!(table.architectures(), [0, 1, 0, 0]);
    }

    #[test]
    fn the_lowest_aicc_stands_and_the_empty_is_left_out() {
        let worse = Fit {
            aicc: Some(9.0),
            ..fit("a", 1, 1.0)
        };
        let better = Fit {
            aicc: Some(3.0),
            ..fit("a", 1, 2.0)
        };
        let empty = fit("b", 2, -1.0);
        let fits = [
            worse,
            better,
            empty,
            fit("b", 1, 4.0),
            fit("unused", 1, 4.0),
        ];
        let table = Table::new(&archs(), &fits).unwrap();
        let names: Vec<&str> = table.models().iter().map(|m| m.model.as_str()).collect();
        assert_eq!(names, ["a", "b", "unused"]);
        assert_eq!(table.rows(), 3);
        assert_eq!(table.row(0).target(Target::LnFLast), Some(2f64.ln()));
        assert_eq!(table.row(2).model, 2);
        assert_eq!(table.identified(Target::LnFLast), (3, 3));
        assert_eq!(table.identified(Target::K), (0, 0));
    }
}
