//! `outcrop compare --paired`, as users call it: tables whose effects are known.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Output;

use common::{files, outcrop, text};

/// A run whose ratio rises to `ratio` in block 2, and to half of it in block 1.
fn write_run(folder: &Path, model: &str, [d_ff, seed]: [u32; 2], [ratio, loss]: [f64; 2]) {
    let run = folder.join("runs").join(model);
    std::fs::create_dir_all(&run).unwrap();
    let spec = format!(
        "model = '{model}'\n[arch]\nlayers = 2\nd_model = 16\nheads = 2\nd_ff = {d_ff}\n[train]\nseed = {seed}\n"
    );
    std::fs::write(run.join("run.toml"), spec).unwrap();
    let mut rows = "model,step,sequence,layer,top1,top2,top3,median,pos1,chan1\n".to_owned();
    for step in [0, 1, 2, 4, 8, 16, 32, 64, 128] {
        let share = f64::from(step) / 128.0;
        for (layer, part) in [(1, 0.5), (2, 1.0)] {
            let top = 1.0 + (part * ratio - 1.0) * share;
            rows += &format!("{model},{step},0,{layer},{top},0.5,0.5,1,0,3\n");
        }
    }
    std::fs::write(run.join("measurements.csv"), rows).unwrap();
    let header = "model,step,tokens,loss,held_out_loss,learning_rate,gradient_norm\n";
    let losses = format!("{header}{model},0,0,,4,,\n{model},128,64,2,{loss},0.1,1\n");
    std::fs::write(run.join("loss.csv"), losses).unwrap();
}

/// Three seeds of a baseline, of a variant that doubles the ratio of each, and of one that scatters around no effect.
fn control(folder: &Path) {
    let noise = [1.1, 1.0, 0.92];
    for (at, base) in [30.0, 40.0, 50.0].into_iter().enumerate() {
        let seed = at as u32 + 1;
        let write = |name: &str, d_ff: u32, ratio: f64, loss: f64| {
            write_run(
                folder,
                &format!("{name}-s{seed}"),
                [d_ff, seed],
                [ratio, loss],
            );
        };
        write("default", 64, base, 2.0);
        write("wide", 128, 2.0 * base, 1.9);
        write("narrow", 32, noise[at] * base, 2.0 + 0.1 * noise[at]);
    }
}

fn run(folder: &Path, args: &[&str]) -> Output {
    let mut command = outcrop();
    command
        .arg("compare")
        .arg(folder)
        .arg("--paired")
        .args(args);
    command.output().unwrap()
}

fn rows(folder: &Path, args: &[&str]) -> Vec<Vec<String>> {
    let output = run(folder, &[args, &["--format", "csv"]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    cells(&text(&output.stdout))
}

/// The cells of a table of effects.
fn cells(csv: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| line.split(',').map(str::to_owned).collect();
    csv.replace(", block", " block")
        .lines()
        .map(cells)
        .collect()
}

/// (n, effect, lo, hi) of a variant.
fn effect(rows: &[Vec<String>], variant: &str, quantity: &str) -> (String, f64, f64, f64) {
    let is = |row: &&Vec<String>| row[0] == variant && row[1].trim_matches('"') == quantity;
    let row = rows.iter().find(is).unwrap();
    let column = |name: &str| rows[0].iter().position(|known| known == name).unwrap();
    let number = |name: &str| row[column(name)].parse().unwrap_or(f64::NAN);
    (
        row[column("n")].clone(),
        number("effect"),
        number("lo"),
        number("hi"),
    )
}

#[test]
fn effects_are_paired_over_seeds_with_intervals() {
    let dir = tempfile::tempdir().unwrap();
    control(dir.path());
    let before = files(dir.path());
    let all = rows(dir.path(), &["--baseline", "default"]);
    assert_eq!(files(dir.path()), before, "the runs stay as they are");
    let (n, ratio, lo, hi) = effect(&all, "wide", "last_ratio");
    assert_eq!(n, "3");
    assert!(
        (ratio - 2.0).abs() < 1e-6 && lo < 2.0 && hi > 2.0 && lo > 1.0,
        "{lo} {hi}"
    );
    let (_, none, lo, hi) = effect(&all, "narrow", "last_ratio");
    let geometric = (1.1f64 * 0.92).powf(1.0 / 3.0);
    assert!(
        (none - geometric).abs() < 1e-6 && lo < 1.0 && hi > 1.0,
        "{none} {lo} {hi}"
    );
    let (_, loss, _, hi) = effect(&all, "wide", "held_out_loss");
    assert!((loss + 0.1).abs() < 1e-9 && hi < 0.0);
    assert!((effect(&all, "wide", "last_ratio block 1").1 - 2.0).abs() < 1e-6);
    assert_eq!(effect(&all, "wide", "peak_block").1, 0.0);
    assert_eq!(effect(&all, "narrow", "peak_at_position_0").1, 0.0);
    // what the runs do not have is no row
    assert!(all.iter().all(|row| row[1] != "sink_rate"));

    // the other way round the effect is the inverse
    let all = rows(dir.path(), &["--baseline", "wide"]);
    assert!((effect(&all, "default", "last_ratio").1 - 0.5).abs() < 1e-6);

    // words and a figure
    let figure = dir.path().join("effects.svg");
    let output = run(dir.path(), &["--figure", &figure.display().to_string()]);
    let said = text(&output.stdout);
    assert!(said.contains("wide: ratio 2.0-fold ["), "{said}");
    assert!(said.contains("loss -0.100 ["), "{said}");
    let svg = std::fs::read_to_string(figure).unwrap();
    assert!(svg.contains("last_ratio") && svg.contains("narrow"));
}

#[test]
fn a_missing_seed_counts_in_neither() {
    let dir = tempfile::tempdir().unwrap();
    control(dir.path());
    std::fs::remove_dir_all(dir.path().join("runs/default-s2")).unwrap();
    std::fs::remove_dir_all(dir.path().join("runs/narrow-s3")).unwrap();
    let all = rows(dir.path(), &["--baseline", "default"]);
    assert_eq!(effect(&all, "wide", "last_ratio").0, "2");
    let (n, ratio, ..) = effect(&all, "narrow", "last_ratio");
    assert!(n == "1" && (ratio - 1.1).abs() < 1e-6, "{ratio}");
}

#[test]
fn what_cannot_be_paired_is_refused_with_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    control(dir.path());
    let refused = |args: &[&str], status: i32, parts: &[&str]| {
        let output = run(dir.path(), args);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{said}");
        parts
            .iter()
            .for_each(|part| assert!(said.contains(part), "{part}: {said}"));
    };
    refused(
        &["--baseline", "gate"],
        1,
        &["gate", "default", "narrow", "wide"],
    );
    refused(&["--figure", "x.txt"], 1, &["--figure", ".svg"]);
    refused(&["--observable", "norm_first"], 2, &["--paired"]);
    write_run(dir.path(), "again-s1", [64, 1], [30.0, 2.0]);
    refused(&[], 1, &["again-s1", "default-s1", "leave one of them out"]);
    std::fs::remove_dir_all(dir.path().join("runs/again-s1")).unwrap();
    for name in ["wide", "narrow"] {
        for seed in 1..4 {
            std::fs::remove_dir_all(dir.path().join(format!("runs/{name}-s{seed}"))).unwrap();
        }
    }
    refused(&[], 1, &["one recipe", "train.seed"]);
}

/// The page shows what `data/control/effects.csv` holds.
#[test]
fn the_page_of_controls_has_the_numbers_of_its_table() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let table = text("data/control/effects.csv");
    let all = cells(&table);
    let page = text("docs/what-controls.md");
    let variants: BTreeSet<&String> = all[1..].iter().map(|row| &row[0]).collect();
    assert_eq!(variants.len(), 27);
    for variant in variants {
        let start = format!("| {variant} |");
        let line = page.lines().find(|line| line.starts_with(&start)).unwrap();
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let (_, loss, ..) = effect(&all, variant, "held_out_loss");
        assert_eq!(
            cells[9].trim_matches('*'),
            format!("{loss:+.3}"),
            "{variant}"
        );
        let (_, ratio, lo, hi) = effect(&all, variant, "last_ratio");
        let short = |x: f64| match x {
            x if x >= 10.0 => format!("{x:.0}"),
            x if x >= 1.0 => format!("{x:.1}"),
            x => format!("{x:.2}"),
        };
        let cell = format!("{} [{}, {}]", short(ratio), short(lo), short(hi));
        assert_eq!(cells[4].trim_matches('*'), cell, "{variant}");
        let leaves_none_out = lo > 1.0 || hi < 1.0;
        assert_eq!(cells[4].starts_with("**"), leaves_none_out, "{variant}");
    }
}

#[test]
fn several_runs_are_one_report_with_the_settings_that_differ_first() {
    let folder = tempfile::tempdir().unwrap();
    write_run(folder.path(), "same", [64, 1], [30.0, 2.0]);
    write_run(&folder.path().join("other"), "same", [128, 1], [60.0, 1.5]);
    write_run(folder.path(), "narrow", [32, 1], [20.0, 2.5]);
    let compare = |runs: &[&str]| {
        let mut command = outcrop();
        command.arg("compare").args(runs).args(["--report", "page"]);
        let output = command.current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        std::fs::read_to_string(folder.path().join("page/report.html")).unwrap()
    };
    let page = compare(&["runs", "other/runs/same"]);
    let (before, after) = page.split_once("Settings that differ").unwrap();
    assert!(before.contains("<h1") && !before.contains("<svg"));
    for part in [
        "<th>arch.d_ff</th>",
        "<td>same (runs/same)</td><td>64</td>",
        "<td>same (other/runs/same)</td><td>128</td>",
        "<td>narrow</td><td>32</td>",
    ] {
        assert!(after.contains(part), "{part}");
    }
    // all of them are in the figures
    let (_, figures) = after.split_once("</table>").unwrap();
    for name in ["same (runs/same)", "same (other/runs/same)", "narrow"] {
        assert!(figures.contains(name), "{name}");
    }
    assert!(compare(&["runs/same"]).contains("All settings that are known are the same."));
}
