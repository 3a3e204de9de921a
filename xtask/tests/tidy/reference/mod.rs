//! Two pages are made from doc comments: columns of tables, and keys of a run. `UPDATE_DOCS=1 cargo test -p xtask --test
//! tidy reference` writes them.

mod structs;

use std::fs;

use self::structs::{Field, fields};
use crate::workspace::root;

/// A table, the file in `crates/outcrop-core/src` and the struct that its rows are.
const TABLES: [(&str, &str, &str); 19] = [
    ("loss.csv", "loss", "LossPoint"),
    ("fits.csv", "fit", "Fit"),
    ("curves.csv", "fit", "CurvePoint"),
    ("forecasts.csv", "fit", "Forecast"),
    ("observables.csv", "observation", "Observation"),
    ("places.csv", "places", "PersistentPlace"),
    ("heads.csv", "places", "HeadSink"),
    ("routers.csv", "routing", "ExpertShare"),
    ("interventions.csv", "intervention", "Intervention"),
    ("events.csv", "event", "TrainingEvent"),
    ("rates of a schedule", "rate", "RatePoint"),
    ("effects.csv", "effect", "RecipeEffect"),
    ("scores.csv", "score", "Score"),
    ("model_scores.csv", "score", "ModelScore"),
    ("predictions.csv", "score", "Prediction"),
    ("shapley.csv", "explanation", "Attribution"),
    ("dependence.csv", "explanation", "Dependence"),
    ("importance.csv", "explanation", "Importance"),
    ("comparison.csv", "comparison", "Comparison"),
];

/// A section of a spec, the file in `crates/outcrop-train/src/spec` and its struct.
const SECTIONS: [(&str, &str, &str); 5] = [
    ("[data]", "data", "DataSpec"),
    ("[train]", "train", "TrainSpec"),
    ("[schedule]", "schedule", "ScheduleSpec"),
    ("[measure]", "schedule", "MeasureSpec"),
    ("[[events]]", "events", "EventSpec"),
];

#[test]
fn pages_are_made_from_doc_comments() {
    for (page, text) in [("columns.md", columns()), ("run-keys.md", keys())] {
        let path = root().join("docs").join(page);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&path, &text).expect("docs/ is writable");
        }
        let held = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            held == text,
            "docs/{page} is not what the doc comments say; UPDATE_DOCS=1 writes it"
        );
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("the file is there")
}

/// `docs/columns.md`.
fn columns() -> String {
    let mut page = COLUMNS.to_owned();
    for (table, file, name) in TABLES {
        let source = read(&format!("crates/outcrop-core/src/{file}.rs"));
        let fields = fields(&source, name);
        assert!(!fields.is_empty(), "{file}.rs has no struct {name}");
        page += &format!("\n## {table}\n\n| column | type | meaning |\n|---|---|---|\n");
        for field in fields.iter().filter(|field| field.name != "quantities") {
            page += &format!(
                "| `{}` | {} | {} |\n",
                field.name,
                words(&field.kind),
                cell(&field.about)
            );
        }
    }
    page
}

/// `docs/run-keys.md`.
fn keys() -> String {
    let mut page = KEYS.to_owned();
    for (section, file, name) in SECTIONS {
        let source = read(&format!("crates/outcrop-train/src/spec/{file}.rs"));
        let fields = fields(&source, name);
        assert!(!fields.is_empty(), "{file}.rs has no struct {name}");
        page += &format!(
            "\n## {section}\n\n| key | type | default | range | meaning |\n|---|---|---|---|---|\n"
        );
        for field in &fields {
            page += &key(field);
        }
    }
    page
}

/// The row of a key.
fn key(field: &Field) -> String {
    let cell_of = |at: usize| field.cells.get(at).map_or("", String::as_str);
    let (name, about) = (&field.name, cell(&field.about));
    format!(
        "| `{name}` | {} | {} | {} | {about} |\n",
        words(&field.kind),
        cell_of(0),
        cell_of(1)
    )
}

/// What a table says of a Rust type.
fn words(kind: &str) -> String {
    if let Some(inner) = kind
        .strip_prefix("Option<")
        .and_then(|k| k.strip_suffix('>'))
    {
        return format!("{}, or none", words(inner));
    }
    let word = match kind {
        "u8" | "u32" | "u64" | "usize" => "whole number",
        "f64" => "number",
        "bool" => "true or false",
        "[f64; 2]" => "two numbers",
        _ => "text",
    };
    word.to_owned()
}

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

const COLUMNS: &str = "\
# Columns

Every column of every table, as the doc comments of `outcrop-core` have them. In a file, \"or none\" is an empty cell.
[Tables](tables.md) says which command writes which table, and in which formats. Elsewhere are the columns of
[measurements.csv](measuring.md#3-what-is-measured), of [architectures.csv](architecture-keys.md) (each key that is a
number), and the [quantities of fits](fit-quantities.md), which follow in `fits.csv` on the columns below. A row of
`trajectories.csv` has `model`, `layer`, `step`, `ratio` (largest magnitude over median, means over sequences) and `sem`, its
standard error.

This page is made from the code: `UPDATE_DOCS=1 cargo test -p xtask --test tidy reference`.
";

const KEYS: &str = "\
# Keys of a run

A run is one TOML file: `model = \"NAME\"`, the [keys of the architecture](architecture-keys.md) under `[arch]`, and the
sections below. `outcrop train --print-default` prints one to change, `outcrop train --print-schema` a JSON schema, and
`--set train.steps=2000` sets a key from the command line. A key that is left out has its default. More on
[training](training.md), [corpora](corpora.md), [optimisers](optimizers.md), [observables](observables.md).

This page is made from the code: `UPDATE_DOCS=1 cargo test -p xtask --test tidy reference`.
";
