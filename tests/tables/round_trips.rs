//! The same tables after a round trip through pandas, R and a spreadsheet.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use outcrop::core::table::{
    self, Loaded, MeasurementRow, ParquetWriter, Row, StagedObservation, cells,
};
use outcrop::core::{
    Attribution, Comparison, CurvePoint, Dependence, ExpertShare, Fit, Forecast, HeadSink,
    Importance, Intervention, LossPoint, ModelScore, PersistentPlace, Prediction, Score,
    TrainingEvent,
};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{files, fixture, path, refused, run, succeeded, text};

const TOOLS: [&str; 6] = [
    "pandas",
    "pandas_index",
    "r",
    "r_table",
    "readr",
    "spreadsheet",
];

/// Cells with numbers of ten digits (R's `write.csv` keeps 15 of 17), sorted.
fn sorted(mut rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    for cell in rows.iter_mut().flatten() {
        if let Ok(number) = cell.parse::<f64>() {
            *cell = format!("{number:.9e}");
        }
    }
    rows.sort();
    rows
}

fn rows<T: Row>(file: &Path) -> Vec<Vec<String>> {
    let Loaded { rows, problems } = table::read_rows::<T>(file).unwrap();
    assert_eq!(problems, [], "{}", file.display());
    sorted(cells(&rows).unwrap())
}

fn measurements(file: &Path) -> Vec<Vec<String>> {
    let Loaded { rows, problems } = table::measurements(file).unwrap();
    assert_eq!(problems, [], "{}", file.display());
    let rows: Vec<MeasurementRow> = rows.iter().map(MeasurementRow::from).collect();
    sorted(cells(&rows).unwrap())
}

fn trajectories(file: &Path) -> Vec<Vec<String>> {
    let Loaded { mut rows, problems } = table::trajectories(file).unwrap();
    assert_eq!(problems, [], "{}", file.display());
    rows.sort_by(|a, b| (&a.model, a.layer).cmp(&(&b.model, b.layer)));
    let point = |t: &outcrop::core::Trajectory, i: usize| {
        let numbers = [
            t.steps[i] as f64,
            t.ratios[i],
            t.sem.get(i).copied().unwrap_or(f64::NAN),
        ];
        [
            vec![t.model.clone(), t.layer.to_string()],
            numbers.map(|n| n.to_string()).to_vec(),
        ]
        .concat()
    };
    let all = rows
        .iter()
        .flat_map(|t| (0..t.steps.len()).map(move |i| point(t, i)));
    sorted(all.collect())
}

fn architectures(file: &Path) -> Vec<Vec<String>> {
    let Loaded { rows, problems } = table::architectures(file).unwrap();
    assert_eq!(problems, [], "{}", file.display());
    sorted(rows.iter().map(|row| vec![format!("{row:?}")]).collect())
}

/// With the columns of stages.
fn observations(file: &Path) -> Vec<Vec<String>> {
    let Loaded { rows, problems } = table::observations(file).unwrap();
    assert_eq!(problems, [], "{}", file.display());
    let rows: Vec<StagedObservation> = rows.into_iter().map(StagedObservation).collect();
    sorted(cells(&rows).unwrap())
}

type Reader = fn(&Path) -> Vec<Vec<String>>;

/// Every table of the command with its reader.
const TABLES: [(&str, Reader); 20] = [
    ("measurements.csv", measurements),
    ("trajectories.csv", trajectories),
    ("architectures.csv", architectures),
    ("fits.csv", rows::<Fit>),
    ("curves.csv", rows::<CurvePoint>),
    ("loss.csv", rows::<LossPoint>),
    ("observables.csv", observations),
    ("events.csv", rows::<TrainingEvent>),
    ("heads.csv", rows::<HeadSink>),
    ("routers.csv", rows::<ExpertShare>),
    ("places.csv", rows::<PersistentPlace>),
    ("scores.csv", rows::<Score>),
    ("model_scores.csv", rows::<ModelScore>),
    ("predictions.csv", rows::<Prediction>),
    ("forecasts.csv", rows::<Forecast>),
    ("interventions.csv", rows::<Intervention>),
    ("comparison.csv", rows::<Comparison>),
    ("shapley.csv", rows::<Attribution>),
    ("dependence.csv", rows::<Dependence>),
    ("importance.csv", rows::<Importance>),
];

/// Tables that a tool does not give back: Calc writes three digits of numbers as small as 4e-10.
const WITHOUT: [(&str, &str); 1] = [("observables.csv", "spreadsheet")];

#[test]
fn every_table_says_the_same_after_every_tool() {
    for (name, read) in TABLES {
        let before = read(&fixture("original").join(name));
        assert!(before.len() > 1, "{name}");
        for tool in TOOLS
            .into_iter()
            .filter(|tool| !WITHOUT.contains(&(name, tool)))
        {
            let after = read(&fixture(tool).join(name));
            assert_eq!(after, before, "{name} after {tool}");
        }
    }
}

#[test]
fn fits_and_reports_say_the_same_after_every_tool() {
    let fits = |tool: &str| {
        let table = path(&fixture(tool), "measurements.csv");
        let args = [
            "fit",
            &table,
            "--format",
            "csv",
            "--intervals",
            "0",
            "--hypothesis",
            "log only",
        ];
        let (csv, _) = succeeded(&args);
        let loaded = table::read_rows_from::<Fit>(csv.as_bytes(), tool).unwrap();
        let numbers = loaded
            .rows
            .iter()
            .map(|f| (f.layer, f.n, f.best, f.status.clone()));
        let last = loaded
            .rows
            .iter()
            .map(|f| format!("{:.6e}", f.value("f_last").unwrap()));
        (numbers.collect::<Vec<_>>(), last.collect::<Vec<_>>())
    };
    let before = fits("original");
    assert_eq!(before.0.len(), 2);
    // panels of predictions stand in the order of their table
    let figures = |tool: &str| {
        let dir = tempfile::tempdir().unwrap();
        let folder = fixture(tool).display().to_string();
        let args = [
            "report",
            &folder,
            "--title",
            "t",
            "--out",
            dir.path().to_str().unwrap(),
        ];
        let (_, said) = succeeded(&args);
        assert!(!said.contains("warning"), "{said}");
        let mut figures = files(&dir.path().join("figures"));
        figures.retain(|name, _| name.ends_with(".svg") && !name.contains("predict"));
        figures
    };
    let before_figures = figures("original");
    assert!(before_figures.len() > 5, "{:?}", before_figures.keys());
    for tool in TOOLS {
        assert_eq!(fits(tool), before, "{tool}");
        let after = figures(tool);
        let names = |f: &BTreeMap<String, Vec<u8>>| f.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&after), names(&before_figures), "{tool}");
        if tool.starts_with("pandas") {
            for (name, figure) in &after {
                assert!(*figure == before_figures[name], "{name} after {tool}");
            }
        }
    }
}

#[test]
fn parquet_of_pandas_and_polars_is_read_as_they_write_it() {
    let csv = fixture("original").join("trajectories.csv");
    let of_pandas = ["trajectories.parquet", "gzip.parquet", "zstd_v2.parquet"];
    for compressed in of_pandas.into_iter().chain(["polars.parquet"]) {
        let parquet = fixture("parquet").join(compressed);
        assert_eq!(trajectories(&parquet), trajectories(&csv), "{compressed}");
    }
}

/// Observables and events compressed by gzip, and as Parquet, are the same rows.
#[test]
fn observables_and_events_are_read_in_every_form() {
    let dir = tempfile::tempdir().unwrap();
    let csv = fixture("original").join("observables.csv");
    let rows = table::observations(&csv).unwrap().rows;
    let staged: Vec<StagedObservation> = rows.iter().cloned().map(StagedObservation).collect();
    let packed = dir.path().join("observables.csv.gz");
    let mut encoder = GzEncoder::new(std::fs::File::create(&packed).unwrap(), Compression::fast());
    encoder.write_all(&std::fs::read(&csv).unwrap()).unwrap();
    encoder.finish().unwrap();
    assert_eq!(table::observations(&packed).unwrap().rows, rows);
    let parquet = dir.path().join("observables.parquet");
    let file = std::fs::File::create(&parquet).unwrap();
    let mut writer = ParquetWriter::new(file).unwrap();
    staged.iter().for_each(|row| writer.write(row).unwrap());
    writer.finish().unwrap();
    let loaded = table::observations(&parquet).unwrap();
    assert_eq!((loaded.rows, loaded.problems.len()), (rows, 0));
    let events =
        table::read_rows::<TrainingEvent>(&fixture("original").join("events.csv")).unwrap();
    let parquet = dir.path().join("events.parquet");
    let mut writer = ParquetWriter::new(std::fs::File::create(&parquet).unwrap()).unwrap();
    events
        .rows
        .iter()
        .for_each(|row| writer.write(row).unwrap());
    writer.finish().unwrap();
    let read = table::read_rows::<TrainingEvent>(&parquet).unwrap();
    assert_eq!((read.rows, read.problems.len()), (events.rows, 0));
}

#[test]
fn what_cannot_be_read_is_named_with_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    for (name, parts) in [
        ("decimal_commas.csv", ["separated by ';'", "decimal point"]),
        ("write_csv2.csv", ["separated by ';'", "write.csv in R"]),
        (
            "tabs.csv",
            ["separated by '\\t'", "write the table with commas"],
        ),
        ("utf16.csv", ["UTF-16", "save it as CSV in UTF-8"]),
        (
            "brotli.parquet",
            [
                "another method than snappy, zstd or gzip",
                "compression=\"snappy\"",
            ],
        ),
        (
            "german_truth.csv",
            ["line 2: best = \"FALSCH\"", "true or false"],
        ),
    ] {
        std::fs::copy(fixture("refused").join(name), dir.path().join("fits.csv")).unwrap();
        refused(
            &["report", dir.path().to_str().unwrap()],
            &["fits.csv", parts[0], parts[1]],
        );
        assert!(!dir.path().join("report").exists(), "{name}");
    }
}

#[test]
fn one_bad_cell_is_named_with_column_and_line_and_costs_its_row() {
    let dir = tempfile::tempdir().unwrap();
    let csv = "\"\",\"model\",\"layer\",\"step\",\"ratio\"\n\
        \"1\",\"m\",1,0,5\n\"2\",\"m\",1,\"1,000\",5\n\"3\",NA,1,2,5\n\"4\",\"m\",1,1e+05,6\n";
    std::fs::write(dir.path().join("t.csv"), csv).unwrap();
    let output = run(&["fit", &path(dir.path(), "t.csv"), "--format", "csv"]);
    let said = text(&output.stderr);
    for part in [
        "line 3: step = \"1,000\"",
        "thousands",
        "line 4: model = \"NA\"",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert!(text(&output.stdout).contains("it has 2 points"));
}
