use std::path::{Path, PathBuf};

use outcrop_core::{ArchSpec, Error as CoreError, Fit, NamedArch, table};
use outcrop_predict::{Options, Predictor, Regressor, Table, evaluate};

use super::output::{Format, say, write_rows};
use crate::Result;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop predict runs/quick                     scores of every regressor, beside the mean
  outcrop predict runs/quick --arch mine.toml    the targets of every layer of a new architecture
  outcrop predict runs/quick --pythia 70m --curves curve.csv --last-step 143000

The folder holds fits.csv and architectures.csv, as `outcrop reproduce` writes them. What lies
outside the range of the training architectures is named: there a prediction is a guess.")]
pub(crate) struct Args {
    /// A results folder with fits.csv and architectures.csv.
    results: PathBuf,
    /// Predict this architecture (TOML: layers, d_model, heads, ...).
    #[arg(long, conflicts_with = "pythia")]
    arch: Option<PathBuf>,
    /// Predict a Pythia model, by size such as 70m.
    #[arg(long)]
    pythia: Option<String>,
    /// The regressor of a prediction.
    #[arg(long, default_value = "ridge")]
    regressor: String,
    /// Also write the predicted curves to this CSV file.
    #[arg(long)]
    curves: Option<PathBuf>,
    /// Last step of the predicted curves.
    #[arg(long, default_value_t = 1000)]
    last_step: u64,
    /// Where the table goes [default: standard output].
    #[arg(long, short)]
    out: Option<PathBuf>,
    /// Form of the table.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let archs = table::architectures(&args.results.join("architectures.csv"))?;
    let fits = table::read_rows::<Fit>(&args.results.join("fits.csv"))?;
    for problem in archs.problems.iter().chain(&fits.problems) {
        say(&format!("warning: {problem}; the row was left out"));
    }
    let table = Table::new(&archs.rows, &fits.rows)?;
    let Some(wanted) = wanted(args)? else {
        let evaluation = evaluate(&table, &Options::default())?;
        for left_out in &evaluation.left_out {
            say(&format!(
                "note: {} is identified in {} layers of {} models only and has no score",
                left_out.target.name(),
                left_out.rows,
                left_out.models
            ));
        }
        return write_rows(&evaluation.scores, args.format, args.out.as_deref());
    };
    let regressor = Regressor::from_name(&args.regressor)?;
    let predictor = Predictor::train(&table, regressor, &Options::default())?;
    let predicted = predictor.predict(&wanted.model, &wanted.arch)?;
    for outside in &predicted.outside {
        say(&format!("warning: {outside}"));
    }
    write_rows(&predicted.rows(), args.format, args.out.as_deref())?;
    if let Some(path) = &args.curves {
        write_rows(
            &predicted.curves(&steps(args.last_step))?,
            Format::Csv,
            Some(path),
        )?;
    }
    Ok(())
}

fn wanted(args: &Args) -> Result<Option<NamedArch>> {
    if let Some(size) = &args.pythia {
        let arch = ArchSpec::pythia(size)?;
        return Ok(Some(NamedArch {
            model: format!("pythia-{size}"),
            arch,
        }));
    }
    let Some(path) = &args.arch else {
        return Ok(None);
    };
    let text = std::fs::read_to_string(path).map_err(|e| CoreError::io("read", path, e))?;
    let name = path.file_stem().unwrap_or(path.as_os_str());
    Ok(Some(NamedArch {
        model: name.to_string_lossy().into_owned(),
        arch: arch(&text, path)?,
    }))
}

/// An architecture that stands alone or as `[arch]` of a run.
fn arch(text: &str, path: &Path) -> Result<ArchSpec> {
    let context = path.display().to_string();
    let table: toml::Table = text
        .parse()
        .map_err(|e: toml::de::Error| CoreError::parse(&context, e))?;
    let inner = table.get("arch").and_then(toml::Value::as_table);
    Ok(ArchSpec::from_table(inner.unwrap_or(&table), &context)?)
}

/// Step 0 and 200 steps in equal factors up to `last`.
fn steps(last: u64) -> Vec<f64> {
    let top = (last.max(1) as f64).ln_1p();
    (0..=200)
        .map(|i| (top * f64::from(i) / 200.0).exp_m1())
        .collect()
}
