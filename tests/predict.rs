//! The command `predict`: the bundled predictor, one that the user trained, and scores.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::path::Path;

use common::{files, outcrop, text};
use outcrop::arch::ArchSpec;
use outcrop::core::table::read_rows_from;
use outcrop::core::{CurvePoint, Prediction, Score};
use outcrop::predict::Predictor;

/// Status, standard output, standard error.
fn run(args: &[&str]) -> (i32, String, String) {
    let output = outcrop().args(args).output().unwrap();
    let code = output.status.code().unwrap();
    (code, text(&output.stdout), text(&output.stderr))
}

/// `predict` with `args`, which must succeed.
fn predict(args: &[&str]) -> (String, String) {
    let (code, said, errors) = run(&[&["predict"], args].concat());
    assert_eq!(code, 0, "{args:?}: {errors}");
    (said, errors)
}

/// `predict` with `args`, which must fail and say every part.
fn refused(args: &[&str], parts: &[&str]) {
    let (code, _, errors) = run(&[&["predict"], args].concat());
    assert_eq!(code, 1, "{args:?}: {errors}");
    for part in parts {
        assert!(errors.contains(part), "{args:?}, {part}: {errors}");
    }
}

/// Models (width, layers) whose ratio grows with width and depth.
fn results(folder: &Path, models: &[(usize, usize)]) -> String {
    let mut archs = "model,layers,d_model,heads,vocab,context\n".to_owned();
    let mut fits = "model,layer,hypothesis,n,f_first,f_last,f_max,t_half\n".to_owned();
    for (width, layers) in models {
        archs += &format!("m{width}-{layers},{layers},{width},4,100,64\n");
        for layer in 1..=*layers {
            let ratio = *width as f64 / 8.0 * (0.5 + 0.5 * layer as f64 / *layers as f64);
            let f_max = 1.2 * ratio;
            fits += &format!("m{width}-{layers},{layer},emergence,30,5,{ratio},{f_max},300\n");
        }
    }
    std::fs::write(folder.join("architectures.csv"), archs).unwrap();
    std::fs::write(folder.join("fits.csv"), fits).unwrap();
    folder.display().to_string()
}

const TWELVE: [(usize, usize); 12] = [
    (32, 2),
    (32, 4),
    (64, 3),
    (64, 2),
    (96, 4),
    (96, 3),
    (128, 2),
    (128, 5),
    (192, 3),
    (192, 2),
    (256, 4),
    (256, 3),
];
const ASKED: [&str; 6] = ["--layers", "6", "--d-model", "128", "--heads", "4"];

fn rows(csv: &str) -> Vec<Prediction> {
    read_rows_from(csv.as_bytes(), "predictions").unwrap().rows
}

#[test]
fn what_comes_along_is_what_the_atlases_teach() {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shipped = std::fs::read_to_string(crate_dir.join("data/predictor.txt")).unwrap();
    // read in a few milliseconds
    assert!(shipped.len() < 600_000);
    let shipped = Predictor::from_text(&shipped).unwrap();
    let origin = shipped.origin();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("p.txt");
    let folders = ["atlas", "atlas2", "atlas3"].map(|part| format!("../../data/{part}"));
    let [first, second, third] = folders.map(|part| crate_dir.join(part).display().to_string());
    let path = file.display().to_string();
    let date = origin.date.clone().unwrap();
    assert_eq!(origin.notes.last_step, Some(2000));
    predict(&[
        "--retrain",
        &first,
        &second,
        &third,
        "--date",
        &date,
        "--save",
        &path,
    ]);
    let again = Predictor::from_text(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(again.regressor(), shipped.regressor());
    assert_eq!(again.origin().notes, origin.notes);
    assert_eq!(again.origin().models, origin.models);
    if cfg!(target_os = "linux") {
        // elsewhere a logarithm may end in another bit
        assert_eq!(again.origin().data_sha256, origin.data_sha256);
    }
    for (layers, width, heads) in [(1, 32, 1), (6, 128, 4), (24, 1024, 16)] {
        let arch = ArchSpec::new(layers, width, heads);
        let rows = |p: &Predictor| p.predict_with_bands("m", &arch, 0.9).unwrap().rows();
        let curves = |p: &Predictor| {
            let predicted = p.predict_with_bands("m", &arch, 0.9).unwrap();
            predicted.curves(&[0.0, 20.0, 300.0, 2000.0]).unwrap()
        };
        for (a, b) in curves(&again).iter().zip(curves(&shipped)) {
            assert!((a.value / b.value - 1.0).abs() < 1e-9, "{a:?} {b:?}");
            let (a, b) = (a.value_hi.unwrap(), b.value_hi.unwrap());
            // errors are saved in parts of 10^4, rounded up
            assert!((a / b - 1.0).abs() < 2e-4, "{a} {b}");
        }
        for (a, b) in rows(&again).iter().zip(rows(&shipped)) {
            let pairs = [
                (Some(a.predicted), Some(b.predicted)),
                (a.predicted_lo, b.predicted_lo),
                (a.predicted_hi, b.predicted_hi),
            ];
            for (a, b) in pairs {
                let (a, b) = (a.unwrap_or(0.0), b.unwrap_or(0.0));
                assert!((a - b).abs() <= 1e-10 * a.abs().max(1.0), "{a} {b}");
            }
        }
    }
}

#[test]
fn an_architecture_is_answered_at_once() {
    let (said, errors) = predict(&ASKED);
    assert_eq!(errors, "");
    let layers = said
        .lines()
        .filter(|l| l.trim_start().starts_with(char::is_numeric));
    assert_eq!(layers.clone().filter(|l| l.contains(" to ")).count(), 6);
    for part in [
        "6x128-h4: 6 layers, d_model 128, heads 4, d_head 32, d_ff 512",
        "step 0",
        "t_half",
        "bands of 90 %: 90 % of similar architectures fall in each",
        "step 0: a measured ratio, as are the curves",
        "left out of training that lie in the band around their curve: ",
        " % at steps 1000 to 2000",
        "306 models of 222 architectures",
        "found in them: architectures and recipes tell more than depth of ",
        "for training on bigram-backcopy bytes, 2000 updates of 32 sequences of 32 tokens, learning rate 0.01; learned from ",
        "range of training: layers 1 to 12, d_model 32 to 256, heads 1 to 8, d_head 4 to 256, d_ff/d_model 1 to 8, ",
        "learning_rate 0.003 to 0.01, batch 8 to 32, context 32 to 128;",
        "6x128-h4 lies within it",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let braille = |text: &str| text.chars().any(|c| ('\u{2801}'..='\u{28ff}').contains(&c));
    assert!(!braille(&said)); // no terminal reads it
    assert!(braille(&predict(&[&ASKED[..], &["--plot"]].concat()).0));

    let named = ["--d-ff", "128", "--model", "mine", "--level", "0.8"];
    let (said, _) = predict(&[&ASKED[..], &named].concat());
    assert!(
        said.starts_with("mine: ") && said.contains("d_ff 128; by shape"),
        "{said}"
    );
    assert!(said.contains("bands of 80 %"));
}

#[test]
fn bands_hold_the_prediction_and_grow_with_the_level() {
    let at = |level: &str| {
        let more = ["--level", level, "--format", "csv"];
        rows(&predict(&[&ASKED[..], &more].concat()).0)
    };
    let (wide, narrow) = (at("0.9"), at("0.5"));
    assert_eq!(wide.len(), narrow.len());
    let mut bands = 0;
    for (wide, narrow) in wide.iter().zip(&narrow) {
        assert_eq!(wide.predicted, narrow.predicted);
        let (Some(low), Some(high)) = (wide.predicted_lo, wide.predicted_hi) else {
            continue;
        };
        let (inner_low, inner_high) = (narrow.predicted_lo.unwrap(), narrow.predicted_hi.unwrap());
        assert!(low <= inner_low && inner_low <= wide.predicted, "{wide:?}");
        assert!(
            wide.predicted <= inner_high && inner_high <= high,
            "{wide:?}"
        );
        bands += 1;
    }
    assert!(bands >= 6 * 4, "{bands}");
}

#[test]
fn what_lies_outside_is_named() {
    let (said, errors) = predict(&["--pythia", "70m"]);
    assert!(said.contains("pythia-70m lies outside it"), "{said}");
    assert!(
        errors.contains(
            "warning: d_model = 512 lies outside the training range 32 to 256, 2 times its largest"
        ),
        "{errors}"
    );
    assert!(!errors.contains("ln "), "{errors}");
    let dir = tempfile::tempdir().unwrap();
    let spec = dir.path().join("small.toml");
    std::fs::write(&spec, "[arch]\nlayers = 2\nd_model = 64\nheads = 2\n").unwrap();
    let (said, errors) = predict(&["--arch", &spec.display().to_string()]);
    assert!(
        said.starts_with("small: 2 layers, d_model 64, heads 2, d_head 32"),
        "{said}"
    );
    assert_eq!(errors, "");
}

/// Corpus, length, rate, batch and context change the prediction; curves end with the run.
#[test]
fn a_recipe_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let curves = dir.path().join("curves.csv").display().to_string();
    let recipe = "--steps 300 --learning-rate 0.003 --batch 8 --context 64";
    let recipe: Vec<&str> = recipe.split(' ').collect();
    let recipe = [&ASKED[..], &["--corpus", "crates bytes"], &recipe].concat();
    let (said, errors) = predict(&[&recipe[..], &["--curves", &curves]].concat());
    assert_eq!(errors, "");
    let trained = "for training on crates bytes, 300 updates of 8 sequences of 64 tokens, learning rate 0.003";
    assert!(said.contains(trained), "{said}");
    let table = files(dir.path())["curves.csv"].clone();
    let points: Vec<CurvePoint> = read_rows_from(&*table, "curves").unwrap().rows;
    assert_eq!(points.last().unwrap().step, 300.0);

    let of = |more: &[&str]| predict(&[&ASKED[..], more, &["--format", "csv"]].concat()).0;
    let usual = of(&[]);
    assert_eq!(of(&["--steps", "2000", "--batch", "32"]), usual);
    for other in [
        ["--corpus", "crates bpe:512"],
        ["--steps", "300"],
        ["--learning-rate", "0.003"],
        ["--batch", "8"],
        ["--context", "128"],
    ] {
        assert_ne!(of(&other), usual, "{other:?}");
    }

    let asked = |more: &[&'static str]| [&ASKED[..], more].concat();
    let (_, errors) = predict(&asked(&["--learning-rate", "1"]));
    let outside = "learning_rate = 1 lies outside the training range 0.003 to 0.01";
    assert!(errors.contains(outside), "{errors}");
    let unknown = ["has not learned from `nowhere`", "`crates bytes`"];
    refused(&asked(&["--corpus", "nowhere"]), &unknown);
    refused(&asked(&["--steps", "0"]), &["--steps", "1 or more"]);
    let rate = asked(&["--learning-rate", "0"]);
    refused(&rate, &["--learning-rate", "not a number above 0"]);
    let own = results(dir.path(), &TWELVE);
    let blind = [&[own.as_str()][..], &ASKED, &["--steps", "300"]].concat();
    refused(&blind, &["the recipe", "no recipes.csv"]);
}

#[test]
fn curves_and_a_drawing_are_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (svg, csv_path) = (path("mine.svg"), path("mine.csv"));
    predict(&[&ASKED[..], &["--svg", &svg, "--curves", &csv_path]].concat());
    let written = files(dir.path());
    assert_eq!(written.len(), 2);
    let svg = text(&written["mine.svg"]);
    for part in [
        "<svg",
        "Predicted: 6x128-h4",
        "layer 6",
        "band of layer",
        "learned on",
        "at each step, 90 % of similar architectures fall in the band",
    ] {
        assert!(svg.contains(part), "{part}");
    }
    let csv = &written["mine.csv"];
    let curves: Vec<CurvePoint> = read_rows_from(&**csv, "curves").unwrap().rows;
    assert_eq!(curves.len(), 6 * 201);
    assert_eq!((curves[0].step, curves[200].step), (0.0, 2000.0));
    // a run that is longer than those of training is another run
    refused(
        &[&ASKED[..], &["--last-step", "4000", "--curves", &csv_path]].concat(),
        &["curve at step 4000", "measured at steps 0 to 2000"],
    );
    for point in &curves {
        let (low, high) = (point.value_lo.unwrap(), point.value_hi.unwrap());
        assert!(low <= point.value && point.value <= high, "{point:?}");
    }
}

#[test]
fn a_predictor_of_ones_own_is_saved_and_used() {
    let dir = tempfile::tempdir().unwrap();
    let own = results(dir.path(), &TWELVE);
    let file = dir.path().join("mine.txt").display().to_string();
    let more = ["--format", "json"];
    let train = ["--retrain", &own, "--save", &file];
    let (trained, errors) = predict(&[&train[..], &ASKED, &more].concat());
    assert!(errors.contains(&format!("saved: {file}")), "{errors}");
    let (loaded, _) = predict(&[&["--predictor", &file][..], &ASKED, &more].concat());
    let (given, _) = predict(&[&[own.as_str()][..], &ASKED, &more].concat());
    assert_eq!(trained, loaded);
    assert_eq!(trained, given);
    assert_ne!(trained, predict(&[&ASKED[..], &more].concat()).0);
    // f_last = width / 8 in the last layer
    let csv = ["--predictor", &file, "--format", "csv"];
    let rows = rows(&predict(&[&csv[..], &ASKED].concat()).0);
    let last = rows.iter().rfind(|r| r.target == "ln f_last").unwrap();
    assert!((last.predicted - 16f64.ln()).abs() < 0.3, "{last:?}");

    // what stands in two folders counts once, unless it is told apart or differs
    let other = tempfile::tempdir().unwrap();
    let copy = results(other.path(), &TWELVE);
    let both = [&[own.as_str(), &copy][..], &ASKED, &more].concat();
    let (twice, errors) = predict(&both);
    assert_eq!(twice, trained);
    assert!(
        errors.contains("37 fits stand in several folders and count once"),
        "{errors}"
    );
    let fits = std::fs::read_to_string(other.path().join("fits.csv")).unwrap();
    let shifted = fits.replace(",300\n", ",301\n");
    std::fs::write(other.path().join("fits.csv"), shifted).unwrap();
    refused(&both, &["`m32-2`, layer 1", "qualify the names"]);
    predict(&[&both[..], &["--qualify"]].concat());
}

/// Random splits and relabellings draw models: which ones must not hang on the rows of a file.
#[test]
fn rows_in_another_order_have_the_same_scores_and_verdicts() {
    let dirs = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let [own, other] = dirs.each_ref().map(|dir| results(dir.path(), &TWELVE));
    for name in ["architectures.csv", "fits.csv"] {
        let file = dirs[1].path().join(name);
        let table = std::fs::read_to_string(&file).unwrap();
        let mut lines: Vec<&str> = table.lines().collect();
        let rows = lines.len();
        lines[1..].reverse();
        lines[2..rows - 1].rotate_left(3);
        std::fs::write(&file, lines.join("\n")).unwrap();
    }
    let scored = |folder: &str| predict(&[folder, "--regressor", "shape", "--format", "csv"]);
    assert_eq!(scored(&own), scored(&other));
}

#[test]
fn verdicts_come_before_scores_and_tables_stay_clean() {
    let dir = tempfile::tempdir().unwrap();
    let own = results(dir.path(), &TWELVE);
    let (said, errors) = predict(&[&own, "--regressor", "shape"]);
    assert_eq!(errors, "");
    let place = |part: &str| said.find(part).unwrap_or_else(|| panic!("{part}: {said}"));
    assert!(
        place("12 models of 12 architectures, 37 layers") < place("ln f_last: beats the depth")
    );
    assert!(place("ln f_last: beats the depth") < place("\nregressor "));
    assert!(
        said.contains("left out, as layers do not identify them: A 37"),
        "{said}"
    );
    assert!(said.lines().count() < 40, "more than a screen: {said}");

    let (csv, errors) = predict(&[&own, "--regressor", "shape", "--format", "csv"]);
    let scores: Vec<Score> = read_rows_from(csv.as_bytes(), "scores").unwrap().rows;
    assert!(
        errors.contains("ln f_last: beats the depth-only baseline"),
        "{errors}"
    );
    assert!(
        scores
            .iter()
            .any(|s| s.protocol == "leave one model out" && s.p.is_some())
    );
}

#[test]
fn few_models_have_no_bands_and_fewer_no_prediction() {
    let dir = tempfile::tempdir().unwrap();
    let three = results(dir.path(), &[(32, 2), (64, 3), (128, 2)]);
    let (said, errors) = predict(&[&[three.as_str()][..], &ASKED].concat());
    assert!(
        said.contains("without bands") && !said.contains(" ("),
        "{said}"
    );
    assert!(
        errors.contains("3 architectures") && errors.contains("no bands"),
        "{errors}"
    );
    let level = ["--level", "0.5"];
    refused(
        &[&[three.as_str()][..], &ASKED, &level].concat(),
        &["make a band", "3 different architectures", "at least 4"],
    );
    let (said, _) = predict(&[&three]);
    assert!(said.contains("too few architectures (3)"), "{said}");

    let two = results(dir.path(), &[(32, 2), (64, 3)]);
    refused(
        &[&two],
        &[
            "m64-3: a ratio of 9.600 at most, in layer 3",
            "fits of 2 models",
        ],
    );
}

#[test]
fn a_lopsided_table_is_warned_of() {
    let dir = tempfile::tempdir().unwrap();
    let own = results(dir.path(), &[(32, 2), (64, 14), (96, 2), (128, 2)]);
    let fits = std::fs::read_to_string(dir.path().join("fits.csv")).unwrap();
    let fits: Vec<&str> = fits.lines().filter(|l| !l.starts_with("m32-2,1")).collect();
    std::fs::write(dir.path().join("fits.csv"), fits.join("\n")).unwrap();
    let (_, errors) = predict(&[&[own.as_str()][..], &ASKED].concat());
    for part in [
        "`m64-14` makes up more than half of the data on ln f_first, ln f_last",
        "layers are missing in 1 models, such as: `m32-2` has 1 of 2",
        "d_ff/d_model never varies",
    ] {
        assert!(errors.contains(part), "{part}: {errors}");
    }
}

#[test]
fn heads_are_wide_where_none_are_named() {
    let named = |more: &[&str]| predict(&[&["--layers", "2", "--format", "csv"], more].concat()).0;
    for (width, heads) in [("128", "2"), ("96", "1"), ("48", "1")] {
        let alone = named(&["--d-model", width]);
        assert_eq!(alone, named(&["--d-model", width, "--heads", heads]));
    }
}

#[test]
fn bad_input_is_named() {
    let asked = |more: &'static [&'static str]| [&ASKED[..], more].concat();
    let heads = ["--layers", "6", "--d-model", "128", "--heads", "5"];
    refused(
        &heads,
        &["`6x128-h5`", "heads = 5", "a divisor of d_model = 128"],
    );
    refused(
        &asked(&["--level", "0.999"]),
        &["at most 0.9955", "222 architectures"],
    );
    refused(&asked(&["--level", "nan"]), &["level NaN"]);
    refused(&asked(&["--regressor", "rigde"]), &["did you mean `ridge`"]);
    refused(&asked(&["--regressor", "ridge"]), &["trained as shape"]);
    refused(&["nowhere"], &["nowhere/architectures.csv"]);
    refused(
        &[&["nowhere"][..], &ASKED].concat(),
        &["nowhere/architectures.csv"],
    );
    refused(&asked(&["--predictor", "absent.txt"]), &["absent.txt"]);
    refused(&["--pythia", "70x"], &["did you mean 70m"]);
    for bad in [
        &["--layers", "6"][..],
        &["--retrain", "folder"],
        &["--save", "file"],
        &["--pythia", "70m", "--arch", "file"],
        &["--level", "0.9", "folder"],
        &[],
    ] {
        let (code, _, errors) = run(&[&["predict"], bad].concat());
        assert_eq!(code, 2, "{bad:?}: {errors}");
    }
    let dir = tempfile::tempdir().unwrap();
    let own = results(dir.path(), &TWELVE);
    let file = dir.path().join("damaged.txt").display().to_string();
    predict(&["--retrain", &own, "--save", &file]);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, &text[..text.len() / 2]).unwrap();
    refused(
        &[&["--predictor", &file][..], &ASKED].concat(),
        &["damaged.txt", "SHA-256"],
    );
}

#[test]
fn the_help_has_examples() {
    let (said, _) = predict(&["--help"]);
    for part in [
        "Examples:",
        "--layers 6 --d-model 128 --heads 4",
        "--retrain runs/small --save",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}
