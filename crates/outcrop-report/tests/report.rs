//! What a reader of a report relies on: every figure is there in both formats, is well-formed and
//! stays inside its frame; nothing of the inputs becomes markup; nothing missing is an error.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod synthetic;

use std::path::Path;

use outcrop_report::{
    GROWTH_FACTOR, Inputs, MassiveModels, Written, summary, write_report, write_report_with,
};
use synthetic::study;

const FIGURES: [&str; 11] = [
    "emergence",
    "overview",
    "size",
    "layers",
    "ratio",
    "heatmaps",
    "fits",
    "goodness",
    "peak-surface",
    "loss",
    "prediction",
];

fn write(inputs: &Inputs) -> (tempfile::TempDir, Written, String) {
    let dir = tempfile::tempdir().unwrap();
    let written = write_report(inputs, dir.path()).unwrap();
    let page = std::fs::read_to_string(&written.html).unwrap();
    (dir, written, page)
}

/// The numbers in the geometry of an SVG, with the text of its `text` elements.
fn coordinates_and_texts(svg: &str) -> (Vec<f64>, Vec<String>) {
    let document = roxmltree::Document::parse(svg).unwrap();
    let (mut numbers, mut texts) = (Vec::new(), Vec::new());
    for node in document.descendants().filter(|n| n.is_element()) {
        for name in [
            "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "width", "height", "points", "d",
        ] {
            let value = node.attribute(name).unwrap_or("");
            let parts = value.split(|c: char| c == ',' || c.is_whitespace());
            let parts = parts
                .map(|p| p.trim_start_matches(['M', 'L', 'Z']))
                .filter(|p| !p.is_empty());
            numbers.extend(parts.map(|p| {
                p.parse::<f64>()
                    .unwrap_or_else(|_| panic!("{name}={value}"))
            }));
        }
        if node.has_tag_name("text") {
            texts.extend(node.text().map(|t| t.trim().to_owned()));
        }
    }
    (numbers, texts)
}

/// Width and height in the header of a PNG.
fn png_size(path: &Path) -> (u32, u32) {
    let bytes = std::fs::read(path).unwrap();
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n", "{}", path.display());
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    assert!(
        bytes.len() > 4000,
        "{} is too small to show anything",
        path.display()
    );
    (number(16), number(20))
}

#[test]
fn every_figure_is_there_in_both_formats_and_of_the_same_shape() {
    let (dir, written, page) = write(&study("A study"));
    assert_eq!(written.figures.len(), 2 * FIGURES.len());
    for name in FIGURES {
        let path = dir.path().join("figures").join(name);
        let svg = std::fs::read_to_string(path.with_extension("svg")).unwrap();
        let document = roxmltree::Document::parse(&svg).unwrap();
        let declared = |a| {
            document
                .root_element()
                .attribute(a)
                .unwrap()
                .parse::<u32>()
                .unwrap()
        };
        let (width, height) = png_size(&path.with_extension("png"));
        assert_eq!(
            (width, height),
            (2 * declared("width"), 2 * declared("height")),
            "{name}"
        );
        assert!(page.contains(&format!("<figure id=\"{name}\">")), "{name}");
    }
}

#[test]
fn every_coordinate_is_a_number_inside_the_frame_and_text_is_readable() {
    let (_dir, written, _) = write(&study("A study"));
    for path in written
        .figures
        .iter()
        .filter(|p| p.extension().is_some_and(|e| e == "svg"))
    {
        let svg = std::fs::read_to_string(path).unwrap();
        let document = roxmltree::Document::parse(&svg).unwrap();
        let root = document.root_element();
        let frame: Vec<f64> = root
            .attribute("viewBox")
            .unwrap()
            .split(' ')
            .map(|v| v.parse().unwrap())
            .collect();
        let units = frame[2] / root.attribute("width").unwrap().parse::<f64>().unwrap();
        let (numbers, texts) = coordinates_and_texts(&svg);
        let most = frame[2].max(frame[3]);
        assert!(
            numbers.iter().all(|n| (0.0..=most).contains(n)),
            "{}",
            path.display()
        );
        assert!(texts.len() > 10, "{}", path.display());
        for text in document.descendants().filter(|n| n.has_tag_name("text")) {
            let size: f64 = text.attribute("font-size").unwrap().parse().unwrap();
            assert!(size / units >= 11.0, "{}: {size}", path.display());
        }
    }
}

#[test]
fn axes_and_legends_are_labelled() {
    let (dir, ..) = write(&study("A study"));
    for (name, labels) in [
        (
            "emergence",
            &[
                "training step",
                "ratio, top-1 / median",
                "0",
                "1",
                "10",
                "100",
                "wide-4x128, layer 3",
            ][..],
        ),
        (
            "layers",
            &[
                "layer",
                "magnitude |h|",
                "top 1",
                "top 2",
                "top 3",
                "median",
            ],
        ),
        (
            "heatmaps",
            &[
                "relative depth, layer / layers",
                "largest ratio",
                "step of the largest ratio",
                "flat-5x160",
            ],
        ),
        ("loss", &["loss, nats per token", "Held out"]),
        ("goodness", &["R² of the best fit"]),
    ] {
        let svg = std::fs::read_to_string(dir.path().join(format!("figures/{name}.svg"))).unwrap();
        let (_, texts) = coordinates_and_texts(&svg);
        for label in labels {
            assert!(
                texts.iter().any(|t| t == label),
                "{name} lacks {label}: {texts:?}"
            );
        }
    }
}

#[test]
fn the_page_stands_alone_and_is_well_formed() {
    let (_dir, _, page) = write(&study("A study"));
    let xml = page.strip_prefix("<!DOCTYPE html>\n").unwrap();
    roxmltree::Document::parse(xml).unwrap();
    for forbidden in [
        "<link", "<img", "src=", "@import", "url(", "fetch(", "import(",
    ] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    // the data and the script, both inside of the page
    assert_eq!(page.matches("<script").count(), 2);
    // The only address is that of the source.
    let addresses = page.matches("href=\"http").count();
    assert_eq!(
        addresses,
        page.matches("href=\"https://arxiv.org/abs/2508.03616\"")
            .count()
    );
    assert!(page.contains("0.9307") && page.contains("Other data: Pythia"));
    assert!(page.contains("failed: no solution"));
}

#[test]
fn nothing_of_the_inputs_becomes_markup() {
    let evil = "<script>alert('&')</script>";
    let mut inputs = study(evil);
    for m in &mut inputs.measurements {
        m.model = m.model.replace("relu", "<b>&relu");
    }
    for f in &mut inputs.fits {
        f.status = evil.into();
    }
    inputs.provenance.command = Some(evil.into());
    let (_dir, _, page) = write(&inputs);
    assert!(!page.contains("<script>alert") && !page.contains("<b>"));
    assert_eq!(page.matches("<script").count(), 2);
    assert!(page.contains("&lt;script&gt;"));
    roxmltree::Document::parse(page.strip_prefix("<!DOCTYPE html>\n").unwrap()).unwrap();
}

#[test]
fn empty_inputs_make_a_page_that_says_what_is_missing() {
    let (_dir, written, page) = write(&Inputs::default());
    assert!(written.figures.is_empty());
    // and the figures of observables, as many as there are families, and the two of explanations
    assert_eq!(page.matches("Left out: ").count(), FIGURES.len() + 3);
    assert!(page.contains("Nothing was fitted") && page.contains("Nothing was predicted"));
}

#[test]
fn each_table_alone_and_odd_values_are_no_error() {
    let full = study("A study");
    let parts = [
        Inputs {
            measurements: full.measurements.clone(),
            ..Inputs::default()
        },
        Inputs {
            fits: full.fits.clone(),
            ..Inputs::default()
        },
        Inputs {
            losses: full.losses.clone(),
            ..Inputs::default()
        },
        Inputs {
            predictions: full.predictions.clone(),
            ..Inputs::default()
        },
    ];
    for inputs in parts {
        write(&inputs);
    }
    let mut odd = study("odd");
    odd.measurements.truncate(1);
    odd.fits
        .iter_mut()
        .for_each(|f| f.r2 = f.r2.map(|_| f64::NEG_INFINITY));
    odd.curves.iter_mut().for_each(|c| c.value = f64::NAN);
    odd.losses
        .iter_mut()
        .for_each(|l| l.held_out_loss = f64::INFINITY);
    let (_dir, written, page) = write(&odd);
    assert!(!written.figures.is_empty() && !page.contains("points=\"NaN"));
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let (first, ..) = write(&study("A study"));
    let (second, ..) = write(&study("A study"));
    for name in [
        "report.html",
        "figures/overview.svg",
        "figures/overview.png",
    ] {
        let read = |d: &tempfile::TempDir| std::fs::read(d.path().join(name)).unwrap();
        assert!(read(&first) == read(&second), "{name}");
    }
}

#[test]
fn progress_counts_every_figure_and_ends_with_the_page() {
    let dir = tempfile::tempdir().unwrap();
    let mut seen = Vec::new();
    write_report_with(&study("A study"), dir.path(), &mut |done, total, name| {
        seen.push((done, total, name.to_owned()));
    })
    .unwrap();
    assert_eq!(seen.len(), FIGURES.len() + 1);
    assert!(
        seen.iter()
            .enumerate()
            .all(|(i, s)| s.0 == i && s.1 == FIGURES.len())
    );
    assert_eq!(seen.last().unwrap().2, "report.html");
}

#[test]
fn the_summary_counts_growth_and_failed_fits() {
    let inputs = study("A study");
    let sum = summary(&inputs);
    let grown: Vec<_> = sum
        .growth
        .iter()
        .map(|e| (e.model.as_str(), e.grown))
        .collect();
    // In order of size. The curves climb by 30, 9, 80 and 1.5 from 5.5, in the third layer.
    assert_eq!(
        grown,
        [
            ("relu-3x64", true),
            ("neox-3x96", false),
            ("wide-4x128", true),
            ("flat-5x160", false)
        ]
    );
    assert_eq!((sum.grown, sum.layers, sum.failed), (2, 15, 1));
    for e in &sum.growth {
        assert_eq!((e.layer, e.steps), (3, (0, 800)));
        assert_eq!(e.grown, e.factor >= GROWTH_FACTOR);
    }
    let r2: f64 = inputs.fits.iter().filter_map(|f| f.r2).sum();
    assert!((sum.mean_r2.unwrap() - r2 / 15.0).abs() < 1e-12);
}

/// A ratio that grows does not make a magnitude massive: what is said of either is counted by itself.
#[test]
fn massive_activations_are_counted_by_both_rules_at_the_last_step() {
    // at the last step the first model is massive by Sun et al., in a layer that was not followed, the second and third by the fallback rule, the third though its largest is above 100; the fourth
    // in one sequence of three only, the fifth at a suspect step only
    let rows = "model,step,sequence,layer,top1,top2,top3,median,suspect
sun,0,0,1,4,3,2,1,\nsun,9,0,1,4,3,2,1,\nsun,9,0,2,2000,3,2,1,
small,0,0,1,1,1,1,0.2,\nsmall,9,0,1,5,1,1,0.2,\nsmall,9,1,1,3.9,1,1,0.2,
large,0,0,1,4,3,2,1,\nlarge,9,0,1,900,3,2,1,
once,0,0,1,4,3,2,1,\nonce,9,0,1,2000,3,2,1,\nonce,9,1,1,9,3,2,1,\nonce,9,2,1,9,3,2,1,
suspect,0,0,1,4,3,2,1,\nsuspect,8,0,1,12,3,2,1,\nsuspect,9,0,1,2000,3,2,1,jump
";
    let measurements = outcrop_core::table::measurements_from(rows.as_bytes(), "t").unwrap();
    let inputs = Inputs {
        measurements: measurements.rows,
        ..Inputs::default()
    };
    let sum = summary(&inputs);
    let expected = MassiveModels {
        measured: 5,
        sun: 1,
        fallback: 3,
    };
    assert_eq!((sum.massive, sum.grown), (Some(expected), 4));
    let dir = tempfile::tempdir().unwrap();
    let html = std::fs::read_to_string(write_report(&inputs, dir.path()).unwrap().html).unwrap();
    for words in [
        "In <strong>4 of 5</strong> models",
        "Massive activations at the last measured step: 1 of 5 models by the rule of Sun et al.",
        "3 by the fallback rule",
    ] {
        assert!(html.contains(words), "{words}");
    }
    let sum = summary(&Inputs {
        trajectories: study("A study").trajectories,
        ..Inputs::default()
    });
    assert!(sum.massive.is_none() && sum.growth.iter().all(|g| g.massive.is_none()));
}

#[test]
fn an_unwritable_folder_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("occupied");
    std::fs::write(&file, "").unwrap();
    let error = write_report(&Inputs::default(), &file)
        .unwrap_err()
        .to_string();
    assert!(error.contains("occupied"), "{error}");
}

#[test]
fn wild_predictions_do_not_decide_the_axes_and_curves_have_their_bands() {
    let mut inputs = study("A study");
    let wild = inputs.predictions.iter_mut();
    let wild = wild.filter(|p| p.target == "K" && p.regressor == "ridge");
    wild.take(2).for_each(|p| p.predicted = 3e23);
    for c in &mut inputs.curves {
        (c.value_lo, c.value_hi) = (Some(0.9 * c.value), Some(1.1 * c.value));
    }
    let (dir, _, page) = write(&inputs);
    let svg = |name: &str| std::fs::read_to_string(dir.path().join("figures").join(name)).unwrap();
    assert!(page.contains("; 2 points lie beyond the axes."));
    let prediction = svg("prediction.svg");
    let (_, texts) = coordinates_and_texts(&prediction);
    assert!(!texts.iter().any(|t| t.contains("e2")), "{texts:?}");
    assert_eq!(prediction.matches("<polygon").count(), 2);
    let fits = svg("fits.svg");
    assert_eq!(fits.matches("<polygon").count(), 6); // three layers of two models
    assert!(fits.contains("its band"));
}
