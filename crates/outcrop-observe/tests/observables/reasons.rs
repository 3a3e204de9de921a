//! What every number is where its tensor does not define it: a reason, never 0.

use std::collections::BTreeMap;

use outcrop_observe::{Companion, Found, Missing, OBSERVABLES, Sample, Site, View};

/// A value.
const OK: &str = "";

/// Of one position, two positions, 60 rows of 2.5 and 60 rows of 0: the code of the reason. Weights of attention are 1 of
/// one query, of two queries with all on themselves, even ones of 60 queries, and 0.
const REASONS: [(&str, [&str; 4]); 31] = [
    ("top1 median rms q50 q75 q90 q95 q99 q999 tweo", [OK; 4]),
    (
        "norm_first near_zero channel_median channel_p95 channel_p99",
        [OK; 4],
    ),
    (
        "lens_rank_target lens_probability_target lens_rank_final lens_probability_final lens_kl accuracy \
         int8_loss int8_loss_increase",
        [OK; 4],
    ),
    (
        "ratio beyond_10_rms near_zero_rms channels_beyond_100 write_over_stream",
        [OK, OK, OK, "zero"],
    ),
    (
        "int8_tensor int8_channel int8_token int4_tensor int4_channel int4_token",
        [OK, OK, OK, "zero"],
    ),
    (
        "entropy_sigma effective_rank_sigma entropy_sigma2 effective_rank_sigma2",
        [OK, OK, OK, "zero"],
    ),
    ("stable_rank top_share", [OK, OK, OK, "zero"]),
    ("beyond_6_sigma", [OK, OK, "constant", "constant"]),
    ("kurtosis", [OK, OK, "constant", "constant"]),
    ("channel_kurtosis", [OK, OK, OK, "zero"]),
    (
        "jaccard_step_before jaccard_last_step",
        [OK, OK, "constant", "constant"],
    ),
    ("norm_mean", ["one-position", OK, OK, OK]),
    (
        "norm_first_over_mean norm_largest_over_mean value_drain",
        ["one-position", OK, OK, "zero"],
    ),
    (
        "entropy_sigma_later effective_rank_sigma_later",
        ["one-position", OK, OK, "zero"],
    ),
    (
        "entropy_sigma2_later effective_rank_sigma2_later",
        ["one-position", OK, OK, "zero"],
    ),
    (
        "stable_rank_later top_share_later",
        ["one-position", OK, OK, "zero"],
    ),
    ("cosine_mean", ["too-short", OK, OK, "zero"]),
    (
        "cosine_mean_later",
        ["one-position", "too-short", OK, "zero"],
    ),
    ("cosine_sinks", ["no-sink", OK, OK, "zero"]),
    (
        "prefix_rank prefix_velocity prefix_acceleration",
        ["too-short", "too-short", OK, OK],
    ),
    (
        "attention_entropy alpha_first first_is_sink_gu first_is_sink_all first_argmax",
        [OK; 4],
    ),
    (
        "attention_entropy_share first_argmax_later",
        ["one-position", OK, OK, OK],
    ),
    (
        "alpha_other_gu alpha_other_all sinks_gu sinks_all",
        ["one-position", OK, OK, OK],
    ),
    ("steps_up steps_down", ["too-short", OK, OK, OK]),
    (
        "first_step_up last_step_down",
        ["too-short", "no-step", "no-step", "no-step"],
    ),
    (
        "cka_last_layer cka_last_layer_biased cka_targets cka_labels",
        ["too-short", "too-short", "constant", "constant"],
    ),
    (
        "cka_step_before cka_step_before_biased",
        ["too-short", "too-short", "constant", "constant"],
    ),
    (
        "cka_first_step cka_first_step_biased",
        ["too-short", "too-short", "constant", "constant"],
    ),
    (
        "alignment_inputs alignment_inputs_null alignment_targets alignment_targets_null alignment_labels \
      alignment_labels_null participation_ratio",
        ["too-short", OK, "constant", "constant"],
    ),
    (
        "label_information label_information_null label_information_p",
        ["one-class", "one-class", "constant", "constant"],
    ),
    (
        "concept_signal concept_signal_least",
        ["one-class", "one-class", "constant", "constant"],
    ),
];

/// The four tensors of a place, each with its columns.
fn tensors(site: Site) -> [(Vec<f32>, usize); 4] {
    let row: Vec<f32> = (0..12).map(|i| ((i * i) % 7 + 2) as f32).collect();
    let other = row.iter().rev().map(|x| x * 1.5);
    let two: Vec<f32> = row.iter().copied().chain(other).collect();
    let even = |query: usize| {
        let weight = 1.0 / (query + 1) as f32;
        (0..60).map(move |key| if key <= query { weight } else { 0.0 })
    };
    match site {
        Site::AttentionWeights => [
            (vec![1.0], 1),
            (vec![1.0, 0.0, 0.0, 1.0], 2),
            ((0..60).flat_map(even).collect(), 60),
            (vec![0.0; 3600], 60),
        ],
        Site::LayerMaxima => [
            (vec![2.0], 1),
            (vec![2.0, 3.0], 1),
            (vec![2.5; 60], 1),
            (vec![0.0; 60], 1),
        ],
        _ => [
            (row, 12),
            (two, 12),
            (vec![2.5; 720], 12),
            (vec![0.0; 720], 12),
        ],
    }
}

/// The numbers of every observable by name, of a tensor with everything beside it.
fn found(tensor: &dyn Fn(Site) -> (Vec<f32>, usize)) -> BTreeMap<&'static str, Found> {
    let mut all = BTreeMap::new();
    for one in OBSERVABLES {
        let (values, columns) = tensor(one.sites[0]);
        let view = View::new(&values, columns).unwrap();
        let rows = view.rows();
        let labels: Vec<u32> = (0..rows as u32).map(|i| i % 2).collect();
        let sinks: Vec<usize> = (0..rows.min(2)).collect();
        let sample = Sample::new(view).with_labels(&labels).unwrap();
        let mut sample = sample.with_sinks(&sinks).unwrap();
        for companion in Companion::ALL {
            sample = sample.with(companion, view).unwrap();
        }
        let names = one.columns.iter().map(|column| column.name);
        all.extend(names.zip(one.observe(&sample)));
    }
    all
}

#[test]
fn what_a_tensor_does_not_define_has_a_reason() {
    let mut wrong = Vec::new();
    let mut listed = 0;
    let cases: Vec<_> = (0..4)
        .map(|case| found(&|site| tensors(site)[case].clone()))
        .collect();
    for (names, expected) in REASONS {
        for name in names.split_whitespace() {
            listed += 1;
            let codes: Vec<&str> = cases
                .iter()
                .map(|case| case[name].err().map_or(OK, Missing::code))
                .collect();
            if codes != expected {
                wrong.push(format!("{name}: {codes:?}, expected {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(listed, cases[0].len(), "every number is listed once");
}

/// One scalar that is not finite, in a tensor or in what it is compared with.
#[test]
fn what_is_not_finite_has_that_reason() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let spoilt = |site| {
            let [.., (mut values, columns), _] = tensors(site);
            values[columns / 2 * columns] = bad;
            (values, columns)
        };
        for (name, found) in found(&spoilt) {
            assert_eq!(found, Err(Missing::NotFinite), "{name} of {bad}");
        }
    }
    let [_, _, (values, columns), _] = tensors(Site::ResidualStream);
    let mut other = values.clone();
    other[3] = f32::NAN;
    let view = |values| View::new(values, columns).unwrap();
    let mut sample = Sample::new(view(&values));
    for companion in Companion::ALL {
        sample = sample.with(companion, view(&other)).unwrap();
    }
    for (name, at) in [("write", 0), ("logit_lens", 2)] {
        let one = outcrop_observe::named(name).unwrap();
        assert_eq!(one.observe(&sample)[at], Err(Missing::NotFinite), "{name}");
    }
}

/// Nothing but the tensor: what needs more says so.
#[test]
fn what_is_not_given_has_that_reason() {
    let ramp: Vec<f32> = (0..600).map(|i| ((i * i) % 37) as f32 - 11.0).collect();
    let sample = Sample::new(View::new(&ramp, 12).unwrap());
    let without = |one: &&&outcrop_observe::Observable| one.needs.is_empty();
    for one in OBSERVABLES.iter().filter(|one| !without(one)) {
        for (column, found) in one.columns.iter().zip(one.observe(&sample)) {
            let given = ["cosine_mean", "cosine_mean_later"].contains(&column.name);
            assert!(
                given || found == Err(Missing::NotGiven),
                "{}: {found:?}",
                column.name
            );
        }
    }
}
