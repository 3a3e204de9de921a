use std::collections::HashSet;

use outcrop_report::{
    AttentionMap, ChannelMagnitudes, Magnitudes, Plot, attention_plot, channels_plot, layers_plot,
    magnitudes_plot,
};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

use crate::seen::Seen;

fn number() -> impl Strategy<Value = f32> {
    let odd = [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        0.0,
        -0.0,
        f32::MAX,
        f32::MIN,
        f32::MIN_POSITIVE,
        f32::from_bits(1),
    ];
    prop_oneof![3 => 0.0..2.0_f32, 1 => prop::sample::select(odd.to_vec())]
}

fn is_file_name(plot: &Plot) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-~".contains(c);
    let stem = plot.stem();
    stem.len() <= 200 && !stem.starts_with('.') && stem.chars().all(allowed)
}

proptest! {
    #[test]
    fn no_input_makes_a_plot_fail(
        model in any::<String>(), tokens in prop::collection::vec(any::<String>(), 0..7),
        values in prop::collection::vec(number(), 0..40), width in 0usize..8,
        layers in prop::collection::vec(prop::collection::vec(number(), 0..9), 0..5),
        step: u64, layer: u32, head: Option<u32>, median in prop::option::of(number()),
    ) {
        let magnitudes = Magnitudes {
            model: &model, step, sequence: layer, layer, values: &values, d_model: width,
            tokens: &tokens, median,
        };
        let square = width.min(values.len().isqrt());
        let attention = |weights| AttentionMap {
            model: &model, step, sequence: layer, layer, head, weights, positions: square,
            tokens: &tokens,
        };
        let plots = [
            magnitudes_plot(&magnitudes),
            attention_plot(&attention(&values[..square * square])),
            attention_plot(&attention(&values)),
            channels_plot(&ChannelMagnitudes { model: model.clone(), step, layers }),
            layers_plot(&[], &model, &[step, u64::from(layer), u64::MAX]),
        ];
        for plot in plots {
            Seen::new(&plot);
            prop_assert!(is_file_name(&plot), "{}", plot.stem());
        }
    }
}

#[test]
fn noise_of_any_size_makes_files_of_sane_size() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut noise = |n: usize| -> Vec<f32> {
        let uniform = |_| rng.next_u32() as f32 / u32::MAX as f32;
        (0..n).map(uniform).collect()
    };
    let (h, weights) = (noise(300 * 2000), noise(400 * 400));
    let magnitudes = Magnitudes {
        values: &h,
        d_model: 2000,
        ..Magnitudes::default()
    };
    let attention = AttentionMap {
        weights: &weights,
        positions: 400,
        ..AttentionMap::default()
    };
    let mut plots = vec![magnitudes_plot(&magnitudes), attention_plot(&attention)];
    for (layers, d_model) in [(1, 65_536), (23, 4096), (200, 512), (2000, 3)] {
        let layers = (0..layers).map(|_| noise(d_model)).collect();
        let magnitudes = ChannelMagnitudes {
            layers,
            ..ChannelMagnitudes::default()
        };
        plots.push(channels_plot(&magnitudes));
    }
    for plot in plots {
        let size = plot.svg().unwrap().len();
        assert!(size < 1_500_000, "{}: {size}", plot.stem());
        assert_eq!(plot.png().unwrap(), plot.png().unwrap());
    }
}

#[test]
fn different_things_have_different_files() {
    let mut stems = HashSet::new();
    let mut count = 0;
    for model in [
        "a",
        "A",
        "a-step-1",
        "a/1",
        "",
        "a-layers",
        "a-step-1-channels",
    ] {
        for (step, layer) in [(0, 1), (1, 0), (1, 1), (11, 1), (1, 11)] {
            let magnitudes = |sequence| Magnitudes {
                model,
                step,
                sequence,
                layer,
                ..Magnitudes::default()
            };
            let attention = |head| AttentionMap {
                model,
                step,
                layer,
                head,
                ..AttentionMap::default()
            };
            let plots = [
                magnitudes_plot(&magnitudes(0)),
                magnitudes_plot(&magnitudes(1)),
                attention_plot(&attention(None)),
                attention_plot(&attention(Some(0))),
                attention_plot(&attention(Some(1))),
                layers_plot(&[], model, &[step, u64::from(layer)]),
            ];
            count += plots.len();
            stems.extend(plots.iter().map(|p| p.stem().to_owned()));
        }
        for step in [0, 1, 11] {
            let channels = ChannelMagnitudes {
                model: model.into(),
                step,
                layers: Vec::new(),
            };
            stems.insert(channels_plot(&channels).stem().to_owned());
            count += 1;
        }
    }
    assert_eq!(stems.len(), count);
}
