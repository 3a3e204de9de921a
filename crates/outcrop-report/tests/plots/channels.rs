use std::collections::HashSet;

use outcrop_report::{ChannelMagnitudes, channels_plot};

use crate::seen::Seen;

/// Cells of the heatmap: everything left of the colour bar.
fn cells(seen: &Seen) -> Vec<&([f64; 4], String)> {
    let bar = seen
        .rects
        .iter()
        .filter(|r| r.0[2] == 128.0)
        .map(|r| r.0[0]);
    let bar = bar.fold(0.0, f64::max);
    let left =
        |r: &&([f64; 4], String)| r.1 != "none" && r.1 != "#FFFFFF" && r.0[0] < bar && r.0[2] > 1.0;
    seen.rects.iter().filter(left).collect()
}

#[test]
fn the_one_peak_among_65536_channels_is_drawn_and_labelled_where_it_is() {
    let (layer, channel) = (3, 45_678);
    let mut layers = vec![vec![1.0; 65_536]; 12];
    layers[layer][channel] = -1000.0; // signs do not matter
    let seen = Seen::new(&channels_plot(&ChannelMagnitudes {
        model: "wide".into(),
        step: 7,
        layers,
    }));
    seen.must_say(&["wide, step 7", "45678", "channel", "layer", "60000", "100"]);
    seen.must_say(&[
        "largest |h|: 1000 in channel 45678, layer 4",
        "largest of 128 channels",
    ]);
    let cells = cells(&seen);
    let plain = &cells[0].1;
    let peaks: Vec<_> = cells.iter().filter(|c| &c.1 != plain).collect();
    assert_eq!(peaks.len(), 1);
    let left = cells.iter().map(|c| c.0[0]).fold(f64::MAX, f64::min);
    let right = cells.iter().map(|c| c.0[0] + c.0[2]).fold(0.0, f64::max);
    let top = cells.iter().map(|c| c.0[1]).fold(f64::MAX, f64::min);
    let bottom = cells.iter().map(|c| c.0[1] + c.0[3]).fold(0.0, f64::max);
    let x = left + (right - left) * channel as f64 / 65_536.0;
    let [peak_x, peak_y, width, _] = peaks[0].0;
    assert!(peak_x <= x && x <= peak_x + width, "{x} {peak_x} {width}");
    let y = top + (bottom - top) * layer as f64 / 12.0;
    assert!((peak_y - y).abs() < 2.0, "{y} {peak_y}");
    assert!((seen.place("45678").0 - x).abs() < 16.0); // over its column
}

#[test]
fn a_peak_of_one_layer_among_many_is_kept() {
    let mut layers = vec![vec![1.0; 8]; 500];
    layers[321][5] = 1000.0;
    let seen = Seen::new(&channels_plot(&ChannelMagnitudes {
        layers,
        ..ChannelMagnitudes::default()
    }));
    seen.must_say(&["channel 5, layer 322", "largest of 3 to 4 layers"]);
    let colors: HashSet<_> = cells(&seen).iter().map(|c| c.1.clone()).collect();
    assert_eq!(colors.len(), 2);
}

#[test]
fn only_channels_that_dominate_are_labelled_and_their_labels_stand_apart() {
    let mut layers = vec![vec![1.0; 768]; 4];
    for (channel, value) in layers[2].iter_mut().enumerate().skip(500).take(10) {
        *value = channel as f32;
    }
    let labelled = |layers: &[Vec<f32>]| {
        let seen = Seen::new(&channels_plot(&ChannelMagnitudes {
            layers: layers.to_vec(),
            ..ChannelMagnitudes::default()
        }));
        let numbers: Vec<String> = (500..510).map(|c: u32| c.to_string()).collect();
        let tags = seen.places.iter().filter(|p| numbers.contains(&p.1));
        let lowest = seen.place("layer").1;
        tags.filter(|p| p.0.1 < lowest)
            .map(|p| p.0.0)
            .collect::<Vec<_>>()
    };
    let mut tags = labelled(&layers);
    tags.sort_by(f64::total_cmp);
    assert!((6..=7).contains(&tags.len()), "{tags:?}"); // six and perhaps the tick of 500
    assert!(tags.windows(2).all(|w| w[1] - w[0] > 8.0 * 24.0));
    layers[2][500..510].fill(3.0);
    assert!(labelled(&layers).len() <= 1);
}

#[test]
fn what_is_not_finite_or_missing_is_grey_and_counted() {
    let layers = vec![vec![1.0, 2.0, f32::NAN], vec![f32::INFINITY], vec![]];
    let seen = Seen::new(&channels_plot(&ChannelMagnitudes {
        layers,
        ..ChannelMagnitudes::default()
    }));
    seen.must_say(&["model without a name", "not finite and not drawn: 2"]);
    let colors: HashSet<_> = cells(&seen).iter().map(|c| c.1.clone()).collect();
    assert!(colors.len() == 3 && colors.contains("#D9D9D9"));
    let none = channels_plot(&ChannelMagnitudes::default());
    Seen::new(&none).must_say(&["no finite magnitude to draw"]);
}
