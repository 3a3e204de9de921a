use outcrop_arch::ArchSpec;
use serde::{Deserialize, Serialize};

use crate::bands::{MIN_ARCHITECTURES, largest_level};
use crate::calibration::{Calibration, Place, SummaryCoverage};
use crate::measured::{Coverage, Drawn, MeasuredCurves};
use crate::origin::{Notes, Origin, checked};
use crate::predicted::{Predicted, PredictedLayer};
use crate::table::{MIN_MODELS, features};
use crate::trained::Trained;
use crate::{Error, Feature, PredictOptions, Recipe, Regressor, Result, Table, Target};

/// The level of bands where none is asked for, or the largest that the architectures support.
const LEVEL: f64 = 0.9;

/// One regressor trained on all rows of a table, for architectures that are not trained.
///
/// How far to trust it is what [`evaluate`](crate::evaluate) says about the same regressor under
/// `leave one model out`, and only for architectures within the range of training.
#[derive(Serialize, Deserialize)]
pub struct Predictor {
    regressor: Regressor,
    targets: Vec<(Target, Trained)>,
    origin: Origin,
    calibration: Calibration,
    curves: Option<MeasuredCurves>,
    /// What bands of the default level hold: kept, as finding it takes longer than reading the rest.
    coverage: Option<Vec<Coverage>>,
}

impl Predictor {
    /// Trains `regressor` on every target that is identified in at least three models, with the
    /// features and the seed of `options`, and predicts every architecture of the table from the
    /// others for the bands.
    ///
    /// # Errors
    /// [`Error::Option`], [`Error::NoTarget`], [`Error::Regressor`], and those of [`Table::sha256`].
    pub fn train(table: &Table, regressor: Regressor, options: &PredictOptions) -> Result<Self> {
        options.check()?;
        let enough = |t: &Target| table.identified(*t).1 >= MIN_MODELS;
        let targets: Vec<Target> = Target::ALL.into_iter().filter(enough).collect();
        if targets.is_empty() {
            return Err(Error::NoTarget { needed: MIN_MODELS });
        }
        let train = |target: &Target| {
            let rows = table.rows_with(*target);
            Trained::fit(table, &rows, *target, regressor, options).map(|t| (*target, t))
        };
        let (curves, left_out) = MeasuredCurves::train(table, regressor, options)?.unzip();
        let ends = curves.as_ref().map(MeasuredCurves::ends);
        let (ends, left_out) = (ends.unwrap_or_default(), left_out.unwrap_or_default());
        let measured = (&ends[..], &left_out[..]);
        let mut predictor = Self {
            regressor,
            targets: targets.iter().map(train).collect::<Result<_>>()?,
            origin: Origin::new(table)?,
            calibration: Calibration::new(table, &targets, regressor, options, measured)?,
            curves,
            coverage: None,
        };
        let level = predictor.default_level();
        predictor.coverage = level.and_then(|level| predictor.coverage(level));
        Ok(predictor)
    }

    /// The same, trained on the day `date`, as `YYYY-MM-DD`: nothing here reads a clock.
    ///
    /// # Errors
    /// [`Error::Option`] where it is no such day.
    pub fn dated(mut self, date: &str) -> Result<Self> {
        self.origin.date = Some(checked(date)?);
        Ok(self)
    }

    /// The same with notes of the caller on the models and the table.
    pub fn with_notes(mut self, notes: Notes) -> Self {
        self.origin.notes = notes;
        self
    }

    /// Its training data: SHA-256, date, models, rows and ranges.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The regressor that was trained.
    pub fn regressor(&self) -> Regressor {
        self.regressor
    }

    /// The targets that it predicts.
    pub fn targets(&self) -> impl Iterator<Item = Target> + '_ {
        self.targets.iter().map(|(target, _)| *target)
    }

    /// The features that the prediction of `target` rests on: those that it looks at and that varied in
    /// training.
    pub fn seen(&self, target: Target) -> Vec<Feature> {
        let found = self.targets.iter().find(|(t, _)| *t == target);
        found.map_or_else(Vec::new, |(_, trained)| trained.features())
    }

    /// The largest level of a band: m/(m + 1) of m different architectures, as each of them says one
    /// thing about a new one. None below four, where there are no bands.
    pub fn largest_level(&self) -> Option<f64> {
        let architectures = self.calibration.architectures();
        (architectures >= MIN_ARCHITECTURES).then(|| largest_level(architectures))
    }

    /// The level of bands where none is asked for: 0.9, or the largest if that is less.
    pub fn default_level(&self) -> Option<f64> {
        self.largest_level().map(|largest| largest.min(LEVEL))
    }

    /// How many measured ratios of architectures left out a band of `level` around their curves holds,
    /// for step 0 and each power of ten. None where there are too few measured ratios for it.
    pub fn coverage(&self, level: f64) -> Option<Vec<Coverage>> {
        match self
            .coverage
            .as_ref()
            .filter(|_| Some(level) == self.default_level())
        {
            Some(known) => Some(known.clone()),
            None => self.curves.as_ref()?.coverage(level),
        }
    }

    /// How many values of each target, of architectures left out, a band of `level` holds, for each length of training runs. Targets
    /// that were identified in too few architectures for `level` are not in it.
    pub fn summary_coverage(&self, level: f64) -> Vec<SummaryCoverage> {
        self.calibration.coverage(level)
    }

    /// The last step to which curves go that are learned from measured ratios.
    pub fn last_step(&self) -> Option<f64> {
        self.curves.as_ref().map(MeasuredCurves::last_step)
    }

    /// Predicts every layer of `arch`, under the name `model`, without bands; trained by the recipe that was most frequent in
    /// training, where the training models had one.
    ///
    /// # Errors
    /// [`Error::Architecture`] where a field is out of its range, [`Error::Regressor`].
    pub fn predict(&self, model: &str, arch: &ArchSpec) -> Result<Predicted> {
        self.predict_run(model, arch, None, None)
    }

    /// Predicts every layer of `arch`, under the name `model`, with bands that hold the truth of a
    /// new architecture with probability `level` at least, if it is drawn as those of the table
    /// were: the truth of a layer taken at random, target by target and, for curves, the measured ratio step
    /// by step.
    ///
    /// A target that is identified in too few architectures for `level` has no band.
    ///
    /// # Errors
    /// [`Error::Level`] where no target supports it, [`Error::TooFewForBands`] below four
    /// architectures; those of [`Predictor::predict`].
    pub fn predict_with_bands(
        &self,
        model: &str,
        arch: &ArchSpec,
        level: f64,
    ) -> Result<Predicted> {
        self.predict_run(model, arch, None, Some(level))
    }

    /// Predicts every layer of `arch`, trained by `recipe`, under the name `model`, with bands of `level` if one is given. Without
    /// a recipe, the most frequent one of training counts; where training models had none, none matters.
    ///
    /// # Errors
    /// Those of [`Predictor::predict_with_bands`].
    pub fn predict_run(
        &self,
        model: &str,
        arch: &ArchSpec,
        recipe: Option<&Recipe>,
        level: Option<f64>,
    ) -> Result<Predicted> {
        level.map_or(Ok(()), |level| self.calibration.check(level))?;
        let known = !self.origin.recipes.is_empty();
        let recipe = recipe.filter(|_| known).or(self.origin.usual_recipe());
        arch.check().map_err(|source| Error::Architecture {
            model: model.into(),
            source: Box::new(source.into()),
        })?;
        let half_width = |t: Target| self.calibration.half_width(t, level?);
        let widths: Vec<Option<f64>> = self.targets().map(half_width).collect();
        let layers = 1..=arch.layers as u32;
        let features = layers.map(|layer| features(arch, recipe, layer));
        let features: Vec<Vec<f64>> = features.collect();
        let drawn = self.curves.as_ref();
        let drawn = drawn.map(|curves| curves.draw(&features, recipe, level));
        let layers = features.iter().enumerate();
        let layers = layers.map(|(place, features)| {
            let asked = Asked {
                features,
                place,
                drawn: drawn.as_ref(),
                length: recipe.map(|recipe| recipe.steps as f64),
            };
            self.layer(&asked, &widths)
        });
        Ok(Predicted {
            model: model.into(),
            regressor: self.regressor,
            layers: layers.collect::<Result<Vec<_>>>()?,
            outside: self.origin.outside(arch, recipe),
            level,
            drawn: drawn.filter(|drawn| drawn.steps.len() > 1),
        })
    }

    fn layer(&self, asked: &Asked<'_>, widths: &[Option<f64>]) -> Result<PredictedLayer> {
        let mut predicted = PredictedLayer {
            layer: asked.place as u32 + 1,
            values: Vec::with_capacity(self.targets.len()),
            bands: Vec::new(),
        };
        for ((target, trained), width) in self.targets.iter().zip(widths) {
            let read = self.calibration.reads_curves();
            let read = asked.drawn.filter(|_| read);
            let read = read.and_then(|drawn| target.of_curve(&drawn.layers[asked.place]));
            let raw = match read {
                Some(value) => value,
                None => trained.predict_transformed(asked.features)?,
            };
            let [shift, unit] = self.calibration.correction(*target, &asked.run());
            let z = raw + shift;
            let natural = |z: f64| trained.transform().backward(z);
            predicted.values.push((*target, natural(z)));
            if let Some(width) = width {
                let half = width * unit;
                let band = [z - half, z + half].map(natural);
                predicted.bands.push((*target, band));
            }
        }
        Ok(predicted)
    }
}

/// A layer of a run.
struct Asked<'a> {
    features: &'a [f64],
    /// Its place, from 0.
    place: usize,
    drawn: Option<&'a Drawn>,
    /// Updates, where they are known.
    length: Option<f64>,
}

impl Asked<'_> {
    fn run(&self) -> Place<'_> {
        let units = self.drawn.map(|drawn| &*drawn.units[self.place]);
        let last = self.drawn.and_then(|drawn| drawn.steps.last().copied());
        Place {
            length: self.length.or(last).unwrap_or(0.0),
            units: units.unwrap_or_default(),
        }
    }
}
