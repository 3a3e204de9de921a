//! Random models of every family against transformers (`export.py`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use outcrop_arch::{FAMILIES, Family};

use crate::case::Case;
use crate::compare::{Worst, compare};
use crate::list;
use crate::renamed::renamed;

/// The fewest models of a family.
const LEAST: usize = 4;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/families/cases")
}

/// Name and content of every case, in order.
pub(crate) fn cases() -> Vec<(String, Case)> {
    let entries = std::fs::read_dir(folder()).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let case = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        (name, case)
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn every_family_computes_what_transformers_computes() {
    let mut table: BTreeMap<String, (usize, Worst)> = BTreeMap::new();
    let mut faults = Vec::new();
    let mut cases = cases();
    let of = |kind: &str| cases.iter().any(|(_, case)| case.model_type() == kind);
    let without = FAMILIES.iter().filter(|family| !of(family.model_type));
    let named = |family: &Family| {
        let made = renamed(&cases, family).into_iter();
        made.map(|case| (family.to_string(), case))
            .collect::<Vec<_>>()
    };
    let more: Vec<_> = without.flat_map(|family| named(family)).collect();
    cases.extend(more);
    for (name, case) in cases {
        match compare(&case) {
            Err(fault) => faults.push(format!("{name}: {fault:?}")),
            Ok(worst) => {
                let row = table.entry(case.model_type().to_owned()).or_default();
                *row = (row.0 + 1, row.1.most(worst));
            }
        }
    }
    println!("| type | models | states | statistics | losses |\n|---|---|---|---|---|");
    for (kind, (models, worst)) in &table {
        let Worst {
            state,
            statistic,
            loss,
        } = worst;
        println!("| {kind} | {models} | {state:.1e} | {statistic:.1e} | {loss:.1e} |");
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for family in FAMILIES {
        let models = table.get(family.model_type).map_or(0, |row| row.0);
        assert!(
            models >= LEAST,
            "{family} has {models} models, fewer than {LEAST}: add some to tests/families/cases.py and run \
             `cargo xtask fixtures families --write`; a family that differs from its base in names \
             of weights only, whose `settings` and `read` are None, needs none"
        );
    }
    list::check(&table);
}
