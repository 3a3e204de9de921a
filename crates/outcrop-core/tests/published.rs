//! The published data set, as printed by NumPy (fixtures/export_published.py).

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};

use outcrop_core::published::{self, PublishedData};
use outcrop_core::{Ratio, table};

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/published")
        .join(path)
}

fn read(path: &str) -> PublishedData {
    published::read(&fixture(path), Ratio::MeanOverMean).unwrap()
}

fn said(published: &PublishedData, file: &str) -> String {
    let of_file = published
        .problems
        .iter()
        .filter(|p| p.context.ends_with(file));
    let said: Vec<_> = of_file.map(ToString::to_string).collect();
    said.join("\n")
}

#[test]
fn the_ratios_are_those_that_numpy_computes() {
    let published = read("");
    let expected = table::trajectories(&fixture("expected.csv")).unwrap().rows;
    assert_eq!(published.trajectories.len(), 6 + 24);
    assert_eq!(published.trajectories[6].model, "pythia-410m");
    for t in &published.trajectories {
        let other = expected
            .iter()
            .find(|e| (&e.model, e.layer) == (&t.model, t.layer));
        let other = other.unwrap();
        assert!(t.steps.is_sorted(), "{:?}", t.steps);
        assert_eq!(t.steps.len(), other.steps.len());
        for (i, step) in t.steps.iter().enumerate() {
            let at = other.steps.iter().position(|s| s == step).unwrap();
            assert!((t.ratios[i] / other.ratios[at] - 1.0).abs() < 1e-12);
            // at step 0 all ratios are equal, and the error is the rounding of float32
            let slack = 1e-12 * other.sem[at] + 1e-14 * t.ratios[i];
            assert!((t.sem[i] - other.sem[at]).abs() < slack);
        }
    }
    // NaN and infinity leave out their layer at that step, and no other
    let steps = |layer: usize| published.trajectories[layer - 1].steps.clone();
    assert_eq!(steps(1), [0, 8, 16, 64, 512, 1000]);
    assert_eq!(steps(3), [0, 8, 16, 64, 1000]);
    assert_eq!(steps(6), [0, 8, 16, 64, 1000]);
}

#[test]
fn every_malformed_file_is_named_with_its_reason() {
    let published = read("");
    for (file, reason) in [
        (
            "exp2_pythia_2.8b_step1",
            "abbreviated by NumPy: `...` stands for values",
        ),
        ("exp2_pythia_1b_step0", "before its brackets close"),
        ("exp2_pythia_1b_step1", "2 brackets deep, expected 3"),
        ("exp2_pythia_1b_step2", "15 layers, pythia-1b has 16"),
        ("exp2_pythia_1b_step4", "no values"),
        ("exp2_pythia_1b_step8", "no text"),
        ("stats/notes", "no name of the data set"),
        ("exp2_pythia_14m_step512", "2 of 60 columns"),
        ("layer_fit_params_median.json", "no list over layers"),
    ] {
        assert!(
            said(&published, file).contains(reason),
            "{file}: {}",
            said(&published, file)
        );
    }
    assert_eq!(published.problems.len(), 9);
}

#[test]
fn whatever_numpy_abbreviates_and_python_writes_is_named() {
    let traps = read("../published_traps");
    for (file, reason) in [
        ("2.8b_step2", "abbreviated by NumPy"),
        ("2.8b_step4", "abbreviated by NumPy"),
        ("2.8b_step8", "abbreviated by NumPy"),
        ("2.8b_step16", "abbreviated by NumPy"),
        ("2.8b_step32", "abbreviated by NumPy"),
        ("2.8b_step64", "nested more than 3 deep"),
        ("2.8b_step128k", "no name of the data set"),
        ("2.8b_step1152921504606846976", "no name of the data set"),
        ("2.8b/params/layer_fit_params_ratio.json", "3 popt"),
    ] {
        let said = said(&traps, file);
        assert!(said.contains(reason), "{file}: {said}");
    }
    assert_eq!((traps.trajectories.len(), traps.problems.len()), (0, 10));
}

#[test]
fn fits_are_read_by_the_names_of_their_parameters() {
    let fits = read("pythia_14m/params").fits;
    assert_eq!(fits.len(), 6 + 3);
    let original = &fits[0];
    assert_eq!(original.model, "pythia-14m");
    assert_eq!(original.hypothesis, "published original");
    let parameters = [
        original.value("A"),
        original.value("lambda"),
        original.value("gamma"),
        original.value("t0"),
        original.value("K"),
    ];
    assert_eq!(parameters, [1.5, 0.25, 1e-4, 1.0, 30.5].map(Some));
    assert_eq!(
        (original.n, original.r2, original.aic),
        (7, None, Some(-12.5))
    );
    assert!(original.sse.is_some_and(|sse| sse > 0.0 && sse < 1.0));
    assert_eq!(
        (original.value("f_first"), original.value("f_last")),
        (None, None)
    );
    let second = fits.iter().find(|f| f.layer == 2).unwrap();
    assert_eq!(
        (second.value("K"), second.status.as_str()),
        (None, "K is not finite")
    );
    let other = &fits[1];
    assert_eq!(
        (other.value("A1"), other.value("A2")),
        (Some(2.0), Some(-3.0))
    );
    assert_eq!(
        (other.value("beta"), other.value("tau0")),
        (Some(2.5e-5), Some(10.0))
    );
    assert_eq!(fits[2].status, "no parameters published");
    assert_eq!(fits[6].hypothesis, "published top1 original");
}

#[test]
fn any_part_of_the_data_set_can_be_given() {
    for (path, trajectories, fits) in [
        ("pythia_14m", 6, 9),
        ("pythia_14m/stats", 6, 0),
        ("pythia_14m/params", 0, 9),
        ("pythia_410m/stats/exp2_pythia_410m_step143000", 24, 0),
        ("pythia_14m/params/layer_fit_params_ratio.json", 0, 6),
    ] {
        assert!(published::recognise(&fixture(path)), "{path}");
        let found = read(path);
        assert_eq!(
            (found.trajectories.len(), found.fits.len()),
            (trajectories, fits),
            "{path}"
        );
    }
    for path in ["pythia_14m/series", "expected.csv", "absent"] {
        assert!(!published::recognise(&fixture(path)), "{path}");
        assert!(
            published::read(&fixture(path), Ratio::MeanOverMean).is_err(),
            "{path}"
        );
    }
}

#[test]
fn a_file_that_is_too_large_is_refused_before_it_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("exp2_pythia_14m_step0");
    std::fs::File::create(&path)
        .unwrap()
        .set_len(1 << 30)
        .unwrap();
    let found = published::read(&path, Ratio::MeanOverMean).unwrap();
    assert!(said(&found, "step0").contains("larger than 16 MiB"));
}

/// What Python writes for numbers that are none, or that no f64 holds.
#[test]
fn parameters_that_are_no_numbers_are_missing_and_the_others_read() {
    let found = read("../published_traps");
    let fit = &found.fits[0];
    let read = ["A", "lambda", "gamma", "t0", "K"].map(|name| fit.value(name));
    assert_eq!(read, [None, Some(1e-320), Some(1e30), Some(0.0), None]);
    assert_eq!(fit.status, "A is not finite; K is not finite");
    assert_eq!((fit.r2, fit.aic, fit.sse, fit.n), (None, None, None, 2));
    assert!(said(&found, "ratio.json").contains("layer 2, \"original\": no map"));
}

#[test]
fn what_is_imported_is_read_as_any_folder_of_results() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("imported");
    let found = published::import(&fixture(""), Ratio::MeanOverMean, &folder).unwrap();
    assert_eq!(found, read(""));
    let from_csv = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();

    let loaded = table::measurements(&folder.join("measurements.csv")).unwrap();
    let again = outcrop_core::Trajectory::from_measurements(&loaded.rows, Ratio::MeanOverMean);
    assert_eq!(again, found.trajectories);
    // 14m: six steps of six layers; 410m: one step of 24; ten sequences each
    assert_eq!(loaded.rows.len(), 6 * 6 * 10 + 24 * 10);
    let written = table::trajectories(&folder.join("trajectories.csv")).unwrap();
    assert_eq!(
        (written.rows, written.problems),
        (found.trajectories.clone(), vec![])
    );
    let first = from_csv("measurements.csv");
    let header = first.lines().next().unwrap();
    assert!(
        header.ends_with(",median"),
        "places are not known: {header}"
    );

    let fits = table::read_rows::<outcrop_core::Fit>(&folder.join("fits-published.csv")).unwrap();
    assert_eq!((fits.rows, fits.problems), (found.fits.clone(), vec![]));
    assert_eq!(
        from_csv("problems.txt").lines().count(),
        found.problems.len()
    );
    assert!(from_csv("problems.txt").contains("2.8b_step1: abbreviated by NumPy"));
    let opened = outcrop_core::open_trajectories(&folder, Ratio::MeanOverMean).unwrap();
    assert_eq!(opened.count(), found.trajectories.len());
}

#[test]
fn an_import_without_magnitudes_has_its_headers_and_a_failed_one_no_file() {
    let dir = tempfile::tempdir().unwrap();
    published::import(
        &fixture("pythia_14m/params"),
        Ratio::MeanOverMean,
        dir.path(),
    )
    .unwrap();
    let measurements = table::measurements(&dir.path().join("measurements.csv")).unwrap();
    assert_eq!((measurements.rows, measurements.problems), (vec![], vec![]));
    let empty = tempfile::tempdir().unwrap();
    let absent = fixture("absent");
    assert!(published::import(&absent, Ratio::MeanOverMean, empty.path()).is_err());
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0);
}
