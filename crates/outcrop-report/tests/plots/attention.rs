use outcrop_report::{AttentionMap, SINK_THRESHOLD, attention_plot};

use crate::seen::{DATA, Seen};

const SINK: &str = "#D55E00";
const MASKED: &str = "#D9D9D9";

/// alpha_0 = (1 + 0.9 + 0.8) / 3 = 0.9, alpha_1 = (0.1 + 0.06) / 2 = 0.08, alpha_2 = 0.14.
const WEIGHTS: [f32; 9] = [1.0, 0.0, 0.0, 0.9, 0.1, 0.0, 0.8, 0.06, 0.14];

fn of(weights: &[f32], positions: usize) -> AttentionMap<'_> {
    AttentionMap {
        model: "tiny",
        step: 9,
        layer: 2,
        head: Some(3),
        weights,
        positions,
        ..AttentionMap::default()
    }
}

/// Bars of the mean attention that keys receive: those that stand on its axis.
fn bars(seen: &Seen, color: &str) -> Vec<[f64; 4]> {
    let floor = seen.rects.iter().filter(|r| r.1 == DATA || r.1 == SINK);
    let floor = floor.map(|r| r.0[1] + r.0[3]).fold(0.0, f64::max);
    let bars = seen.rects.iter().filter(|r| r.1 == color);
    bars.map(|r| r.0).filter(|r| r[1] + r[3] == floor).collect()
}

#[test]
fn the_sink_its_mean_attention_and_the_threshold_are_seen() {
    let tokens = ["<s>", " a", "b"].map(String::from);
    let attention = AttentionMap {
        tokens: &tokens,
        ..of(&WEIGHTS, 3)
    };
    let seen = Seen::new(&attention_plot(&attention));
    seen.must_say(&[
        "tiny, step 9, sequence 0, layer 2, head 3",
        "sinks: position 0 “<s>” (0.90)",
        "1 “ a”",
        "threshold 0.3",
        "query position",
        "key position",
        "attention weight",
        "masked",
        "1e-4",
    ]);
    let (sinks, others) = (bars(&seen, SINK), bars(&seen, DATA));
    assert_eq!((sinks.len(), others.len()), (1, 2));
    let unit = (seen.place("0.4").1 - seen.place("0.6").1) / 0.2;
    let heights = [sinks[0][3], others[0][3], others[1][3]];
    for (height, alpha) in heights.iter().zip([0.9, 0.08, 0.14]) {
        assert!((height / unit - alpha).abs() < 0.01, "{height} {alpha}");
    }
    let line = seen.place("0.2").1 - (SINK_THRESHOLD - 0.2) * unit;
    let dashes = seen.paths.iter().filter(|p| p.1 == "#222222");
    let at_line = dashes.filter(|p| p.0.iter().all(|c| (c.1 - line).abs() < 3.0));
    assert!(at_line.count() > 10);
}

#[test]
fn the_map_is_a_lower_triangle_queries_downwards_and_keys_to_the_right() {
    let seen = Seen::new(&attention_plot(&of(&WEIGHTS, 3)));
    let ground = seen.rects.iter().filter(|r| r.1 == MASKED);
    let ground = ground.max_by(|a, b| a.0[2].total_cmp(&b.0[2])).unwrap().0;
    let middle = |query: f64, key: f64| {
        let x = ground[0] + ground[2] * (key + 0.5) / 3.0;
        let y = ground[1] + ground[3] * (query + 0.5) / 3.0;
        let covers = |r: &&([f64; 4], String)| {
            let [left, top, width, height] = r.0;
            r.1 != "none" && (left..left + width).contains(&x) && (top..top + height).contains(&y)
        };
        seen.rects.iter().rfind(covers).unwrap().1.clone() // what is drawn last is seen
    };
    for (query, key) in [(0.0, 1.0), (0.0, 2.0), (1.0, 2.0)] {
        assert_eq!(middle(query, key), MASKED);
    }
    assert_eq!(middle(0.0, 0.0), "#FEE825"); // weight 1, the end of viridis
    let all = [
        (0.0, 0.0),
        (1.0, 0.0),
        (1.0, 1.0),
        (2.0, 0.0),
        (2.0, 1.0),
        (2.0, 2.0),
    ];
    let colors: std::collections::HashSet<_> = all.iter().map(|(q, k)| middle(*q, *k)).collect();
    assert!(colors.len() == 6 && !colors.contains(MASKED));
}

#[test]
fn what_stands_above_the_diagonal_is_not_read() {
    let mut odd = WEIGHTS;
    (odd[1], odd[2], odd[5]) = (f32::NAN, 7.0, f32::INFINITY);
    let svg = |weights: &[f32]| attention_plot(&of(weights, 3)).svg().unwrap();
    assert_eq!(svg(&odd), svg(&WEIGHTS));
}

#[test]
fn a_long_sequence_is_drawn_in_groups_and_keeps_its_sink() {
    let n = 500;
    let mut weights = vec![0.0; n * n];
    for (query, row) in weights.chunks_exact_mut(n).enumerate() {
        row[..=query].fill(0.1 / (query + 1) as f32);
        row[query.min(7)] += 0.9;
    }
    let plot = attention_plot(&of(&weights, n));
    let seen = Seen::new(&plot);
    seen.must_say(&[
        "position 7 (0.90)",
        "mean of 3 to 4 positions to each side",
        "400",
    ]);
    assert!(!bars(&seen, SINK).is_empty());
    assert!(plot.svg().unwrap().len() < 1_500_000);
    let even: Vec<f32> = (0..n * n).map(|i| 1.0 / (i / n + 1) as f32).collect();
    let seen = Seen::new(&attention_plot(&of(&even, n)));
    assert!(!seen.says("position 499"));
}

#[test]
fn what_cannot_be_drawn_is_said() {
    let seen = |weights: &[f32], n| Seen::new(&attention_plot(&of(weights, n)));
    seen(&WEIGHTS, 4).must_say(&["9 weights are not those of 4 x 4 positions"]);
    seen(&WEIGHTS, usize::MAX).must_say(&["nothing to draw"]);
    seen(&[], 0).must_say(&["nothing to draw"]);
    seen(&[1.0], 1).must_say(&["sinks: position 0 (1.00)"]);
    seen(&[f32::NAN], 1).must_say(&[
        "no key receives more than 0.3",
        "not finite and not drawn: 1",
    ]);
}
