//! What the page holds for its script, and without it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod synthetic;

use outcrop_core::Attribution;
use outcrop_report::{Inputs, write_report};
use synthetic::study;

fn page(inputs: &Inputs) -> String {
    let dir = tempfile::tempdir().unwrap();
    std::fs::read_to_string(write_report(inputs, dir.path()).unwrap().html).unwrap()
}

/// The text between `from` and `to`.
fn between<'p>(page: &'p str, from: &str, to: &str) -> &'p str {
    let start = page.find(from).unwrap() + from.len();
    &page[start..start + page[start..].find(to).unwrap()]
}

#[test]
fn the_first_box_says_what_grew_and_what_can_be_predicted() {
    let mut inputs = study("A study");
    let verdict = "K: no better than the depth-only baseline, p = 0.500 (4 architectures)";
    inputs.verdicts = vec![verdict.into()];
    let page = page(&inputs);
    let first = between(&page, "<section class=\"answer\"", "</section>");
    for words in [
        "In <strong>2 of 4</strong> models",
        "The most: wide-4x128, layer 3",
        verdict,
        "<strong>Not predictable beyond the depth of a layer</strong>: K",
        "2350 in Pythia-1.4B",
    ] {
        assert!(first.contains(words), "{words}: {first}");
    }
    assert!(page.find("<section class=\"answer\"").unwrap() < page.find("<nav").unwrap());
}

#[test]
fn every_layer_is_among_the_data_of_the_script() {
    let inputs = study("A study");
    let page = page(&inputs);
    let data = between(&page, "id=\"data\">", "</script>");
    let lines = between(data, "\"lines\":[", "]],");
    assert_eq!(lines.split("],[").count(), 15);
    assert!(data.contains("\"hypotheses\":[\"emergence\"]"));
    assert!(data.contains("\"name\":\"wide-4x128\""));
    assert!(!data.contains('<') && !data.contains('&'));
}

#[test]
fn figures_of_the_paper_are_named() {
    let mut inputs = study("A study");
    for target in ["K", "lambda"] {
        inputs.attributions.extend((1..=3).map(|layer| Attribution {
            model: "relu-3x64".into(),
            layer,
            target: target.into(),
            regressor: "shape".into(),
            group: "ln d".into(),
            value: 64f64.ln(),
            shapley: 0.1 * f64::from(layer),
            base: 1.0,
            predicted: 1.0 + 0.1 * f64::from(layer),
        }));
    }
    let page = page(&inputs);
    for number in 1..=10 {
        assert!(
            page.contains(&format!("(figure {number} of the paper)")),
            "{number}"
        );
    }
    // in the reader's terms
    assert!(page.contains("d_model = 64") && !page.contains("ln d ="));
}

#[test]
fn tables_link_to_their_files_where_the_folder_is_known() {
    let mut inputs = study("A study");
    assert!(!page(&inputs).contains("fits.csv\">"));
    let files = ["trajectories.csv.gz", "fits.csv", "scores.parquet"];
    let named = files.map(|file| (file.split('.').next().unwrap_or(file), file));
    let seen = named.map(|(name, file)| (name.to_owned(), format!("../{file}")));
    inputs.tables = seen.into();
    let page = page(&inputs);
    for file in files {
        assert!(
            page.contains(&format!("<a href=\"../{file}\">{file}</a>")),
            "{file}"
        );
    }
    assert!(page.contains("<details><summary>Where the numbers come from"));
}

#[test]
fn rows_beyond_the_first_are_kept_as_data() {
    let mut inputs = study("A study");
    let fits: Vec<_> = inputs
        .fits
        .iter()
        .filter(|f| f.model == "relu-3x64")
        .cloned()
        .collect();
    for i in 0..100 {
        inputs.fits.extend(fits.iter().cloned().map(|mut fit| {
            fit.model = format!("copy-{i}");
            fit
        }));
    }
    let page = page(&inputs);
    let kept = between(&page, "id=\"best-fits-rest\">", "</script>");
    // one of the 315 layers has no fit
    assert_eq!(kept.matches("\"emergence\"").count(), 315 - 250 - 1);
}
