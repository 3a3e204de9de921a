//! `outcrop families`.

use outcrop_arch::{KnownType, known_types};
use outcrop_core::table::Row;
use serde::{Deserialize, Serialize};

use super::output::{Format, To, columns, print, write_rows};
use crate::{Error, Result};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop families                         every model type of transformers: read, or refused
  outcrop families gemma                   those with these letters, and what is refused of them
  outcrop families --format json           everything of all

`right` means that random models of the type were compared with transformers, layer by layer; the
difference is the largest of a residual stream, as a share of its layer's largest magnitude.
docs/families.md has the same table.")]
pub(crate) struct Args {
    /// Letters of a model type or class.
    letters: Option<String>,
    #[command(flatten)]
    to: To,
}

/// A type as a row.
#[derive(Clone, Serialize, Deserialize)]
struct Line {
    #[serde(rename = "type")]
    name: String,
    class: String,
    status: String,
    models: Option<u64>,
    difference: Option<f64>,
    refused: String,
}

impl Row for Line {
    const REQUIRED: &'static [&'static str] = &["type", "status"];
    const HEADER: &'static [&'static str] =
        &["type", "class", "status", "models", "difference", "refused"];
    const NAMED: &'static [&'static str] = &["type"];

    fn key(&self) -> String {
        format!("type {}", self.name)
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let target = args.to.target()?;
    let letters = args.letters.as_deref().unwrap_or_default().to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&letters);
    let fits = |known: &&KnownType| has(&known.name) || has(&known.class);
    let found: Vec<Line> = known_types().iter().filter(fits).map(line).collect();
    if found.is_empty() {
        return Err(Error::Nothing(format!(
            "find a model type with the letters {letters}: `outcrop families` lists all"
        )));
    }
    if target.format == Format::Table && target.file.is_none() {
        print(&table(&found, !letters.is_empty()));
        return Ok(());
    }
    write_rows(&found, &target)
}

fn line(known: &KnownType) -> Line {
    Line {
        name: known.name.clone(),
        class: known.class.clone(),
        status: known.status(),
        models: known.models,
        difference: known.difference,
        refused: known.refuses(),
    }
}

/// A line a type; of types that were asked for, what is refused below.
fn table(lines: &[Line], with_refused: bool) -> String {
    let header = ["type", "class", "status", "models", "difference"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    let mut below = Vec::new();
    for line in lines {
        rows.push(vec![
            line.name.clone(),
            line.class.clone(),
            line.status.clone(),
            line.models.map_or_else(String::new, |n| n.to_string()),
            line.difference
                .map_or_else(String::new, |x| format!("{x:.0e}")),
        ]);
        if with_refused && !line.refused.is_empty() {
            below.push(format!("refused of {}: {}", line.name, line.refused));
        }
    }
    [vec![columns(&rows)], below].concat().join("\n")
}
