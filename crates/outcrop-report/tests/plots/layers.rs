use outcrop_core::{Detail, LayerStats, Measurement, Place, Top};
use outcrop_report::layers_plot;

use crate::seen::{DATA, Seen};

fn row(model: &str, step: u64, sequence: u32, layer: u32, largest: f32) -> Measurement {
    let place = Place {
        position: 0,
        channel: 0,
    };
    let top = |magnitude| Some(Top { magnitude, place });
    let stats = LayerStats {
        top: [top(largest), top(largest / 2.0), top(largest / 4.0)],
        median: Some(0.5),
        count: 64,
        non_finite: 0,
        first_non_finite: None,
    };
    Measurement {
        model: model.into(),
        step,
        sequence,
        layer,
        stats,
        detail: Detail::default(),
        suspect: None,
        stage: None,
    }
}

#[test]
fn each_measured_step_has_a_panel_and_the_others_are_said() {
    let layers = (1..=4).flat_map(|l| [row("m", 0, 0, l, 3.0), row("m", 8, 0, l, 90.0)]);
    let mut rows: Vec<_> = layers.collect();
    rows.push(row("other", 8, 0, 1, 5.0));
    let plot = layers_plot(&rows, "m", &[8, 5, 0, 7, 8]);
    assert_eq!(plot.stem(), "m-layers-step-8-5-0-7");
    let seen = Seen::new(&plot);
    seen.must_say(&[
        "m, step 8",
        "m, step 0",
        "top 1",
        "median",
        "magnitude |h|",
        "layer",
    ]);
    seen.must_say(&["no measurements at steps 5, 7"]);
    assert_eq!(seen.filled("circle", DATA), 8); // four layers at two steps
    assert!(seen.place("m, step 8").0 < seen.place("m, step 0").0); // in the order given
}

#[test]
fn panels_share_the_means_over_sequences_and_one_axis() {
    let svg = |rows: &[Measurement]| layers_plot(rows, "m", &[1]).svg().unwrap();
    let two = svg(&[row("m", 1, 0, 1, 10.0), row("m", 1, 1, 1, 30.0)]);
    assert_eq!(two, svg(&[row("m", 1, 0, 1, 20.0)]));
    let rows = [row("m", 0, 0, 1, 20.0), row("m", 1, 0, 1, 4000.0)];
    let seen = Seen::new(&layers_plot(&rows, "m", &[0, 1]));
    let ticks: Vec<_> = seen.places.iter().filter(|p| p.1 == "1000").collect();
    assert!(ticks.len() == 2 && ticks[0].0.1 == ticks[1].0.1);
}

#[test]
fn nothing_measured_is_a_picture_with_words() {
    Seen::new(&layers_plot(&[], "m", &[3])).must_say(&["no measurements at step 3"]);
    Seen::new(&layers_plot(&[], "", &[]))
        .must_say(&["model without a name", "no step was asked for"]);
    let odd = [
        row("m", 3, 0, 0, 1.0),
        row("m", 3, 0, u32::MAX, 1.0),
        row("m", 3, 0, 2, f32::NAN),
    ];
    Seen::new(&layers_plot(&odd, "m", &[3])).must_say(&["m, step 3"]);
    let many: Vec<u64> = (0..100_000).collect();
    let rows: Vec<_> = (0..50).map(|step| row("m", step, 0, 1, 2.0)).collect();
    let plot = layers_plot(&rows, "m", &many);
    assert!(plot.stem().len() < 100 && plot.png().is_ok());
    let seen = Seen::new(&plot);
    seen.must_say(&[
        "m, step 0",
        "m, step 49",
        "12 of 50 measured steps",
        "and 99942 more",
    ]);
}
