//! `outcrop sweep atlas`, and the atlases in data/.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use common::{files, outcrop, text};
use outcrop::core::{Score, table};
use outcrop::pipeline::{Atlas, FORMAT, Recipe};

const PROFILE: &str = "name = 'mine'
description = 'three small architectures'
seeds = [1, 2]
[base.arch]
d_model = 16
heads = 2
context = 16
[base.train]
steps = 40
batch = 4
warmup = 10
[base.schedule]
measure = '0,every:2'
[design]
kind = 'grid'
all_seeds_every = 2
data = [{ corpus = 'bigram-backcopy' }, { corpus = 'copy:8' }]
[design.arch]
layers = [1, 2]
";

fn run(folder: &Path, line: &str) -> String {
    let mut command = outcrop();
    command.current_dir(folder).args(line.split_whitespace());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{line}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn unpacked(path: &Path) -> String {
    let mut text = String::new();
    let file = std::fs::File::open(path).unwrap();
    let mut file = flate2::read::GzDecoder::new(file);
    file.read_to_string(&mut text).unwrap();
    text
}

/// What is true of every atlas of this format.
fn check(folder: &Path) {
    let atlas = Atlas::read(folder).unwrap().unwrap();
    assert_eq!(atlas.format, FORMAT);
    let archs = table::architectures(&folder.join("architectures.csv")).unwrap();
    let recipes = table::read_rows::<Recipe>(&folder.join("recipes.csv")).unwrap();
    let measured = table::trajectories(&folder.join("trajectories.csv.gz")).unwrap();
    assert!(archs.problems.is_empty() && recipes.problems.is_empty());
    assert!(measured.problems.is_empty());
    assert_eq!(archs.rows.len(), atlas.finished);
    assert_eq!(measured.rows.len(), atlas.layers);
    assert!(atlas.finished <= atlas.runs);
    for (named, recipe) in archs.rows.iter().zip(&recipes.rows) {
        assert_eq!(named.model, recipe.model);
        assert_eq!(
            recipe.tokens,
            recipe.steps * (recipe.batch * recipe.context) as u64
        );
        assert_eq!(
            (recipe.vocab, recipe.context),
            (named.arch.vocab, named.arch.context)
        );
        assert!(
            recipe.bigram_entropy <= recipe.unigram_entropy + 1e-3,
            "{recipe:?}"
        );
        assert!(
            recipe.unigram_entropy <= (recipe.vocab as f64).ln(),
            "{recipe:?}"
        );
        let own = measured.rows.iter().filter(|t| t.model == named.model);
        let layers: BTreeSet<u32> = own.clone().map(|t| t.layer).collect();
        assert_eq!(layers, (1..=named.arch.layers as u32).collect());
        assert!(own.clone().all(|t| t.steps.last() == Some(&recipe.steps)));
    }
    let sizes = files(folder).values().map(Vec::len).sum::<usize>();
    assert!(sizes <= 8 << 20, "{sizes} bytes");
    let dir = tempfile::tempdir().unwrap();
    let path = folder.join("trajectories.csv.gz");
    let path = path.display();
    run(
        dir.path(),
        &format!("fit {path} --format csv --out fits.csv"),
    );
    let again = std::fs::read_to_string(dir.path().join("fits.csv")).unwrap();
    if cfg!(target_os = "linux") {
        // elsewhere a logarithm may end in another bit
        let kept = unpacked(&folder.join("fits.csv.gz"));
        let first = kept.lines().zip(again.lines()).find(|(a, b)| a != b);
        assert_eq!(first, None, "fits.csv.gz is not what fit writes now");
    }
}

#[test]
fn finished_runs_become_a_small_folder_that_other_commands_read() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("mine.toml"), PROFILE).unwrap();
    run(
        dir.path(),
        "sweep mine.toml --engine local --jobs 2 --in-order",
    );
    // two more points, which are not trained
    let longer = PROFILE.replace("layers = [1, 2]", "layers = [1, 2, 3]");
    std::fs::write(dir.path().join("mine.toml"), longer).unwrap();
    run(dir.path(), "sweep mine.toml");
    let said = run(dir.path(), "sweep atlas runs/mine --out atlas");
    let atlas = dir.path().join("atlas");
    check(&atlas);
    let found = Atlas::read(&atlas).unwrap().unwrap();
    assert_eq!((found.finished, found.runs), (6, 9), "{said}");
    assert!(
        said.contains("6 of 9 runs, 4 architectures, 9 layers"),
        "{said}"
    );

    let recipes = table::read_rows::<Recipe>(&atlas.join("recipes.csv")).unwrap();
    let corpora: Vec<&str> = recipes.rows.iter().map(|r| r.corpus.as_str()).collect();
    assert_eq!(corpora.iter().filter(|c| **c == "copy:8").count(), 2);
    let random = recipes.rows.iter().find(|r| r.corpus == "copy:8").unwrap();
    assert!(
        (random.unigram_entropy - 8f64.ln()).abs() < 1e-3,
        "{random:?}"
    );

    let first = files(&atlas);
    run(dir.path(), "sweep atlas runs/mine --out atlas");
    assert_eq!(files(&atlas), first);
    let said = run(
        dir.path(),
        "predict atlas --layers 2 --d-model 16 --heads 2",
    );
    assert!(said.contains("layer"), "{said}");
}

#[test]
fn nothing_is_written_where_no_run_is_finished() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("mine.toml"), PROFILE).unwrap();
    run(dir.path(), "sweep mine.toml");
    let mut command = outcrop();
    let words = "sweep atlas runs/mine --out atlas".split(' ');
    let output = command
        .current_dir(dir.path())
        .args(words)
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("no run is finished"));
    assert!(!dir.path().join("atlas").exists());
}

#[test]
fn the_atlases_of_the_repository_are_whole() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    for entry in std::fs::read_dir(data).unwrap() {
        let folder = entry.unwrap().path();
        if folder.join("atlas.json").exists() {
            check(&folder);
        }
    }
}

/// The number in the row `name` and the column `target` of the printed table below `title`.
fn cell(said: &str, title: &str, name: &str, target: &str) -> String {
    let table = said.split("\n\n").find(|part| part.starts_with(title));
    let mut rows = table.unwrap().lines().skip(1).map(|line| {
        let cells = line.split("  ").map(str::trim);
        cells.filter(|cell| !cell.is_empty()).collect::<Vec<_>>()
    });
    let column = rows.next().unwrap().iter().position(|cell| *cell == target);
    let row = rows.find(|row| row[0] == name).unwrap();
    row[column.unwrap()].to_owned()
}

#[test]
fn scores_are_told_by_rows_and_by_architectures() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let said = run(&root, "predict data/atlas2 --regressor shape");
    let csv = run(&root, "predict data/atlas2 --regressor shape --format csv");
    let scores = table::read_rows_from::<Score>(csv.as_bytes(), "scores").unwrap();
    for target in ["ln f_max", "ln f_last", "ln t_half"] {
        let found = scores.rows.iter().find(|score| {
            score.protocol == "leave one architecture out"
                && (&*score.regressor, &*score.target) == ("shape", target)
        });
        let found = found.unwrap();
        let by = [
            ("Q2, leave one arch", found.r2),
            ("Gain, leave one arch", found.gain),
        ];
        let [rows, architectures] = by.map(|(title, score)| {
            assert_eq!(
                cell(&said, title, "shape", target),
                format!("{:.2}", score.unwrap())
            );
            let ceiling = cell(&said, title, "ceiling (scatter of seeds)", target);
            let ceiling: f64 = ceiling.parse().unwrap();
            assert!(score.unwrap() < ceiling && ceiling < 1.0, "{target}");
            ceiling
        });
        assert!(architectures > rows, "{target}: {architectures}, {rows}");
    }
}
