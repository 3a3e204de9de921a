//! Figures of observables, with the events of the training.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use outcrop_core::{EventKind, Observation, TrainingEvent};
use outcrop_report::{Inputs, write_report};

fn row(
    layer: u32,
    step: u64,
    head: Option<u32>,
    [place, name]: [&str; 2],
    value: f64,
) -> Observation {
    Observation {
        model: "tiny".into(),
        step,
        layer,
        head,
        place: place.into(),
        observable: name.into(),
        value: Some(value),
        n: 4,
        ..Observation::default()
    }
}

fn observed() -> Vec<Observation> {
    let mut rows = Vec::new();
    for (layer, step) in (1..=3).flat_map(|layer| [0, 1, 10, 100].map(|step| (layer, step))) {
        let grown = f64::from(layer) * (1.0 + step as f64);
        rows.push(row(
            layer,
            step,
            None,
            ["residual-stream", "norm_first_over_mean"],
            grown,
        ));
        for head in 1..=2 {
            let place = ["attention-weights", "attention_entropy"];
            rows.push(row(layer, step, Some(head), place, f64::from(head)));
        }
    }
    rows
}

fn page(inputs: &Inputs) -> (String, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let written = write_report(inputs, folder.path()).unwrap();
    let name = |path: &std::path::PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    let mut names: Vec<String> = written.figures.iter().map(name).collect();
    names.dedup();
    (std::fs::read_to_string(written.html).unwrap(), names)
}

#[test]
fn each_family_with_values_has_a_figure_of_the_events_too() {
    let inputs = Inputs {
        observations: observed(),
        events: vec![TrainingEvent {
            model: "tiny".into(),
            step: 10,
            event: EventKind::DecayStart,
            value: Some(1e-3),
            stage: None,
        }],
        ..Inputs::default()
    };
    let (page, names) = page(&inputs);
    assert_eq!(names, ["observables-tokens", "observables-attention"]);
    for words in [
        "norm_first_over_mean, residual-stream",
        "attention_entropy, attention-weights",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert_eq!(page.matches("decay start").count(), 2); // in each panel
}

#[test]
fn without_values_the_page_says_so() {
    let empty = Observation {
        value: None,
        reason: Some("too-short".into()),
        ..row(1, 0, None, ["residual-stream", "norm_first_over_mean"], 0.0)
    };
    for observations in [vec![], vec![empty]] {
        let (page, names) = page(&Inputs {
            observations,
            ..Inputs::default()
        });
        assert!(names.is_empty());
        assert!(page.contains("Left out: there are no observables"));
    }
}
