use super::*;

const STATS: &str = r#"{"model_name": "tiny-step64", "num_hidden_layers": 2, "num_samples": 3, "per_layer_stats": {
    "embedding_output": {"mean": 0.0, "std": 2.0, "abs_mean": 1.5, "rms": 2.0, "max": 5.0, "min": -7.0, "count": 9.0},
    "layer_0_hidden": {"mean": 3.0, "std": 4.0, "abs_mean": 4.5, "rms": 5.0, "max": 90.0, "min": -100.0, "count": 9.0},
    "layer_0_mlp_gate": {"mean": NaN},
    "layer_1_hidden": {"mean": 3.0, "std": 4.0, "abs_mean": 4.5, "rms": 5.0, "max": 90.0, "min": -9.0, "count": 9.0}}}"#;

const TOP: &str = r#"{"model_name": "tiny-step64", "num_hidden_layers": 2, "num_samples": 3, "per_layer_stats": {
    "layer_0_hidden": {"top5_abs": [100.0, 8.0, 8.0, 7.0, 0.5]},
    "layer_1_hidden": {"top5_abs": [90.0, 8.0, 8.0, 7.0, 0.5]}}}"#;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn rows_have_the_places_of_this_workspace() {
    let files = [
        ("a_activation_stats.json", STATS),
        ("a_top5_stats.json", TOP),
        ("notes.json", ""),
    ];
    let folder = folder(&files);
    assert!(recognise(folder.path()));
    let found = read(folder.path(), None).unwrap();
    let value = |layer, name: &str| {
        let mut rows = found.observations.iter();
        let row = rows
            .find(|row| row.layer == layer && row.observable == name)
            .unwrap();
        assert_eq!((row.model.as_str(), row.step, row.n), ("tiny", 64, 3));
        (row.place.clone(), row.value.unwrap())
    };
    assert_eq!(value(0, "corpus_max_abs"), ("embedding".into(), 7.0));
    assert_eq!(
        value(1, "corpus_max_abs"),
        ("residual-stream".into(), 100.0)
    );
    assert_eq!(value(2, "corpus_rms"), ("residual-stream".into(), 5.0));
    assert_eq!(value(1, "corpus_top5"), ("residual-stream".into(), 0.5));
    assert_eq!(
        (found.observations.len(), found.left_out),
        (25, vec!["layer_N_mlp_gate".to_owned()])
    );
}

#[test]
fn files_of_one_model_must_fit_together() {
    for (from, to, part) in [
        (
            "[100.0",
            "[900.0",
            "residual-stream, layer 1: top5_abs[0] = 900, but max or min = 100 in ",
        ),
        (
            "\"num_samples\": 3",
            "\"num_samples\": 100",
            "num_samples = 100, but 3 in ",
        ),
        (
            "7.0, 0.5]},",
            "7.0, 0.5], \"top5_abs\": [9.0]},",
            "`top5_abs` is there twice",
        ),
        (
            "\"num_hidden_layers\": 2",
            "\"num_hidden_layers\": 2, \"num_hidden_layers\": 3",
            "`num_hidden_layers` = 2 and 3 is there twice",
        ),
    ] {
        assert!(TOP.contains(from));
        let top = TOP.replacen(from, to, 1);
        let files = [
            ("a_activation_stats.json", STATS),
            ("a_top5_stats.json", top.as_str()),
        ];
        let error = read(folder(&files).path(), None).unwrap_err().to_string();
        assert!(
            error.contains(part) && error.contains("a_top5_stats.json"),
            "{error}"
        );
    }
}

#[test]
fn what_is_misread_is_refused_with_file_field_and_value() {
    for (from, to, part) in [
        (
            "\"rms\": 5.0",
            "\"rms\": 6.0",
            "layer_0_hidden.rms = 6 does not follow from mean = 3",
        ),
        (
            "\"max\": 90.0",
            "\"max\": -200.0",
            "mean = 3 is not between min = -100 and max = -200",
        ),
        (
            "\"std\": 4.0",
            "\"std\": null",
            "layer_0_hidden.std = null, not a finite number",
        ),
        (
            "\"abs_mean\": 4.5",
            "\"abs_mean\": 5.5",
            "layer_0_hidden.abs_mean = 5.5 must lie between |mean| = 3 and rms = 5",
        ),
        (
            "\"std\": 4.0",
            "\"std\": -4.0",
            "none of them is ever below 0",
        ),
        (
            "\"layer_0_hidden\"",
            "\"layer_00_hidden\"",
            "write the layer as layer_0",
        ),
        (
            "\"num_hidden_layers\": 2",
            "\"num_hidden_layers\": 3",
            "has no layer_2_hidden",
        ),
        (
            "\"num_hidden_layers\": 2",
            "\"num_hidden_layers\": 1",
            "layer_1_hidden: num_hidden_layers = 1",
        ),
        (
            "\"num_samples\": 3",
            "\"num_samples\": 0",
            "num_samples = 0, not a whole number",
        ),
        (
            "\"model_name\": \"tiny-step64\"",
            "\"name\": 1",
            "model_name = nothing, not a name",
        ),
    ] {
        assert!(STATS.contains(from));
        let folder = folder(&[("a_activation_stats.json", &STATS.replacen(from, to, 1))]);
        let error = read(folder.path(), None).unwrap_err().to_string();
        assert!(
            error.contains(part) && error.contains("a_activation_stats.json"),
            "{error}"
        );
    }
    for numbers in [
        "9.0, \"8\", 8.0, 7.0, 0.5, 0.1",
        "9.0, NaN, 8.0, 7.0, 0.5, 0.1",
        "9.0, 8.0, 8.0, 7.0",
        "9.0, 8.0, 8.5, 7.0, 0.5",
        "9.0, 8.0, 8.0, 7.0, -0.5",
    ] {
        let top = format!(
            r#"{{"model_name": "tiny-step64", "num_hidden_layers": 1, "num_samples": 3, "per_layer_stats": {{
            "layer_0_hidden": {{"top5_abs": [{numbers}]}}}}}}"#
        );
        let folder = folder(&[("a_top5_stats.json", &top)]);
        let error = read(folder.path(), None).unwrap_err().to_string();
        assert!(error.contains("not five magnitudes"), "{error}");
    }
    let twice = folder(&[
        ("a_activation_stats.json", STATS),
        ("b_activation_stats.json", STATS),
    ]);
    let error = read(twice.path(), None).unwrap_err().to_string();
    assert!(error.contains("another file has its numbers"), "{error}");
    let error = read(twice.path(), Some(3)).unwrap_err().to_string();
    assert!(error.contains("says step 64, and --step 3"), "{error}");
    let error = read(folder(&[]).path(), None).unwrap_err().to_string();
    assert!(
        error.contains("no file MODEL_activation_stats.json"),
        "{error}"
    );
}
