//! Each observable where its value is known.

use crate::helpers::{near, normal, number, of};
use outcrop_measure::{Meter, received};
use outcrop_observe::{
    Companion, Missing, Sample, SinkConvention, View, concept_speed, differential_entropy,
    layer_steps, mutual_information, prefix_ranks, sink_keys,
};

/// Massive activations are those that `outcrop-measure` finds.
#[test]
fn magnitudes_are_those_of_measure() {
    for seed in 1..30 {
        let (rows, columns) = (1 + seed as usize % 7, 1 + seed as usize % 11);
        let hidden = normal(seed, rows * columns);
        let stats = Meter::new().measure(&hidden, columns).unwrap();
        near(
            of("top1", &hidden, columns),
            f64::from(stats.top[0].unwrap().magnitude),
            0.0,
        );
        near(
            of("median", &hidden, columns),
            f64::from(stats.median.unwrap()),
            0.0,
        );
        near(of("ratio", &hidden, columns), stats.ratio().unwrap(), 0.0);
    }
    assert_eq!(of("ratio", &[0.0, 0.0, 0.0, 4.0], 2), Err(Missing::Zero));
}

/// A normal tensor: quantiles 0.6745, 1.6449, 2.5758, a TWEO penalty of 1/27, nothing beyond 6 sigma.
#[test]
fn tails_of_a_normal_tensor() {
    let hidden = normal(3, 400_000);
    for (column, expected) in [
        ("q50", 0.67449),
        ("q90", 1.64485),
        ("q99", 2.57583),
        ("tweo", 1.0 / 27.0),
    ] {
        near(of(column, &hidden, 100), expected, 0.01);
    }
    near(of("beyond_6_sigma", &hidden, 100), 0.0, 1e-5);
    near(of("kurtosis", &hidden, 100), 3.0, 0.05);
    near(of("channel_kurtosis", &hidden, 100), 1.0, 0.01);
    // rounding errors are even between -step/2 and step/2
    let step = of("top1", &hidden, 100).unwrap() / 127.0;
    near(of("int8_tensor", &hidden, 100), step / 12f64.sqrt(), 0.001);
}

#[test]
fn tails_of_few_scalars() {
    let spike = |count: usize| {
        let mut values = vec![0.0; count];
        values[1] = 5.0;
        values
    };
    // one of N: RMS is 5/sqrt(N) and sigma nearly that, so it is beyond 10 RMS from N = 101 on
    near(of("beyond_10_rms", &spike(100), 10), 0.0, 0.0);
    near(of("beyond_10_rms", &spike(110), 10), 1.0 / 110.0, 1e-12);
    near(of("beyond_6_sigma", &spike(110), 10), 1.0 / 110.0, 1e-12);
    near(of("tweo", &[3.0, -6.0], 2), 8.5, 1e-12);
    // one of N scalars: N - 2 + 1 / (N - 1); one of d channels: d
    near(of("kurtosis", &spike(110), 10), 108.0 + 1.0 / 109.0, 1e-9);
    near(of("channel_kurtosis", &spike(110), 10), 10.0, 1e-12);
    assert_eq!(of("beyond_6_sigma", &[2.0; 8], 4), Err(Missing::Constant));
    assert_eq!(of("int8_tensor", &[0.0; 8], 4), Err(Missing::Zero));
}

/// Levels are exact; a column of its own scale loses nothing to a massive one.
#[test]
fn quantisation_by_hand() {
    let levels: Vec<f32> = (-7..=7).map(|i| i as f32 * 0.5).collect();
    near(of("int4_tensor", &levels, 15), 0.0, 1e-12);
    // 0.4 is rounded to 0 by the scale 7 / 7, and has its own level by channel
    let massive = [7.0, 0.4, 7.0, 0.4];
    near(
        of("int4_tensor", &massive, 2),
        0.4 / (49.16f64).sqrt(),
        1e-7,
    );
    near(of("int4_channel", &massive, 2), 0.0, 1e-12);
    near(of("int4_token", &massive, 2), 0.4 / (49.16f64).sqrt(), 1e-7);
}

#[test]
fn tokens_by_hand() {
    let hidden = [0.0, 6.0, 3.0, 4.0, -5.0, 0.0];
    near(of("norm_first_over_mean", &hidden, 2), 1.2, 1e-12);
    near(
        of("cosine_mean", &hidden, 2),
        (0.8 + 0.0 - 0.6) / 3.0,
        1e-12,
    );
    near(of("cosine_mean_later", &hidden, 2), -0.6, 1e-12);
    let sample = |sinks| {
        Sample::new(View::new(&hidden, 2).unwrap())
            .with_sinks(sinks)
            .unwrap()
    };
    near(number("cosine_sinks", &sample(&[0, 1])), 0.8, 1e-12);
    assert_eq!(number("cosine_sinks", &sample(&[0])), Err(Missing::NoSink));
    near(of("value_drain", &[0.9, 5.0, -5.0], 1), 1.0, 0.0);
    near(of("value_drain", &[1.1, 5.0, -5.0], 1), 0.0, 0.0);
    assert_eq!(of("value_drain", &[1.0, 2.0], 2), Err(Missing::OnePosition));
}

#[test]
fn channels_by_hand() {
    let hidden: Vec<f32> = (0..60).map(|i| (i % 20) as f32 + 1.0).collect();
    near(of("channel_median", &hidden, 20), 10.5, 1e-12);
    near(of("channel_p95", &hidden, 20), 19.05, 1e-12);
    let mut massive = vec![1.0; 40];
    massive[3] = -100.5;
    near(of("channels_beyond_100", &massive, 20), 1.0, 0.0);
    let other: Vec<f32> = hidden.iter().map(|h| (h + 5.0) % 20.0).collect();
    let view = |values| View::new(values, 20).unwrap();
    let jaccard = |other| {
        let sample = Sample::new(view(&hidden))
            .with(Companion::LastStep, other)
            .unwrap();
        number("jaccard_last_step", &sample)
    };
    near(jaccard(view(&hidden)), 1.0, 0.0);
    near(jaccard(view(&other)), 4.0 / 16.0, 1e-12); // channels 10 to 19, and 4 to 13
}

/// Singular values 3 and 1, whichever way they lie.
#[test]
fn spectra_by_hand() {
    let wide = [3.0, 0.0, 0.0, 0.0, 1.0, 0.0];
    let tall = [3.0, 0.0, 0.0, 1.0, 0.0, 0.0];
    for (values, columns) in [(wide, 3), (tall, 2)] {
        near(of("effective_rank_sigma", &values, columns), 1.7548, 1e-4);
        near(of("effective_rank_sigma2", &values, columns), 1.3841, 1e-4);
        near(of("stable_rank", &values, columns), 10.0 / 9.0, 1e-12);
        near(of("top_share", &values, columns), 0.9, 1e-12);
        near(of("stable_rank_later", &values, columns), 1.0, 1e-12);
    }
    // equal singular values: all of them
    let mut identity = vec![0.0; 25];
    identity.iter_mut().step_by(6).for_each(|x| *x = -2.0);
    near(of("effective_rank_sigma", &identity, 5), 5.0, 1e-12);
    near(of("stable_rank", &identity, 5), 5.0, 1e-12);
    assert_eq!(of("stable_rank", &[0.0; 9], 3), Err(Missing::Zero));
}

#[test]
fn ranks_of_prefixes() {
    let rows: Vec<f32> = [0.3f32, -0.7, 0.1].repeat(60);
    let ranks = prefix_ranks(View::new(&rows, 3).unwrap(), 20).unwrap();
    assert!(ranks.iter().all(|prefix| prefix.rank == 1.0));
    near(of("prefix_velocity", &rows, 3), 0.0, 0.0);
    near(of("prefix_acceleration", &rows, 3), 0.0, 0.0);
    // one direction, then two at once: ranks 1, 1, 2 of points on axes
    let mut points = vec![];
    (0..20).for_each(|i| points.extend([(i % 2) as f32 * 2.0 - 1.0, 0.0]));
    (0..20).for_each(|i| points.extend([0.0, (i % 2) as f32 * 2.0 - 1.0]));
    let ranks = prefix_ranks(View::new(&points, 2).unwrap(), 20).unwrap();
    near(Ok(ranks[1].rank), 2.0, 1e-12);
    near(Ok(ranks[1].velocity.unwrap()), 1.0, 1e-12);
    assert_eq!(
        of("prefix_acceleration", &points, 2),
        Err(Missing::TooShort)
    );
    assert_eq!(of("prefix_rank", &points[..38], 2), Err(Missing::TooShort));
}

/// Even causal weights of 64 queries: key 0 receives H_64 / 64 = 0.0741.
#[test]
fn even_attention() {
    let n = 64;
    let mut weights = vec![f32::NAN; n * n];
    for query in 0..n {
        weights[query * n..=query * n + query].fill(1.0 / (query + 1) as f32);
    }
    near(of("alpha_first", &weights, n), 0.0741, 1e-4);
    near(of("attention_entropy_share", &weights, n), 1.0, 1e-7);
    let factorial: f64 = (1..=n).map(|i| (i as f64).ln()).sum();
    near(
        of("attention_entropy", &weights, n),
        factorial / n as f64,
        1e-6,
    );
    near(of("first_argmax", &weights, n), 1.0, 0.0);
    near(of("sinks_gu", &weights, n), 0.0, 0.0);
    near(
        of("alpha_other_all", &weights, n),
        (2..=n).map(|i| 1.0 / i as f64).sum::<f64>() / n as f64,
        1e-6,
    );
    near(
        of("alpha_first", &weights, n),
        received(&weights, n)[0],
        1e-12,
    );
}

/// All on the query itself: by Gu every key is a sink, over all queries none.
#[test]
fn attention_to_itself() {
    let n = 5;
    let mut weights = vec![0.0; n * n];
    weights.iter_mut().step_by(n + 1).for_each(|w| *w = 1.0);
    near(of("attention_entropy", &weights, n), 0.0, 0.0);
    near(of("first_argmax", &weights, n), 0.2, 1e-12);
    near(of("first_argmax_later", &weights, n), 0.0, 0.0);
    near(of("sinks_gu", &weights, n), 3.0, 0.0); // alpha of the last keys: 1, 1/2, 1/3, 1/4
    near(of("sinks_all", &weights, n), 0.0, 0.0);
    let view = View::new(&weights, n).unwrap();
    assert_eq!(sink_keys(view, SinkConvention::AllQueries), Ok(vec![]));
    assert_eq!(
        of("alpha_first", &[0.5, -0.5, 1.5, 1.0], 2),
        Err(Missing::NotAttention)
    );
    assert_eq!(
        of("alpha_first", &[1.0, 0.0], 2),
        Err(Missing::NotAttention)
    );
}

/// Sigmoids: each weight is a share of 1, a row is not.
#[test]
fn attention_that_is_not_normalised() {
    let weights = [0.5, 0.0, 0.0, 0.75, 0.5, 0.0, 0.25, 1.0, 0.5];
    near(of("alpha_first", &weights, 3), 0.5, 1e-12);
    near(of("first_is_sink_gu", &weights, 3), 1.0, 0.0);
    near(of("alpha_other_gu", &weights, 3), 0.75, 1e-12);
    near(of("first_argmax", &weights, 3), 2.0 / 3.0, 1e-12);
    let entropy = of("attention_entropy", &weights, 3);
    assert_eq!(entropy, Err(Missing::NotAttention));
    // scores are no weights
    let scores = [0.5, 0.0, 1.5, -0.5];
    assert_eq!(of("alpha_first", &scores, 2), Err(Missing::NotAttention));
}

/// A row of zeros, and rows that add up to less than 1.
#[test]
fn attention_that_falls_away() {
    let weights = [0.0, 0.0, 0.25, 0.25];
    near(of("alpha_first", &weights, 2), 0.125, 1e-12);
    near(of("first_argmax", &weights, 2), 1.0, 0.0);
    let quarters = 2.0 * 0.25 * 4f64.ln();
    near(of("attention_entropy", &weights, 2), quarters / 2.0, 1e-7);
    near(
        of("attention_entropy_share", &weights, 2),
        quarters / 2f64.ln(),
        1e-7,
    );
}

#[test]
fn sublayers_by_hand() {
    let (write, stream) = ([1.0, -1.0, 1.0, 1.0], [3.0, 4.0, -3.0, 4.0]);
    let view = |values| View::new(values, 2).unwrap();
    let sample = Sample::new(view(&write))
        .with(Companion::Stream, view(&stream))
        .unwrap();
    near(
        number("write_over_stream", &sample),
        1.0 / 12.5f64.sqrt(),
        1e-12,
    );
    // RMS of position 0 is 1000 / sqrt(2): 5 becomes 0.00707
    near(of("near_zero_rms", &[1000.0, 5.0, 1.0, 2.0], 2), 0.25, 0.0);
    near(of("near_zero", &[1000.0, 0.005, 1.0, 2.0], 2), 0.25, 0.0);
    let layers: Vec<usize> = layer_steps(&[1.0, 10.0, 101.0, 1.0])
        .iter()
        .map(|s| s.layer)
        .collect();
    assert_eq!(layers, [2, 3]);
    assert_eq!(of("first_step_up", &[1.0, 2.0], 1), Err(Missing::NoStep));
}

/// The last layer with itself: rank 0 of its prediction, KL 0. Even logits: probability 1 / V, KL = ln V - entropy.
#[test]
fn logit_lens() {
    let last = [2.0f32.ln(), 0.0, 0.0, 0.0, 0.0, 3.0];
    let even = [1.0; 6];
    let view = |values| View::new(values, 3).unwrap();
    let sample = |logits| {
        Sample::new(view(logits))
            .with(Companion::LastLayer, view(&last))
            .unwrap()
    };
    near(number("lens_rank_final", &sample(&last)), 0.0, 0.0);
    near(number("lens_kl", &sample(&last)), 0.0, 1e-12);
    near(
        number("lens_probability_final", &sample(&even)),
        1.0 / 3.0,
        1e-12,
    );
    let targets = [0, 1];
    let labelled = sample(&last).with_labels(&targets).unwrap();
    near(number("lens_rank_target", &labelled), 0.5, 1e-12);
    let share = (0.5 + 1.0 / (2.0 + 3f64.exp())) / 2.0;
    near(number("lens_probability_target", &labelled), share, 1e-6);
    assert_eq!(
        number("lens_rank_target", &sample(&last)),
        Err(Missing::NotGiven)
    );
    // even logits: ln V
    let rounded = sample(&even).with_labels(&targets).unwrap();
    near(number("int8_loss", &rounded), 3f64.ln(), 1e-12);
    near(number("int8_loss_increase", &labelled), 0.0, 1e-12);
}

/// Of four rows one has no answer, one is wrong, and of equal logits the first counts.
#[test]
fn accuracy_counts_answers() {
    let logits = [
        0.0, 2.0, 1.0, 5.0, 5.0, 0.0, -1.0, -3.0, -0.5, 9.0, 0.0, 0.0,
    ];
    let sample = || Sample::new(View::new(&logits, 3).unwrap());
    let of = |labels: &[u32]| number("accuracy", &sample().with_labels(labels).unwrap());
    near(of(&[1, 0, 2, 0]), 1.0, 0.0);
    near(of(&[1, 1, 2, u32::MAX]), 2.0 / 3.0, 1e-15);
    assert_eq!(of(&[3; 4]), Err(Missing::NotGiven));
    assert_eq!(number("accuracy", &sample()), Err(Missing::NotGiven));
}

/// Two bits and the target x1: alignment 1 / sqrt(2); the target XOR: 0.
#[test]
fn kernel_alignment_of_two_bits() {
    let bits = [-1.0, -1.0, -1.0, 1.0, 1.0, -1.0, 1.0, 1.0];
    for (target, expected) in [
        ([-1.0, -1.0, 1.0, 1.0], 0.5f64.sqrt()),
        ([1.0, -1.0, -1.0, 1.0], 0.0),
    ] {
        let sample = Sample::new(View::new(&bits, 2).unwrap());
        let sample = sample
            .with(Companion::Targets, View::new(&target, 1).unwrap())
            .unwrap();
        near(number("alignment_targets", &sample), expected, 1e-12);
    }
}

#[test]
fn similarity_of_tensors() {
    let h = normal(5, 60);
    let view = View::new(&h, 4).unwrap();
    let with = |values| {
        let other = View::new(values, 4).unwrap();
        number(
            "cka_last_layer",
            &Sample::new(view).with(Companion::LastLayer, other).unwrap(),
        )
    };
    near(with(&h), 1.0, 1e-12);
    let doubled: Vec<f32> = h.iter().map(|x| 2.0 * x + 1.0).collect();
    near(with(&doubled), 1.0, 1e-6);
    assert_eq!(with(&[1.0; 60]), Err(Missing::Constant));
    let mut axes = vec![0.0; 16];
    axes.iter_mut().step_by(5).for_each(|x| *x = 1.0); // once centred, three equal directions
    near(of("participation_ratio", &axes, 4), 3.0, 1e-12);
}

/// Independent tensors: unbiased CKA is 0 on average, the biased alignment is its null.
#[test]
fn independent_tensors() {
    let (n, d, rounds) = (24, 60, 200);
    let (mut cka, mut alignment, mut null) = (0.0, 0.0, 0.0);
    for seed in 0..rounds {
        let values = normal(1000 + seed, 2 * n * d);
        let (a, b) = values.split_at(n * d);
        let view = |values| View::new(values, d).unwrap();
        let sample = Sample::new(view(a))
            .with(Companion::Targets, view(b))
            .unwrap();
        cka += number("cka_targets", &sample).unwrap();
        alignment += number("alignment_targets", &sample).unwrap();
        null += number("alignment_targets_null", &sample).unwrap();
    }
    let rounds = rounds as f64;
    assert!((cka / rounds).abs() < 0.02, "{}", cka / rounds);
    assert!(null / rounds > 0.5 && ((alignment - null) / rounds).abs() < 0.005);
}

/// 1 nat at rho = 0.92987.
#[test]
fn mutual_information_of_a_gaussian_pair() {
    let (n, rho) = (4000, 0.92987f64);
    let noise: Vec<f64> = normal(9, 2 * n).into_iter().map(f64::from).collect();
    let (x, z) = noise.split_at(n);
    let y: Vec<f64> = x
        .iter()
        .zip(z)
        .map(|(x, z)| rho * x + (1.0 - rho * rho).sqrt() * z)
        .collect();
    near(mutual_information((x, 1), (&y, 1), 5), 1.0, 0.05);
    near(mutual_information((x, 1), (z, 1), 5), 0.0, 0.05);
    // a normal variable: ln(2 pi e) / 2
    near(differential_entropy(x, 1, 5), 1.418_938_5, 0.03);
    assert_eq!(
        differential_entropy(&[1.0; 9], 1, 3),
        Err(Missing::Coincident)
    );
}

/// Classes far apart: the entropy of the labels, ln 2; none apart: 0, and p is no small number.
#[test]
fn information_on_labels() {
    let n = 200;
    let labels: Vec<u32> = (0..n as u32).map(|i| i % 2).collect();
    let noise = normal(11, n * 3);
    let apart = |by: f32| -> Vec<f32> {
        noise
            .chunks(3)
            .zip(&labels)
            .flat_map(|(row, label)| [row[0] + by * *label as f32, row[1], row[2] * 0.1])
            .collect()
    };
    let number = |column, by| {
        let values = apart(by);
        number(
            column,
            &Sample::new(View::new(&values, 3).unwrap())
                .with_labels(&labels)
                .unwrap(),
        )
    };
    near(number("label_information", 50.0), 2f64.ln(), 0.03);
    near(number("label_information_p", 50.0), 0.02, 1e-12);
    near(number("label_information_null", 50.0), 0.0, 0.15);
    near(number("label_information", 0.0), 0.0, 0.15);
    assert!(number("label_information_p", 0.0).unwrap() > 0.05);
}

/// One channel: Cohen's d. Linear in the distance of the classes.
#[test]
fn concepts_by_hand() {
    let values = [0.0, 2.0, 10.0, 12.0]; // means 1 and 11, pooled variance 2
    let labels = [4, 4, 9, 9];
    let sample = Sample::new(View::new(&values, 1).unwrap())
        .with_labels(&labels)
        .unwrap();
    near(number("concept_signal", &sample), 10.0 / 2f64.sqrt(), 1e-12);
    let one = [4, 4, 4, 9];
    let sample = Sample::new(View::new(&values, 1).unwrap())
        .with_labels(&one)
        .unwrap();
    assert_eq!(number("concept_signal", &sample), Err(Missing::OneClass));
    assert_eq!(concept_speed(&[(0, 3.0)], 2.0).unwrap().speed, None);
}
