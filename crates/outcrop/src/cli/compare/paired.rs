//! `outcrop compare --paired`: effects of variants.

use std::path::PathBuf;

use outcrop_core::RecipeEffect;

use crate::cli::output::{Destination, Picture, columns, print, say, significant, write_rows};
use crate::{Error, Result, effects};

#[derive(clap::Args)]
#[command(next_help_heading = "Variants of a recipe")]
pub(super) struct Paired {
    /// Compare variants of a recipe seed by seed.
    #[arg(long, conflicts_with_all = ["observable", "ratio", "include_suspect"])]
    paired: bool,
    /// The variant that the others are compared with [default: that of the first run].
    #[arg(long, value_name = "VARIANT", requires = "paired")]
    baseline: Option<String>,
    /// Draw the effects (a forest plot) into this file (.svg, .png).
    #[arg(long, value_name = "FILE", requires = "paired")]
    figure: Option<PathBuf>,
}

impl Paired {
    pub(super) fn is_asked(&self) -> bool {
        self.paired
    }

    /// Writes the effects of the variants among `runs`, and what they say in words.
    pub(super) fn run(&self, runs: &[PathBuf], target: &Destination) -> Result<()> {
        let picture = self.figure.as_deref();
        let picture = picture.map(|path| Ok::<_, Error>((path, Picture::of(path, "--figure")?)));
        let picture = picture.transpose()?;
        let rows = effects::of_runs(runs, self.baseline.as_deref())?;
        if let Some((path, picture)) = picture {
            let plot = outcrop_report::effects_plot(&rows);
            let nothing = || Error::Nothing("draw the effects: none is finite".into());
            picture.write(&plot.ok_or_else(nothing)?, path)?;
        }
        let words = effects::words(&rows).join("\n") + "\n";
        match target.is_read_here() {
            true => print(&format!("{}\n\n{words}", shown(&rows))),
            false => {
                say(&words);
                write_rows(&rows, target)?;
            }
        }
        Ok(())
    }
}

fn shown(rows: &[RecipeEffect]) -> String {
    let header = [
        "quantity", "variant", "seeds", "baseline", "value", "", "effect", "together", "p",
    ];
    let mut lines = vec![header.map(str::to_owned).to_vec()];
    let end = |end: Option<f64>| end.map_or_else(|| "-".into(), significant);
    lines.extend(rows.iter().map(|row| {
        let scale = match row.scale {
            outcrop_core::EffectScale::Factor => "x",
            outcrop_core::EffectScale::Difference => "+",
        };
        vec![
            row.quantity.clone(),
            row.variant.clone(),
            row.n.to_string(),
            significant(row.baseline),
            significant(row.value),
            scale.to_owned(),
            significant(row.effect),
            format!("[{}, {}]", end(row.lo), end(row.hi)),
            row.p.map_or_else(|| "-".into(), |p| format!("{p:.3}")),
        ]
    }));
    columns(&lines)
}
