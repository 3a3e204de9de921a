//! `fit RUN`, then `report RUN`.

use super::{fixture, path, succeeded, trajectories};

#[test]
fn the_fits_of_a_folder_go_into_it_and_the_report_has_them() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().display().to_string();
    std::fs::copy(
        fixture("original/measurements.csv"),
        dir.path().join("measurements.csv"),
    )
    .unwrap();
    let (shown, said) = succeeded(&["fit", &folder, "--hypothesis", "emergence,log only"]);
    assert!(
        shown.contains("hypothesis") && shown.contains("log only"),
        "{shown}"
    );
    assert!(shown.contains("fits.csv and curves.csv are in"), "{shown}");
    assert!(said.contains("2 series; best"), "{said}");
    let fits = std::fs::read_to_string(dir.path().join("fits.csv")).unwrap();
    assert_eq!(fits.lines().count(), 5);
    let curves = std::fs::read_to_string(dir.path().join("curves.csv")).unwrap();
    assert_eq!(curves.lines().count(), 4 * 200 + 1);
    succeeded(&["report", &folder]);
    let page = std::fs::read_to_string(dir.path().join("report/report.html")).unwrap();
    let part = &page[page.find("<h2 id=\"fits\">").unwrap()..];
    assert!(
        part.contains("quoted") && part.contains("0 of them without a fit"),
        "{part}"
    );
}

/// Wherever the page is, the links under its tables lead to the files that they come from.
#[test]
fn a_report_links_to_its_tables_from_where_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run 1");
    std::fs::create_dir(&run).unwrap();
    std::fs::copy(
        fixture("original/measurements.csv"),
        run.join("measurements.csv"),
    )
    .unwrap();
    let folder = run.display().to_string();
    succeeded(&["fit", &folder, "--intervals", "0"]);
    for page in ["run 1/report", "pages/new/one"] {
        let page = dir.path().join(page);
        succeeded(&["report", &folder, "--out", page.to_str().unwrap()]);
        let html = std::fs::read_to_string(page.join("report.html")).unwrap();
        let links = html.split("All columns: <a href=\"").skip(1);
        let links: Vec<&str> = links.map(|l| l.split('"').next().unwrap()).collect();
        let files = links.iter().map(|link| page.join(link.replace("%20", " ")));
        let names: Vec<_> = files.map(|file| file.canonicalize().unwrap()).collect();
        let wanted = ["measurements.csv", "fits.csv", "fits.csv"];
        let wanted = wanted.map(|name| run.join(name).canonicalize().unwrap());
        assert_eq!(names, wanted, "{links:?}");
    }
}

#[test]
fn a_report_says_that_its_fits_are_older_than_what_was_measured() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().display().to_string();
    let rows = |steps: u32| -> String {
        let row = |i: u32| format!("m,1,{},{}\n", 10 * i, 5.0 + f64::from(i).sqrt());
        "model,layer,step,ratio\n".to_owned() + &(0..steps).map(row).collect::<String>()
    };
    let table = dir.path().join("trajectories.csv");
    std::fs::write(&table, rows(12)).unwrap();
    succeeded(&["fit", &folder, "--intervals", "0"]);
    assert_eq!(succeeded(&["report", &folder]).1, "");
    std::fs::write(&table, rows(20)).unwrap();
    let said = succeeded(&["report", &folder]).1;
    assert!(
        said.contains("layer 1 was fitted to 12 points and has 20"),
        "{said}"
    );
}

#[test]
fn what_is_asked_for_by_name_goes_there_alone() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().display().to_string();
    std::fs::copy(
        fixture("original/measurements.csv"),
        dir.path().join("measurements.csv"),
    )
    .unwrap();
    let options = ["--intervals", "0", "--hypothesis", "log only"];
    for to in [
        &["--out", "-"][..],
        &["--format", "json"],
        &["--out", &path(dir.path(), "new/f.json")],
    ] {
        succeeded(&[&["fit", &folder], to, &options].concat());
        assert!(!dir.path().join("fits.csv").exists(), "{to:?}");
    }
    assert!(dir.path().join("new/f.json").is_file());
}

#[test]
fn fits_that_replace_others_say_so() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().display().to_string();
    std::fs::write(dir.path().join("trajectories.csv"), trajectories()).unwrap();
    let fit = |options: &[&str]| succeeded(&[&["fit", &folder][..], options].concat()).1;
    let logistic = ["--hypothesis", "logistic", "--intervals", "0"];
    assert!(!fit(&logistic).contains("replaces"));
    assert!(!fit(&logistic).contains("replaces"), "nothing changed");
    let said = fit(&["--hypothesis", "emergence,log only", "--intervals", "0"]);
    assert!(said.contains("fits.csv replaces the one of 2"), "{said}");
    assert!(said.contains("(1 rows; hypotheses: logistic)"), "{said}");
    std::fs::write(dir.path().join("fits.csv"), "mine").unwrap();
    assert!(fit(&logistic).contains("which could not be read"));
}
