use outcrop_report::{Magnitudes, magnitudes_plot};

use crate::seen::Seen;

/// The colour of spikes.
const SPIKE: &str = "#D55E00";
/// The colour of what a ridge covers.
const SNOW: &str = "#ECF3F9";

/// [positions, d_model] of 0.5 with some spikes (position, channel, |h|).
fn flat(positions: usize, d_model: usize, spikes: &[(usize, usize, f32)]) -> Vec<f32> {
    let mut values = vec![0.5; positions * d_model];
    for (position, channel, value) in spikes {
        values[position * d_model + channel] = *value;
    }
    values
}

fn of(values: &[f32], d_model: usize) -> Magnitudes<'_> {
    Magnitudes {
        model: "tiny",
        step: 9,
        sequence: 1,
        layer: 2,
        values,
        d_model,
        ..Magnitudes::default()
    }
}

#[test]
fn spikes_stand_on_a_plane_with_position_token_channel_and_height() {
    let values = flat(5, 64, &[(0, 50, 1000.0), (3, 7, -400.0)]);
    let tokens = ["<s>", " a", "b", "\n\u{202e}", "c"].map(String::from);
    let magnitudes = Magnitudes {
        tokens: &tokens,
        median: Some(0.5),
        ..of(&values, 64)
    };
    let seen = Seen::new(&magnitudes_plot(&magnitudes));
    seen.must_say(&[
        "tiny, step 9, sequence 1, layer 2",
        "1000: position 0 “<s>”, channel 50",
        "400: position 3 “\\n\\u{202e}”, channel 7",
        "1 “ a”",
        "channel",
        "position",
        "|h|",
        "200",
        "60",
        "largest |h| 1000 · median 0.500 · ratio 2000",
    ]);
    assert_eq!(seen.filled("polygon", SPIKE), 2);
    assert_eq!(seen.filled("circle", SPIKE), 2);
    // The far profiles are drawn first.
    let floors = seen.paths.iter().filter(|p| p.1 == SNOW);
    let floors: Vec<f64> = floors.map(|p| p.0.last().unwrap().1).collect();
    assert!(floors.len() == 5 && floors.windows(2).all(|w| w[0] < w[1]));
}

#[test]
fn heights_are_proportional_and_channels_run_to_the_right() {
    let spikes = [(1, 10, 1000.0), (1, 30, 500.0), (1, 50, 250.0)];
    let values = flat(3, 64, &spikes);
    let seen = Seen::new(&magnitudes_plot(&of(&values, 64)));
    let tips = seen.places.iter().filter(|p| p.1 == SPIKE);
    let tips: Vec<_> = tips.map(|p| p.0).collect(); // the largest first
    assert!((tips[1].1 - tips[0].1 - 2.0 * (tips[2].1 - tips[1].1)).abs() < 4.0);
    assert!((tips[1].0 - tips[0].0 - (tips[2].0 - tips[1].0)).abs() < 4.0);
    let floor = seen.paths.iter().filter(|p| p.1 == SNOW).nth(1).unwrap();
    let floor = floor.0.last().unwrap().1;
    assert!((floor - tips[0].1 - 4.0 * (floor - tips[2].1)).abs() < 8.0);
    let names = [
        "1000: position 1, channel 10",
        "500: position 1, channel 30",
    ];
    assert!(seen.place(names[0]).1 < seen.place(names[1]).1);
}

#[test]
fn a_lone_peak_of_many_positions_and_channels_is_kept() {
    let values = flat(1000, 1500, &[(777, 1234, 90.0)]);
    let plot = magnitudes_plot(&of(&values, 1500));
    let seen = Seen::new(&plot);
    seen.must_say(&[
        "90.00: position 777, channel 1234",
        "15 to 16 positions and 3 to 4 channels",
    ]);
    assert_eq!(seen.filled("polygon", SPIKE), 1);
    assert_eq!(seen.filled("polygon", SNOW), 64);
    assert!(plot.svg().unwrap().len() < 1_500_000);
}

#[test]
fn the_first_and_the_last_channel_are_as_wide_as_others() {
    let values = flat(2, 64, &[(0, 0, 300.0), (1, 63, 300.0)]);
    let seen = Seen::new(&magnitudes_plot(&of(&values, 64)));
    for (corners, _) in seen.paths.iter().filter(|p| p.1 == SPIKE) {
        let floor = corners.iter().map(|c| c.1).fold(0.0, f64::max);
        assert!(
            floor - corners[0].1 < 8.0 && floor - corners[2].1 < 8.0,
            "{corners:?}"
        );
    }
}

#[test]
fn a_flat_layer_has_no_spike_and_one_label() {
    let seen = Seen::new(&magnitudes_plot(&of(&flat(4, 64, &[(1, 9, 0.7)]), 64)));
    assert_eq!(seen.filled("polygon", SPIKE), 0);
    let labels = seen.texts.iter().filter(|t| t.contains(": position"));
    assert_eq!(labels.collect::<Vec<_>>(), ["0.700: position 1, channel 9"]);
}

#[test]
fn what_cannot_be_drawn_is_said() {
    let values = [f32::NAN, f32::INFINITY, 0.0, 0.0];
    let seen = |values: &[f32], d_model| Seen::new(&magnitudes_plot(&of(values, d_model)));
    seen(&values, 2).must_say(&["not finite and not drawn: 2", "largest |h| 0"]);
    seen(&values[..1], 1).must_say(&["1 position · 1 channel", "no finite magnitude to draw"]);
    seen(&values, 3).must_say(&["4 values do not make rows of 3 channels"]);
    seen(&[], 0).must_say(&["0 values do not make rows of 0 channels"]);
    seen(&[], 8).must_say(&["no finite magnitude to draw"]);
    let tokens = ["a".to_owned()];
    let magnitudes = Magnitudes {
        tokens: &tokens,
        ..of(&values, 2)
    };
    Seen::new(&magnitudes_plot(&magnitudes)).must_say(&["1 token given"]);
}
