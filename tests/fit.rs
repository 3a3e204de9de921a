//! `outcrop fit` and `outcrop forecast`, as users call them.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use common::{files, outcrop, text};

const PUBLISHED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../outcrop-core/tests/fixtures/published"
);

/// exp(-beta t) (A1 ln(t + tau0) + A2) + K at 24 checkpoints, with a fixed wiggle of 2 %.
fn early_peak(model: &str, layer: u32, a1: f64) -> String {
    let mut csv = String::new();
    for i in 0..24u32 {
        let t = f64::from(if i < 12 {
            (1 << i) - 1
        } else {
            (i - 9) * 2_000
        });
        let f = (-4e-5 * t).exp() * (a1 * (t + 60.0).ln() - 4.0 * a1) + 3.0;
        let wiggle = 1.0 + 0.02 * (2.3 * f64::from(i * i)).sin();
        writeln!(csv, "{model},{layer},{t},{}", f * wiggle).unwrap();
    }
    csv
}

fn table(folder: &Path, rows: &str) -> PathBuf {
    let path = folder.join("trajectories.csv");
    std::fs::write(&path, format!("model,layer,step,ratio\n{rows}")).unwrap();
    path
}

fn run(args: &[&str]) -> Output {
    outcrop().args(args).output().unwrap()
}

fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// The rows of a CSV table without quotes, by column.
fn column(csv: &str, name: &str) -> Vec<String> {
    let mut lines = csv.lines().map(|l| l.split(',').collect::<Vec<_>>());
    let place = lines.next().unwrap().iter().position(|h| *h == name);
    let place = place.unwrap_or_else(|| panic!("no column {name}"));
    lines.map(|l| l[place].to_owned()).collect()
}

#[test]
fn a_table_becomes_fits_curves_and_plots() {
    let dir = tempfile::tempdir().unwrap();
    let rows = early_peak("a/b", 1, 9.0) + &early_peak("a/b", 2, 4.0);
    let input = table(dir.path(), &rows).display().to_string();
    let at = |name: &str| dir.path().join(name).display().to_string();
    let (curves, plots, out) = (at("curves.csv"), at("plots"), at("fits.csv"));
    let args = [
        "fit", &input, "--out", &out, "--format", "csv", "--curves", &curves, "--plots", &plots,
    ];
    succeeded(&run(&args));
    let fits = std::fs::read_to_string(&out).unwrap();
    assert_eq!(column(&fits, "hypothesis").len(), 12);
    assert_eq!(
        column(&fits, "best")
            .iter()
            .filter(|b| *b == "true")
            .count(),
        2
    );
    let number = |name: &str| column(&fits, name)[0].parse::<f64>().unwrap();
    assert!(number("t_peak_lo") < number("t_peak") && number("t_peak") < number("t_peak_hi"));
    assert!(number("p_peak") > 0.9);
    let points = std::fs::read_to_string(&curves).unwrap();
    assert_eq!(column(&points, "value_lo").len(), 12 * 200);
    assert_eq!(files(Path::new(&plots)).len(), 2);
}

#[test]
fn json_and_standard_input_and_a_chosen_hypothesis() {
    let args = [
        "fit",
        "-",
        "--format",
        "json",
        "--hypothesis",
        "logistic,emergence",
        "--intervals",
        "0",
    ];
    let mut child = outcrop()
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let rows = format!("model,layer,step,ratio\n{}", early_peak("m", 3, 9.0));
    child
        .stdin
        .take()
        .unwrap()
        .write_all(rows.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let fits: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let fits = fits.as_array().unwrap();
    let names: Vec<&str> = fits
        .iter()
        .map(|f| f["hypothesis"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["emergence", "logistic"]);
    assert!(fits[0]["f_last_lo"].is_null() && fits[0]["f_last"].is_number());
}

#[test]
fn raw_weights_give_the_plain_least_squares_optimum() {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../outcrop-fit/tests/fixtures");
    let series = std::fs::read_to_string(format!("{fixtures}/trial_series.csv")).unwrap();
    let best = std::fs::read_to_string(format!("{fixtures}/trial_best.csv")).unwrap();
    let chosen = |line: &&str| line.starts_with("s00");
    let rows: Vec<&str> = series.lines().filter(chosen).collect();
    let dir = tempfile::tempdir().unwrap();
    let input = table(dir.path(), &(rows.join("\n") + "\n"))
        .display()
        .to_string();
    let args = [
        "fit",
        &input,
        "--weights",
        "raw",
        "--tau-min",
        "0.01",
        "--intervals",
        "0",
    ];
    let more = ["--hypothesis", "emergence", "--format", "csv"];
    let fits = succeeded(&run(&[&args[..], &more].concat()));
    let known: Vec<&str> = best.lines().filter(chosen).collect();
    assert!(known.len() > 20);
    for (line, (model, sse)) in known
        .iter()
        .zip(column(&fits, "model").iter().zip(column(&fits, "sse")))
    {
        let cells: Vec<&str> = line.split(',').collect();
        let (best, total): (f64, f64) = (cells[1].parse().unwrap(), cells[2].parse().unwrap());
        assert_eq!(cells[0], model);
        let sse: f64 = sse.parse().unwrap();
        assert!(sse <= best * (1.0 + 1e-6) + 1e-10 * total, "{line}: {sse}");
    }
}

#[test]
fn bad_series_have_rows_with_reasons_and_stop_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let mut rows = early_peak("good", 1, 9.0);
    rows += "short,1,0,5\nshort,1,1,6\n";
    for step in 0..9 {
        writeln!(rows, "flat,1,{step},4.5").unwrap();
        writeln!(rows, "negative,1,{step},-1").unwrap();
        writeln!(rows, "unsorted,1,{},{}", 9 - step, 5 + step).unwrap();
        writeln!(rows, "wild,1,{},nan", step).unwrap();
    }
    rows += "torn,1,zero,5\n";
    let input = table(dir.path(), &rows).display().to_string();
    let output = run(&[
        "fit",
        &input,
        "--format",
        "json",
        "--hypothesis",
        "emergence",
    ]);
    let fits: serde_json::Value = serde_json::from_str(&succeeded(&output)).unwrap();
    let status = |model: &str| {
        let of = |f: &&serde_json::Value| f["model"] == model;
        let row = fits.as_array().unwrap().iter().find(of).unwrap();
        row["status"].as_str().unwrap().to_owned()
    };
    for (model, part) in [
        ("short", "it has 2 points, at least 7"),
        ("flat", "all 9 values are 4.5"),
        ("negative", "value -1 at step 0"),
        ("wild", "value NaN at step 0"),
    ] {
        assert!(status(model).contains(part), "{model}: {}", status(model));
    }
    assert!(!status("good").contains("failed"));
    assert!(!status("unsorted").contains("failed")); // steps say their order themselves
    let said = text(&output.stderr);
    assert!(
        said.contains("`zero`") || said.contains("\"zero\""),
        "{said}"
    );
}

#[test]
fn bad_use_is_named_and_leaves_the_old_file() {
    let dir = tempfile::tempdir().unwrap();
    let input = table(dir.path(), &early_peak("m", 1, 9.0))
        .display()
        .to_string();
    let out = dir.path().join("fits.csv");
    std::fs::write(&out, "old").unwrap();
    let out_text = out.display().to_string();
    let misspelt = dir.path().join("misspelt.csv");
    std::fs::write(&misspelt, "model,layer,step,ration\nm,1,0,5\n").unwrap();
    let misspelt = misspelt.display().to_string();
    for (args, part) in [
        (
            vec!["--hypothesis", "logistics"],
            "did you mean `logistic`?",
        ),
        (vec!["--weights", "sem"], "standard error"),
        (vec!["--intervals", "90"], "level = 90"),
        (vec!["--tau-min", "0"], "min_tau0 = 0"),
        (vec!["--backtest", "1.5"], "--backtest = 1.5"),
    ] {
        let all = [
            vec!["fit", &input, "--out", &out_text, "--format", "csv"],
            args,
        ]
        .concat();
        let output = run(&all);
        let said = text(&output.stderr) + &std::fs::read_to_string(&out).unwrap();
        assert!(said.contains(part), "{all:?}: {said}");
    }
    let output = run(&["fit", &misspelt, "--out", &out_text]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("did you mean `ration`?"),
        "{}",
        text(&output.stderr)
    );
    let occupied = format!("{out_text}/fits.csv");
    let output = run(&["fit", &input, "--out", &occupied]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("fits.csv"));
}

#[test]
fn the_published_data_set_is_read_and_malformed_files_are_named() {
    let output = run(&["fit", PUBLISHED, "--format", "json", "--intervals", "0"]);
    // its few checkpoints are too few for fits of ours
    assert_eq!(output.status.code(), Some(1));
    let fits: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let published =
        |f: &&serde_json::Value| f["hypothesis"].as_str().unwrap().starts_with("published");
    assert!(fits.as_array().unwrap().iter().filter(published).count() > 0);
    let said = text(&output.stderr);
    assert!(said.contains("exp2_pythia_1b_step0"), "{said}");
}

#[test]
fn the_papers_procedure_stands_beside() {
    let dir = tempfile::tempdir().unwrap();
    let input = table(dir.path(), &early_peak("m", 1, 9.0))
        .display()
        .to_string();
    let csv = succeeded(&run(&[
        "fit",
        &input,
        "--paper",
        "--weights",
        "raw",
        "--format",
        "csv",
    ]));
    let names = column(&csv, "hypothesis");
    assert_eq!(
        names[6..],
        ["paper original form", "paper reparametrised form"]
    );
    let sse: Vec<f64> = column(&csv, "sse")
        .iter()
        .filter_map(|s| s.parse().ok())
        .collect();
    assert!(sse[6..].iter().all(|paper| *paper >= sse[0] * (1.0 - 1e-9)));
}

#[test]
fn forecasts_stand_beside_the_last_value_and_what_came() {
    let dir = tempfile::tempdir().unwrap();
    let input = table(dir.path(), &early_peak("m", 1, 9.0))
        .display()
        .to_string();
    let plots = dir.path().join("plots").display().to_string();
    let args = [
        "forecast",
        &input,
        "--until",
        "14000",
        "--at",
        "28000,60000",
        "--plots",
        &plots,
    ];
    let csv = succeeded(&run(&[&args[..], &["--format", "csv"]].concat()));
    let number = |name: &str, row: usize| column(&csv, name)[row].parse::<f64>().unwrap();
    assert_eq!(
        (number("step", 0), number("fitted_until", 0)),
        (28_000.0, 14_000.0)
    );
    assert!((number("average", 0) / number("observed", 0)).ln().abs() < 0.2);
    assert!(number("lo", 0) < number("average", 0) && number("average", 0) < number("hi", 0));
    assert!(column(&csv, "observed")[1].is_empty());
    // 60000 is more than four times 14000: said in the table, in words and in the plot
    assert!(!column(&csv, "status")[0].contains("extrapolated"), "{csv}");
    assert!(
        column(&csv, "status")[1].contains("extrapolated to 4.3 times"),
        "{csv}"
    );
    let told = text(&run(&args).stderr);
    assert!(
        told.contains("1 of 2 forecasts are extrapolated beyond 4 times"),
        "{told}"
    );
    let plot = files(Path::new(&plots));
    assert_eq!(plot.len(), 1);
    assert!(plot.values().all(|svg| text(svg).contains("extrapolated")));
    let told = succeeded(&run(&["fit", &input, "--of", "checkpoints", "--backtest"]));
    assert!(
        told.contains("last value (baseline)") && told.contains("of their checkpoints"),
        "{told}"
    );
    assert!(told.contains("100 % of the 1 that have one"), "{told}");
}

/// The first file that cannot be read is the table: its learning rates are not spoken of before.
#[test]
fn a_torn_parquet_file_is_one_error() {
    let dir = tempfile::tempdir().unwrap();
    let torn = dir.path().join("measurements.parquet");
    std::fs::write(&torn, b"PAR1 and no more").unwrap();
    for input in [torn.as_path(), dir.path()] {
        let output = run(&["fit", &input.display().to_string()]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.starts_with("error: failed to read"), "{said}");
        assert!(said.contains("measurements.parquet"), "{said}");
    }
}

/// The logarithm of a falling series goes below 0, which no ratio does.
#[test]
fn a_forecast_that_is_no_ratio_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let row = |i: u32| {
        format!(
            "m,1,{},{}\n",
            100 * i,
            900.0 - 100.0 * f64::from(100 * i + 5).ln()
        )
    };
    let rows: String = (0..30).map(row).collect();
    let input = table(dir.path(), &rows).display().to_string();
    let csv = succeeded(&run(&[
        "forecast",
        &input,
        "--at",
        "2900,11000",
        "--format",
        "csv",
    ]));
    let [within, below] = [0, 1].map(|row| column(&csv, "average")[row].parse::<f64>().unwrap());
    assert!(within > 0.0 && below < 0.0, "{csv}");
    let status = column(&csv, "status");
    assert!(!status[0].contains("impossible"), "{csv}");
    assert!(
        status[1].contains("impossible: no ratio is 0 or less"),
        "{csv}"
    );
}

/// A column of learning rates makes the forecast one of schedule time, and says so.
#[test]
fn a_column_of_learning_rates_is_what_forecasts_go_by() {
    let dir = tempfile::tempdir().unwrap();
    let rate = |t: f64| 1e-3 * (1.02 - t / 2000.0);
    let rows = |with_rate: bool| {
        let row = |i: i32| {
            let t = 50.0 * f64::from(i);
            let sum = 1e-3 * (1.02 * t - t * t / 4000.0);
            let ratio = 20.0 * sum.sqrt();
            match with_rate {
                true => format!("m,1,{t},{ratio},{}\n", rate(t)),
                false => format!("m,1,{t},{ratio}\n"),
            }
        };
        (1..=40).map(row).collect::<String>()
    };
    let error = |name: &str, header: &str, rows: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, format!("{header}\n{rows}")).unwrap();
        let input = path.display().to_string();
        let args = [
            "forecast", &input, "--until", "1000", "--at", "2000", "--format", "csv",
        ];
        let output = run(&args);
        let csv = succeeded(&output);
        let number = |name: &str| column(&csv, name)[0].parse::<f64>().unwrap();
        let error = (number("average") / number("observed")).ln().abs();
        (error, text(&output.stderr))
    };
    let (with, said) = error(
        "with.csv",
        "model,layer,step,ratio,learning_rate",
        &rows(true),
    );
    let (without, silent) = error("without.csv", "model,layer,step,ratio", &rows(false));
    assert!(said.contains("1 of 1 trajectories are known"), "{said}");
    assert!(!silent.contains("learning rates"), "{silent}");
    assert!(
        with < 0.05 && (with - without).abs() > 1e-6,
        "{with} {without}"
    );
}

/// A rate that cannot be read, or that two rows contradict, is no schedule with a gap: nothing of the column is used.
#[test]
fn learning_rates_with_a_fault_are_not_used() {
    let dir = tempfile::tempdir().unwrap();
    let table = |at_10: [&str; 2]| {
        let row = |(layer, i): (usize, i32)| {
            let rate = if i == 10 { at_10[layer] } else { "1e-3" };
            let ratio = 5.0 + f64::from(i).sqrt();
            format!("m,{},{},{ratio},{rate}\n", layer + 1, 50 * i)
        };
        let layers = (0..2).flat_map(|layer| (1..=20).map(move |i| (layer, i)));
        let rows: String = layers.map(row).collect();
        format!("model,layer,step,ratio,learning_rate\n{rows}")
    };
    let said = |at_10: [&str; 2]| {
        let path = dir.path().join("rates.csv");
        std::fs::write(&path, table(at_10)).unwrap();
        let input = path.display().to_string();
        let output = run(&["forecast", &input, "--until", "500", "--at", "1000"]);
        succeeded(&output);
        text(&output.stderr)
    };
    let known = said(["1e-3", "1e-3"]);
    assert!(known.contains("2 of 2 trajectories are known"), "{known}");
    for (at_10, why) in [(["abc", "1e-3"], "line 11"), (["1e-3", "2e-3"], "step 500")] {
        let refused = said(at_10);
        assert!(
            refused.contains("are not used") && refused.contains(why),
            "{refused}"
        );
        assert!(!refused.contains("are known"), "{refused}");
    }
}
