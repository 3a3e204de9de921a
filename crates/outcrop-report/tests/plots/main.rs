//! What a reader of a plot relies on: every measured point, curve and band is there, the words say
//! what was left out, and no table makes a plot fail, vanish or overwrite another.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod attention;
mod channels;
mod explanation;
mod hostile;
mod hostile_checkpoints;
mod layers;
mod magnitudes;
mod seen;
mod trajectories;

use std::collections::HashSet;

use outcrop_core::{CurvePoint, Fit, Trajectory};
use outcrop_report::{
    Format, Inputs, Plot, fit_plot, forecast_plot, prediction_plot, write_fit_plots,
};
use seen::{DATA, Seen};
use trajectories::{Case, early_peak, flat, log_increase, outlier, with_errors};

fn plot(case: &Case) -> Plot {
    fit_plot(&case.trajectory, &case.fits, &case.curves)
}

#[test]
fn a_fit_shows_points_band_rivals_peak_and_residuals() {
    let seen = Seen::new(&plot(&early_peak()));
    // 37 steps above, 37 residuals below, one in the legend.
    assert_eq!(seen.filled("circle", DATA), 37 + 37 + 1);
    assert_eq!((seen.rings(), seen.bands()), (0, 1));
    seen.must_say(&[
        "pythia-160m, layer 3",
        "training step",
        "ratio, top-1 / median",
        "residual, %",
        "emergence 0.93",
        "first-order step 0.07",
        "constant < 0.01",
        "its Akaike weight",
        "peak 6010",
        "37 points · R² 0.9930 · lowest AICc: emergence · p(peak) 1.00 · peak at step 6010 (5200 to 7100)",
        "status: ok",
    ]);
    let seen = Seen::new(&plot(&flat()));
    seen.must_say(&["constant, ΔAICc 16.9", "status: flat"]);
    assert!(!seen.says("peak"));
}

#[test]
fn an_outlier_is_a_ring_or_far_away_a_triangle_and_a_word() {
    let far = Seen::new(&plot(&outlier()));
    assert_eq!(far.rings(), 1); // the legend
    assert_eq!(far.filled("polygon", "#222222"), 2); // above and among the residuals
    assert_eq!(far.filled("circle", DATA), 36 + 36 + 1);
    far.must_say(&["outlier at step 16000", "at their ends: 1 point"]);
    let mut near = outlier();
    near.trajectory.ratios[20] /= 30.0;
    let near = Seen::new(&plot(&near));
    assert_eq!(near.rings(), 2);
    assert!(!near.says("beyond"));
}

#[test]
fn standard_errors_are_bars() {
    let seen = |case: &Case| {
        let shapes = Seen::new(&plot(case)).shapes;
        let bars = shapes.iter().filter(|s| s.0 == "polyline" && s.2 == DATA);
        bars.count()
    };
    assert_eq!(seen(&log_increase()), 0);
    assert_eq!(seen(&with_errors()), 3 * 37); // each with two caps
    let mut partly = with_errors();
    partly.trajectory.sem[4] = f64::NAN;
    assert_eq!(seen(&partly), 3 * 36);
}

#[test]
fn a_band_with_gaps_has_a_polygon_for_each_stretch() {
    let mut case = early_peak();
    let emergence = |c: &&mut CurvePoint| c.hypothesis == "emergence";
    for (i, point) in case.curves.iter_mut().filter(emergence).enumerate() {
        match i {
            80..100 | 160 => point.value_hi = None,
            200.. => point.value_hi = Some(f64::INFINITY),
            _ => {}
        }
    }
    assert_eq!(Seen::new(&plot(&case)).bands(), 3);
    case.curves.iter_mut().for_each(|c| c.value_lo = None);
    let none = Seen::new(&plot(&case));
    assert!(none.bands() == 0 && !none.says("band of"));
}

#[test]
fn a_forecast_shows_what_came_and_how_far_off_it_was() {
    let mut case = log_increase();
    case.curves.retain(|c| c.hypothesis == "emergence");
    let seen = Seen::new(&forecast_plot(&case.trajectory, 10_000, &case.curves));
    let later = case
        .trajectory
        .steps
        .iter()
        .filter(|s| **s > 10_000)
        .count();
    assert_eq!(seen.filled("circle", DATA), 37 - later + 1);
    assert_eq!((seen.rings(), seen.bands()), (later + 1, 1));
    // The last fitted value against the later ones, by hand.
    let ratio = |step| {
        case.trajectory.ratios[trajectories::steps()
            .iter()
            .position(|s| *s == step)
            .unwrap()]
    };
    let off = |step: &u64| (ratio(*step) / ratio(10_000) - 1.0).abs();
    let steps = trajectories::steps().into_iter().filter(|s| *s > 10_000);
    let mean = 100.0 * steps.map(|s| off(&s)).sum::<f64>() / later as f64;
    let verdict = format!("last fitted value {mean:.1} %");
    seen.must_say(&["fitted up to 10000", "forecast", "measured later", &verdict]);

    let far = Seen::new(&forecast_plot(&case.trajectory, 5_000, &case.curves));
    far.must_say(&["fitted up to 5000", "extrapolated"]);
    let unknown = forecast_plot(&case.trajectory, 143_000, &case.curves);
    let seen = Seen::new(&unknown);
    assert!(!seen.says("measured later") && !seen.says("mean relative error"));
    assert!(unknown.stem().ends_with("-layer-3-forecast"));
}

#[test]
fn the_axis_of_a_forecast_holds_its_band_or_says_that_it_is_cut() {
    let mut case = log_increase();
    case.curves.retain(|c| c.hypothesis == "emergence");
    let ratios = &case.trajectory.ratios;
    let high = ratios.iter().copied().fold(0.0, f64::max);
    let with = |top: f64, case: &Case| {
        let mut curves = case.curves.clone();
        let late = curves.iter_mut().filter(|c| c.step > 10_000.0);
        late.for_each(|c| c.value_hi = c.value_hi.map(|_| top));
        forecast_plot(&case.trajectory, 10_000, &curves)
    };
    let held = Seen::new(&with(4.0 * high, &case));
    assert!(held.bands() == 1 && !held.says("the band is cut"));
    // of the height there is, the measured points take a part
    let seen = Seen::new(&with(1e9, &case));
    seen.must_say(&["the band is cut at the end of the axis: it reaches up to 1B"]);
    let seen = Seen::new(&with(f64::INFINITY, &case));
    seen.must_say(&["it reaches up to infinity"]);
}

/// Ticks of a logarithmic axis over all that a number can be were once asked for by the billion.
#[test]
fn values_of_every_magnitude_are_drawn() {
    let steps: Vec<u64> = (0..617).collect();
    let trajectory = Trajectory {
        ratios: (-308..=308).map(|e| 10f64.powi(e)).collect(),
        steps,
        ..Trajectory::default()
    };
    for plot in [
        forecast_plot(&trajectory, 300, &[]),
        fit_plot(&trajectory, &[], &[]),
    ] {
        assert!(plot.svg().unwrap().len() < 1 << 20);
    }
}

#[test]
fn bad_input_gives_a_plot_that_says_what_it_lacks() {
    let mut case = early_peak();
    case.trajectory
        .ratios
        .iter_mut()
        .for_each(|r| *r = f64::NAN);
    let seen = Seen::new(&fit_plot(&case.trajectory, &[], &[]));
    seen.must_say(&["no finite ratio to draw", "no fit", "not drawn: 37 points"]);
    let seen = Seen::new(&fit_plot(&Trajectory::default(), &[], &[]));
    seen.must_say(&["model without a name, layer 0", "no finite ratio to draw"]);
    let one = Trajectory {
        steps: vec![1_000_000_000_000_000],
        ratios: vec![1e-12],
        ..Trajectory::default()
    };
    assert_eq!(
        Seen::new(&fit_plot(&one, &[], &[])).filled("circle", DATA),
        2
    );
    assert_eq!(Seen::new(&forecast_plot(&one, 5, &[])).rings(), 2);
    let failed = Fit {
        status: "failed to fit: <too few> points & no spread".into(),
        ..Fit::default()
    };
    Seen::new(&fit_plot(&one, &[failed], &[])).must_say(&["status: failed to fit: <too few>"]);
}

#[test]
fn every_trajectory_has_files_of_its_own_whatever_its_model_is_called() {
    let names = [
        "a/b",
        "a_b",
        "../../a",
        "..",
        "",
        "A",
        "a",
        "x y\u{1}",
        "模型",
        &"long".repeat(99),
    ];
    let mut inputs = Inputs::default();
    for name in names {
        let mut case = early_peak();
        case.trajectory.model = name.into();
        case.fits.iter_mut().for_each(|f| f.model = name.into());
        case.curves.iter_mut().for_each(|c| c.model = name.into());
        inputs.trajectories.push(case.trajectory);
        inputs.fits.extend(case.fits);
        inputs.curves.extend(case.curves);
    }
    inputs.trajectories.push(inputs.trajectories[0].clone());
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("deep/plots");
    let files = write_fit_plots(&inputs, &out, &[Format::Svg]).unwrap();
    let lower = files.iter().map(|f| f.to_string_lossy().to_lowercase());
    assert_eq!(lower.collect::<HashSet<_>>().len(), names.len() + 1);
    assert!(
        files
            .iter()
            .all(|f| f.parent() == Some(&out) && f.is_file())
    );
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), files.len());
    for file in files {
        let svg = std::fs::read_to_string(file).unwrap();
        assert!(svg.contains("emergence 0.93"));
    }
}

#[test]
fn a_png_is_twice_the_size_of_its_svg_and_the_same_every_time() {
    let plot = plot(&with_errors());
    let dir = tempfile::tempdir().unwrap();
    let files = plot.write(dir.path(), &Format::ALL).unwrap();
    let png = std::fs::read(&files[1]).unwrap();
    assert_eq!(png, plot.png().unwrap());
    let size = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    let declared = format!("width=\"{}\" height=\"{}\"", size(16) / 2, size(20) / 2);
    assert!(
        std::fs::read_to_string(&files[0])
            .unwrap()
            .contains(&declared)
    );
    let lost = plot.write(&dir.path().join("gone"), &[Format::Svg]);
    assert!(lost.unwrap_err().to_string().contains("gone"));
}

#[test]
fn a_prediction_shows_every_layer_and_the_band_of_the_highest() {
    let point = |layer: u32, step: f64, banded: bool| {
        let value = (5.0 + step.ln_1p()) * f64::from(layer);
        CurvePoint {
            model: "new".into(),
            layer,
            hypothesis: "predicted".into(),
            step,
            value,
            value_lo: banded.then_some(0.5 * value),
            value_hi: banded.then_some(2.0 * value),
        }
    };
    let curve = |banded| {
        let layer = |layer| [0.0, 1.0, 10.0, 100.0].map(|step| point(layer, step, banded));
        (1..=3).flat_map(layer).collect::<Vec<_>>()
    };
    let words = ["learned from ten models".to_owned()];
    let seen = Seen::new(&prediction_plot(&curve(true), &words));
    let bands = |seen: &Seen| {
        let shapes = seen.shapes.iter();
        shapes.filter(|s| s.0 == "polygon" && s.3 == "0.18").count()
    };
    assert_eq!(bands(&seen), 1);
    seen.must_say(&[
        "Predicted: new",
        "layer 1",
        "layer 3",
        "band of layer 3",
        "ten models",
    ]);
    let bare = Seen::new(&prediction_plot(&curve(false), &[]));
    assert_eq!(bands(&bare), 0);
    assert!(!bare.says("band"));
    let odd = [f64::NAN, 0.0, -1.0, f64::INFINITY, f64::MAX].map(|value| CurvePoint {
        value,
        ..point(1, 1.0, true)
    });
    for rows in [&odd[..], &odd[..1], &[]] {
        assert!(prediction_plot(rows, &words).svg().is_ok());
    }
}
