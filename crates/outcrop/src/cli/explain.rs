//! `outcrop explain`.

use std::path::PathBuf;

use outcrop_core::{Attribution, Dependence, Importance, check_writable};
use outcrop_predict::{Explainer, Feature, Regressor, Table, Target};
use outcrop_report::{Plot, dependence_plot, importance_plot, shapley_plot, waterfall_plot};
use rayon::prelude::*;

use super::learned::{options, source};
use super::output::{
    Destination, Format, Picture, columns, folder, print, significant, write_rows,
};
use crate::Result;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop explain runs/small                                which features f_max depends on
  outcrop explain runs/small --target K --regressor gradient-boosting   figure 9 of the paper
  outcrop explain runs/small --target A                     another quantity; figure 10 is that of lambda
  outcrop explain runs/small --model bb-3x64-h1-ff4 --layer 3   one prediction, step by step
  outcrop explain runs/small --regressor ridge --features l/L,H/d,d_ff/d,L,d  fewer features, fewer groups

The folder RESULTS holds fits.csv and architectures.csv, as `outcrop reproduce` writes them. The
tables (shapley.csv, dependence.csv, importance.csv) and their plots go to --out. docs/designing.md
says how to read them.")]
pub(crate) struct Args {
    /// A results folder with fits.csv and architectures.csv.
    results: PathBuf,
    /// The quantity that is predicted: `ln f_max`, `ln f_last`, `ln t_half`, `K`, `lambda`, ...
    #[arg(long, default_value = "ln f_max")]
    target: String,
    /// The regressor that is explained.
    #[arg(long, default_value = "shape")]
    regressor: String,
    /// The features of the regressor [default: l/L and its spline, ln d, ln d_head, ln L]; `shape` always uses these
    /// and ln(d_ff/d).
    #[arg(long, value_delimiter = ',')]
    features: Vec<String>,
    /// The model of the waterfall [default: the one with the largest prediction].
    #[arg(long, requires = "layer")]
    model: Option<String>,
    /// Its layer, from 1.
    #[arg(long, requires = "model")]
    layer: Option<u32>,
    /// Number of permutations for the importance.
    #[arg(long, default_value_t = 30)]
    repeats: usize,
    /// Seed of the permutations, the background and the random forest.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// The folder for tables and plots [default: RESULTS/explain].
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Format of the tables.
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    /// Format of the plots.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Picture::Svg])]
    plot_format: Vec<Picture>,
}

/// All explanations of one target and regressor.
struct Explanation {
    shares: Vec<Attribution>,
    /// The rows of the layer with its own plot.
    one: Vec<Attribution>,
    dependence: Vec<Dependence>,
    importance: Vec<Importance>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let out = match &args.out {
        Some(out) => folder(out, "--out")?.to_owned(),
        None => args.results.join("explain"),
    };
    let table = Table::from_sources(&[source(&args.results)?])?;
    let regressor = Regressor::from_name(&args.regressor)?;
    let target = Target::from_name(&args.target)?;
    let explainer = Explainer::train(
        &table,
        target,
        regressor,
        &options(&args.features, args.seed)?,
    )?;
    check_writable(&out)?;
    let explanation = explain(&explainer, args)?;
    let table = |name: &str| {
        let file = out.join(format!("{name}.{}", args.format.suffix()));
        Destination::file(&file, args.format)
    };
    write_rows(&explanation.shares, &table("shapley"))?;
    write_rows(&explanation.dependence, &table("dependence"))?;
    write_rows(&explanation.importance, &table("importance"))?;
    let formats: Vec<_> = args.plot_format.iter().map(Picture::format).collect();
    for plot in plots(&explanation) {
        plot.write(&out, &formats)?;
    }
    print(&words(&explainer, &explanation));
    print(&format!("\ntables and plots: {}", out.display()));
    Ok(())
}

fn explain(explainer: &Explainer<'_>, args: &Args) -> Result<Explanation> {
    let rows = explainer.rows();
    let of_row = |(model, layer): &(&str, u32)| explainer.shapley(model, *layer);
    let asked = match (&args.model, args.layer) {
        (Some(model), Some(layer)) => Some(explainer.shapley(model, layer)?),
        _ => None,
    };
    let by_row = rows.par_iter().map(of_row).collect::<Result<Vec<_>, _>>()?;
    let predicted =
        |rows: &Vec<Attribution>| rows.first().map_or(f64::NEG_INFINITY, |r| r.predicted);
    let largest = by_row
        .iter()
        .max_by(|a, b| predicted(a).total_cmp(&predicted(b)));
    let one = asked.or_else(|| largest.cloned()).unwrap_or_default();
    let groups = explainer.groups().par_iter();
    let dependence = groups
        .map(|g| explainer.dependence(g))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Explanation {
        one,
        shares: by_row.concat(),
        dependence: dependence.concat(),
        importance: explainer.importance(args.repeats)?,
    })
}

fn plots(explanation: &Explanation) -> [Plot; 4] {
    [
        shapley_plot(&explanation.shares),
        waterfall_plot(&explanation.one),
        dependence_plot(&explanation.dependence),
        importance_plot(&explanation.importance),
    ]
}

/// One screen: each group with its mean Shapley value and its importance, features that cannot be separated, one
/// prediction.
fn words(explainer: &Explainer<'_>, explanation: &Explanation) -> String {
    let Some(first) = explanation.shares.first() else {
        return "no feature that the regressor looks at varies in this table: it predicts one value".into();
    };
    let rows = explainer.rows();
    let mut models: Vec<&str> = rows.iter().map(|r| r.0).collect();
    models.dedup();
    let mut text = format!(
        "{} by {}, {} layers of {} models; shares and increases are in units of {}\n\n",
        first.target,
        first.regressor,
        rows.len(),
        models.len(),
        first.target
    );
    text += &table_of(explainer, explanation);
    let together = explainer.groups().iter().filter(|g| g.features.len() > 1);
    for group in together {
        text += &format!(
            "\nonly vary together in these models and share one value: {}",
            group.name()
        );
    }
    if let Some(one) = explanation.one.first() {
        text += &format!(
            "\n\n{}, layer {}: {} is predicted, the mean prediction is {}\n",
            one.model,
            one.layer,
            significant(one.predicted),
            significant(one.base)
        );
        text += &story(&explanation.one);
    }
    text + "\n\n" + &verdict(&explanation.importance)
}

fn table_of(explainer: &Explainer<'_>, explanation: &Explanation) -> String {
    let header = ["features", "mean |share|", "error grows by", "sd"];
    let shares = |group: &str| -> f64 {
        let of_group = explanation.shares.iter().filter(|r| r.group == group);
        let (sum, n) = of_group.fold((0.0, 0), |(s, n), r| (s + r.shapley.abs(), n + 1));
        sum / f64::from(n.max(1))
    };
    let mut lines: Vec<(f64, Vec<String>)> = explanation
        .importance
        .iter()
        .map(|row| {
            let known = explainer.groups().iter().any(|g| g.name() == row.group);
            let share = if known {
                shares(&row.group)
            } else {
                f64::NEG_INFINITY
            };
            let mean = if known {
                significant(share)
            } else {
                String::new()
            };
            (
                share,
                vec![
                    short(&row.group),
                    mean,
                    significant(row.increase),
                    significant(row.sd),
                ],
            )
        })
        .collect();
    lines.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut all = vec![header.map(str::to_owned).to_vec()];
    all.extend(lines.into_iter().map(|(_, line)| line));
    columns(&all)
}

/// A group of features in words.
fn short(group: &str) -> String {
    let features: Vec<&str> = group.split(" + ").collect();
    let words = |name: &str| Feature::from_name(name).map_or(name.into(), |f| f.words().0.into());
    match features.as_slice() {
        [first, _, _, ..] => format!("{} and {} more", words(first), features.len() - 1),
        all => all
            .iter()
            .map(|name| words(name))
            .collect::<Vec<String>>()
            .join(" + "),
    }
}

/// The value of the first feature of a group, in the unit of [`short`].
fn value(row: &Attribution) -> f64 {
    let first = row.group.split(" + ").next().unwrap_or_default();
    match Feature::from_name(first).is_ok_and(|f| f.words().1) {
        true => row.value.exp(),
        false => row.value,
    }
}

/// The three largest shares in words.
fn story(rows: &[Attribution]) -> String {
    let mut rows: Vec<&Attribution> = rows.iter().collect();
    rows.sort_by(|a, b| b.shapley.abs().total_cmp(&a.shapley.abs()));
    let part = |r: &&Attribution| {
        let sign = if r.shapley >= 0.0 { "+" } else { "" };
        format!(
            "{} = {} {sign}{}",
            short(&r.group),
            significant(value(r)),
            significant(r.shapley)
        )
    };
    rows.iter().take(3).map(part).collect::<Vec<_>>().join(", ")
}

/// Whether any group improves predictions of architectures that were left out.
fn verdict(importance: &[Importance]) -> String {
    let helps = |r: &&Importance| r.increase > 2.0 * r.sd && r.increase > 0.0;
    let names: Vec<String> = importance
        .iter()
        .filter(helps)
        .map(|r| short(&r.group))
        .collect();
    match names.is_empty() {
        true => {
            "exchanged between architectures, no feature makes the error on unseen ones grow by \
                 more than twice its scatter: the shares describe the regressor, not real models"
                .into()
        }
        false => format!(
            "exchanging them makes the error on unseen architectures grow by more than twice its scatter: {}",
            names.join(", ")
        ),
    }
}
