//! More numbers that are known, and that each number has one.

use crate::helpers::{near, normal, number, of};
use outcrop_observe::{Companion, Kernel, Missing, NO_LABEL, OBSERVABLES, Sample, View};

/// A number without a test of its value is named.
#[test]
fn every_number_has_a_closed_form() {
    let tests = [include_str!("closed_forms.rs"), include_str!("by_hand.rs")].concat();
    let all = OBSERVABLES.iter().flat_map(|one| one.columns);
    let without: Vec<&str> = all
        .map(|column| column.name)
        .filter(|name| !tests.contains(&format!("\"{name}\"")))
        .collect();
    assert!(without.is_empty(), "without a closed form: {without:?}");
}

/// The magnitudes 0 to 1000: a quantile q is 1000 q, and their mean square 1000 2001 / 6.
#[test]
fn quantiles_of_a_ramp() {
    let ramp: Vec<f32> = (0..=1000)
        .map(|i| if i % 2 == 0 { i as f32 } else { -i as f32 })
        .collect();
    for (name, q) in [("q75", 0.75), ("q95", 0.95), ("q999", 0.999)] {
        near(of(name, &ramp, 7), 1000.0 * q, 1e-9);
    }
    near(of("rms", &ramp, 7), (1000.0f64 * 2001.0 / 6.0).sqrt(), 1e-9);
    let channels: Vec<f32> = (1..=101).map(|i| i as f32).collect();
    near(of("channel_p99", &channels, 101), 100.0, 1e-9);
}

#[test]
fn norms_by_hand() {
    let hidden = [0.0, 6.0, 3.0, 4.0, -5.0, 0.0, 0.0, 8.0];
    near(of("norm_first", &hidden, 2), 6.0, 1e-12);
    near(of("norm_mean", &hidden, 2), 6.0, 1e-12);
    near(of("norm_largest_over_mean", &hidden, 2), 8.0 / 6.0, 1e-12);
}

/// Each channel, or token, has its own 127 levels: multiples of its largest / 127 are exact.
#[test]
fn int8_by_channel_and_by_token() {
    let levels = [127.0, 1270.0, 40.0, 30.0];
    near(of("int8_channel", &levels, 2), 0.0, 1e-12);
    near(
        of("int8_token", &[127.0, 40.0, 1270.0, 30.0], 2),
        0.0,
        1e-12,
    );
    // by token the scale of the first row is 10, so that 127 becomes 130
    let norm = [1270.0f64, 127.0, 40.0]
        .iter()
        .map(|x| x * x)
        .sum::<f64>()
        .sqrt();
    near(
        of("int8_token", &[1270.0, 127.0, 40.0, 0.0], 2),
        3.0 / norm,
        1e-6,
    );
}

/// Without position 0 one direction is left.
#[test]
fn spectrum_without_position_0() {
    let hidden = [0.0, 9.0, 1.0, 0.0, 2.0, 0.0];
    near(of("top_share_later", &hidden, 2), 1.0, 1e-12);
    near(
        of("entropy_sigma", &hidden, 2),
        entropy(&[9.0, 5f64.sqrt()]),
        1e-12,
    );
    near(
        of("entropy_sigma2", &hidden, 2),
        entropy(&[81.0, 5.0]),
        1e-12,
    );
    for name in ["entropy_sigma_later", "entropy_sigma2_later"] {
        near(of(name, &hidden, 2), 0.0, 1e-12);
    }
    for name in ["effective_rank_sigma_later", "effective_rank_sigma2_later"] {
        near(of(name, &hidden, 2), 1.0, 1e-12);
    }
}

fn entropy(parts: &[f64]) -> f64 {
    let all: f64 = parts.iter().sum();
    parts.iter().map(|x| -x / all * (x / all).ln()).sum()
}

/// Three queries; the last two give half to key 1. By Gu key 1 receives 1/2 of each of two queries, key 0 all, 1/2 and
/// 1/2 of three; over all queries key 1 receives 1/3.
#[test]
fn sinks_by_hand() {
    let weights = [1.0, 0.0, 0.0, 0.5, 0.5, 0.0, 0.5, 0.5, 0.0];
    near(of("alpha_other_gu", &weights, 3), 0.5, 1e-12);
    near(of("alpha_other_all", &weights, 3), 1.0 / 3.0, 1e-12);
    for name in [
        "first_is_sink_gu",
        "first_is_sink_all",
        "sinks_gu",
        "sinks_all",
    ] {
        near(of(name, &weights, 3), 1.0, 0.0);
    }
}

/// Steps are counted each way.
#[test]
fn steps_of_layers_by_hand() {
    let maxima = [1.0, 11.0, 12.0, 130.0, 1.0];
    for (name, expected) in [
        ("steps_up", 2.0),
        ("steps_down", 1.0),
        ("first_step_up", 1.0),
        ("last_step_down", 4.0),
    ] {
        near(of(name, &maxima, 1), expected, 0.0);
    }
}

/// Channels 0 to 9 against 5 to 14: 5 in common of 15.
#[test]
fn turnover_by_hand() {
    let row: Vec<f32> = (0..20).map(|i| if i < 10 { 9.0 } else { 1.0 }).collect();
    let before: Vec<f32> = (0..20)
        .map(|i| if (5..15).contains(&i) { 9.0 } else { 1.0 })
        .collect();
    let view = |values| View::new(values, 20).unwrap();
    let sample = Sample::new(view(&row))
        .with(Companion::StepBefore, view(&before))
        .unwrap();
    near(number("jaccard_step_before", &sample), 1.0 / 3.0, 1e-12);
}

/// Three classes at 0, 3 and 10 with pooled variance 2: distances 3, 7 and 10.
#[test]
fn concepts_of_three_classes() {
    let values = [-1.0, 1.0, 2.0, 4.0, 9.0, 11.0, 700.0];
    let labels = [0, 0, 1, 1, 2, 2, NO_LABEL];
    let sample = Sample::new(View::new(&values, 1).unwrap());
    let sample = sample.with_labels(&labels).unwrap();
    near(
        number("concept_signal", &sample),
        20.0 / 3.0 / 2f64.sqrt(),
        1e-12,
    );
    near(
        number("concept_signal_least", &sample),
        3.0 / 2f64.sqrt(),
        1e-12,
    );
}

/// Two bits and labels of the first: the kernel of the labels is that of the bit x1, so the alignment is 1 / sqrt(2); its
/// mean over permutations is tr K tr Y / (3 norm K norm Y) = 1 / sqrt(2) 2/3. The inputs are the bits themselves.
#[test]
fn alignment_with_labels_by_hand() {
    let bits = [-1.0, -1.0, -1.0, 1.0, 1.0, -1.0, 1.0, 1.0];
    let view = View::new(&bits, 2).unwrap();
    let sample = Sample::new(view).with_labels(&[0, 0, 1, 1]).unwrap();
    let sample = sample.with(Companion::Inputs, view).unwrap();
    let sample = sample.with(Companion::Targets, view).unwrap();
    near(number("alignment_labels", &sample), 0.5f64.sqrt(), 1e-12);
    // tr K = 8, norm K = 4 sqrt(2); tr Y = 2, norm Y = 2
    near(
        number("alignment_labels_null", &sample),
        16.0 / (3.0 * 32f64.sqrt() * 2.0),
        1e-12,
    );
    for name in ["alignment_inputs", "alignment_targets"] {
        near(number(name, &sample), 1.0, 1e-12);
    }
    for name in ["alignment_inputs_null", "alignment_targets_null"] {
        near(number(name, &sample), 64.0 / (3.0 * 32.0), 1e-12);
    }
}

/// Rows without a label are as if they were not there.
#[test]
fn rows_without_a_label_are_left_out() {
    let values = normal(8, 40 * 6);
    let labels: Vec<u32> = (0..40)
        .map(|i| if i % 4 == 0 { NO_LABEL } else { i % 2 })
        .collect();
    let some: Vec<f32> = values
        .chunks(6)
        .zip(&labels)
        .filter(|(_, label)| **label != NO_LABEL)
        .flat_map(|(row, _)| row)
        .copied()
        .collect();
    let kept: Vec<u32> = labels
        .iter()
        .copied()
        .filter(|label| *label != NO_LABEL)
        .collect();
    let all = Sample::new(View::new(&values, 6).unwrap())
        .with_labels(&labels)
        .unwrap();
    let fewer = Sample::new(View::new(&some, 6).unwrap())
        .with_labels(&kept)
        .unwrap();
    for name in [
        "cka_labels",
        "alignment_labels",
        "label_information",
        "label_information_p",
        "concept_signal",
    ] {
        assert_eq!(number(name, &all), number(name, &fewer), "{name}");
    }
    let none = [NO_LABEL; 40];
    let none = Sample::new(View::new(&values, 6).unwrap())
        .with_labels(&none)
        .unwrap();
    assert_eq!(number("cka_labels", &none), Err(Missing::OneClass));
}

/// Kernels are as good as tensors. A step that only scales and turns is the same: 1; the biased CKA of one direction with
/// another at a right angle is the square of their correlation.
#[test]
fn steps_by_kernels() {
    let h = normal(4, 30 * 5);
    let turned: Vec<f32> = h
        .chunks(5)
        .flat_map(|row| [row[1], -row[0], row[2], row[4], row[3]])
        .map(|x| 4.0 * x)
        .collect();
    let other = normal(6, 30 * 5);
    let view = |values| View::new(values, 5).unwrap();
    let (before, first) = (Kernel::new(view(&other)), Kernel::new(view(&turned)));
    fn lent(kernel: &Result<Kernel, Missing>) -> Result<&Kernel, Missing> {
        kernel.as_ref().map_err(|missing| *missing)
    }
    let by_kernel = Sample::new(view(&h))
        .with_kernel(Companion::StepBefore, lent(&before))
        .with_kernel(Companion::FirstStep, lent(&first));
    let by_tensor = Sample::new(view(&h))
        .with(Companion::StepBefore, view(&other))
        .unwrap();
    for name in ["cka_first_step", "cka_first_step_biased"] {
        near(number(name, &by_kernel), 1.0, 1e-6);
    }
    for name in ["cka_step_before", "cka_step_before_biased"] {
        assert_eq!(number(name, &by_kernel), number(name, &by_tensor), "{name}");
    }
    let (x, y) = ([1.0, 2.0, -3.0, 4.0, 0.5], [2.0, 1.0, -1.0, 0.0, 3.0]);
    let one = |values| View::new(values, 1).unwrap();
    let sample = Sample::new(one(&x))
        .with(Companion::StepBefore, one(&y))
        .unwrap();
    let sample = sample.with(Companion::LastLayer, one(&y)).unwrap();
    let square = correlation(&x, &y).powi(2);
    near(number("cka_step_before_biased", &sample), square, 1e-6);
    near(number("cka_last_layer_biased", &sample), square, 1e-12);
    // of another number of positions there is nothing to compare
    let short = Kernel::new(View::new(&h[..50], 5).unwrap());
    let sample = Sample::new(view(&h)).with_kernel(Companion::StepBefore, lent(&short));
    assert_eq!(number("cka_step_before", &sample), Err(Missing::NotGiven));
}

fn correlation(x: &[f32], y: &[f32]) -> f64 {
    let mean = |v: &[f32]| v.iter().map(|x| f64::from(*x)).sum::<f64>() / v.len() as f64;
    let centred = |v: &[f32]| {
        v.iter()
            .map(|x| f64::from(*x) - mean(v))
            .collect::<Vec<_>>()
    };
    let (x, y) = (centred(x), centred(y));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    dot(&x, &y) / (dot(&x, &x) * dot(&y, &y)).sqrt()
}
