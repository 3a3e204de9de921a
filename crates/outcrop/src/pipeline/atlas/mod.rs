//! The finished runs of a sweep as a small folder for others: an atlas.

mod entropy;
mod recipe;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use flate2::{Compression, write::GzEncoder};
use outcrop_core::table::{self, Row, TableLayout};
use outcrop_core::{
    Error as CoreError, Fit, NamedArch, Provenance, Ratio, Trajectory, write_atomic,
};
use outcrop_train::{Environment, RunSpec};
use serde::{Deserialize, Serialize};

use self::entropy::Entropies;
pub use self::recipe::Recipe;
use super::analysis::{fit_all, provenance};
use super::{Drawn, Manifest, Results};
use crate::{Error, Result};

/// The format that is written. Folders without `atlas.json` have format 1: they hold the measurements of every sequence
/// and no recipes.
pub const FORMAT: u32 = 2;
/// What is true of the atlas as a whole.
const ABOUT: &str = "atlas.json";
/// Significant digits of ratios.
const DIGITS: usize = 6;

/// The content of `atlas.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Atlas {
    /// As [`FORMAT`].
    pub format: u32,
    /// Name of the sweep.
    pub name: String,
    /// Its purpose.
    pub description: String,
    /// Runs that are in it.
    pub finished: usize,
    /// Runs of the sweep.
    pub runs: usize,
    /// Architectures of the runs that are in it.
    pub architectures: usize,
    /// Layers of these runs.
    pub layers: usize,
    /// How the runs were drawn.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub design: Option<Drawn>,
}

impl Atlas {
    /// What the folder says of itself; none of a folder without `atlas.json`.
    ///
    /// # Errors
    /// [`Error::Core`] for a file that cannot be read or a format that is newer than [`FORMAT`].
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(ABOUT);
        if !path.is_file() {
            return Ok(None);
        }
        let wrong =
            |reason: String| Error::from(CoreError::parse(path.display().to_string(), reason));
        let text = std::fs::read_to_string(&path).map_err(|e| CoreError::io("read", &path, e))?;
        let atlas: Self = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
        match atlas.format <= FORMAT {
            true => Ok(Some(atlas)),
            false => Err(wrong(format!(
                "its `format` is {}, and this version reads up to {FORMAT}; use a newer one",
                atlas.format
            ))),
        }
    }

    /// Writes the finished runs of a sweep into `folder`: `trajectories.csv.gz` (six significant digits), `fits.csv.gz`
    /// of exactly these numbers, `architectures.csv`, `recipes.csv`, `provenance.json` and `atlas.json`. `command` is
    /// what the provenance names. The same runs give the same bytes.
    ///
    /// # Errors
    /// [`Error::Nothing`] where no run is finished; [`Error::Core`] and [`Error::Train`] for what cannot be read or
    /// written, and for a corpus that is not the one that a run was trained on.
    pub fn write(
        manifest: &Manifest,
        results: &Results,
        environment: &Environment,
        folder: &Path,
        command: &str,
    ) -> Result<Self> {
        let found = Found::of(manifest, results, environment)?;
        let fits = fit_all(&found.trajectories).0;
        let mut provenance = provenance(&manifest.profile()?, &found.runs, results, environment)?;
        provenance.command = Some(command.to_owned());
        provenance.git_revision = None; // of the runs, not of what packs them
        provenance.notes = found.revisions;
        let atlas = Self {
            format: FORMAT,
            name: manifest.about.name.clone(),
            description: manifest.about.description.clone(),
            finished: found.runs.len(),
            runs: manifest.lines.len(),
            architectures: distinct(&found.archs),
            layers: found.trajectories.len(),
            design: manifest.about.design.clone(),
        };
        write_tables(
            folder,
            &found.archs,
            &found.recipes,
            &found.trajectories,
            &fits,
        )?;
        provenance.write(&folder.join("provenance.json"))?;
        let json = |e| CoreError::parse(ABOUT, e);
        let about = serde_json::to_string_pretty(&atlas).map_err(json)? + "\n";
        write_atomic(&folder.join(ABOUT), about.as_bytes())?;
        Ok(atlas)
    }
}

/// What the finished runs have.
struct Found {
    runs: Vec<RunSpec>,
    archs: Vec<NamedArch>,
    recipes: Vec<Recipe>,
    trajectories: Vec<Trajectory>,
    /// Which revision of the tool trained how many, in words.
    revisions: Vec<String>,
}

impl Found {
    fn of(manifest: &Manifest, results: &Results, environment: &Environment) -> Result<Self> {
        let mut runs = manifest.runs()?;
        let mut finished = Vec::new();
        for run in &runs {
            finished.push(results.run(&run.model).state()?.finished);
        }
        let mut finished = finished.into_iter();
        runs.retain(|_| finished.next() == Some(true));
        if runs.is_empty() {
            let path = results.path().display();
            return Err(Error::Nothing(format!(
                "write from {path}: no run is finished"
            )));
        }
        let (mut recipes, mut trajectories) = (Vec::new(), Vec::new());
        let (mut entropies, mut revisions) = (Entropies::default(), BTreeMap::new());
        for run in &runs {
            let dir = results.run(&run.model);
            let own = Provenance::read(&dir.path().join("provenance.json"))?;
            let corpus = own.corpus_sha256.unwrap_or_default();
            recipes.push(Recipe::of(run, entropies.of(run, &corpus, environment)?));
            *revisions.entry(own.git_revision).or_insert(0) += 1;
            let measurements = table::measurements(&dir.measurements())?.rows;
            trajectories.extend(Trajectory::from_measurements(
                &measurements,
                Ratio::default(),
            ));
        }
        trajectories.iter_mut().for_each(shorten);
        let named = |run: &RunSpec| NamedArch {
            model: run.model.clone(),
            arch: run.arch.clone(),
        };
        let words = |(revision, count): (Option<String>, usize)| {
            let revision = revision.unwrap_or_else(|| "an unknown revision".into());
            format!("{count} runs were trained by {revision}")
        };
        Ok(Self {
            archs: runs.iter().map(named).collect(),
            recipes,
            trajectories,
            revisions: revisions.into_iter().map(words).collect(),
            runs,
        })
    }
}

/// Rounds ratios and their errors to six significant digits.
fn shorten(trajectory: &mut Trajectory) {
    let round = |value: &mut f64| {
        let text = format!("{value:.*e}", DIGITS - 1);
        *value = text.parse().unwrap_or(*value);
    };
    trajectory.ratios.iter_mut().for_each(round);
    trajectory.sem.iter_mut().for_each(round);
}

fn distinct(archs: &[NamedArch]) -> usize {
    let first = |i: &usize| archs[..*i].iter().all(|other| other.arch != archs[*i].arch);
    (0..archs.len()).filter(first).count()
}

fn write_tables(
    folder: &Path,
    archs: &[NamedArch],
    recipes: &[Recipe],
    trajectories: &[Trajectory],
    fits: &[Fit],
) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|e| CoreError::io("create", folder, e))?;
    table::write_architectures(&folder.join("architectures.csv"), archs)?;
    table::write_rows(&folder.join("recipes.csv"), recipes)?;
    let fits = packed_rows(fits, crate::fits::layout()?)?;
    write_atomic(&folder.join("fits.csv.gz"), &fits)?;
    let plain = folder.join("trajectories.csv");
    table::write_trajectories(&plain, trajectories)?;
    let text = std::fs::read(&plain).map_err(|e| CoreError::io("read", &plain, e))?;
    write_atomic(&folder.join("trajectories.csv.gz"), &packed(&text)?)?;
    Ok(std::fs::remove_file(&plain).map_err(|e| CoreError::io("remove", &plain, e))?)
}

fn packed_rows<T: Row>(rows: &[T], layout: TableLayout<T>) -> Result<Vec<u8>> {
    packed(&table::rows_to_csv_with(rows, layout)?)
}

/// By gzip, without a name or a time, so that the same text gives the same bytes.
fn packed(text: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(text).and_then(|()| encoder.finish());
    Ok(written.map_err(|e| CoreError::io("compress", Path::new("a table"), e))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_stay() {
        let mut trajectory = Trajectory {
            ratios: vec![123.456_789, 0.000_123_456_7, 5.0],
            sem: vec![f64::NAN, 1.0 / 3.0, 0.0],
            ..Trajectory::default()
        };
        shorten(&mut trajectory);
        assert_eq!(trajectory.ratios, [123.457, 0.000_123_457, 5.0]);
        assert!(trajectory.sem[0].is_nan());
        assert_eq!(trajectory.sem[1..], [0.333_333, 0.0]);
    }

    #[test]
    fn a_newer_format_is_refused_and_none_is_format_one() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Atlas::read(folder.path()).unwrap(), None);
        let text = |format: u32| {
            format!(
                r#"{{"format":{format},"name":"a","description":"","finished":1,"runs":2,"architectures":1,"layers":3}}"#
            )
        };
        let path = folder.path().join(ABOUT);
        std::fs::write(&path, text(2)).unwrap();
        assert_eq!(Atlas::read(folder.path()).unwrap().unwrap().layers, 3);
        std::fs::write(&path, text(3)).unwrap();
        let said = Atlas::read(folder.path()).unwrap_err().to_string();
        assert!(
            said.contains("`format` is 3") && said.contains("atlas.json"),
            "{said}"
        );
    }
}
