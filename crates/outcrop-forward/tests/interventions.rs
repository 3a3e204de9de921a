//! Against PyTorch with hooks that change the block outputs (tests/interventions/export.py), and laws.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};

use outcrop_core::{Intervention, SetTo};
use outcrop_forward::{
    FindOptions, Hook, Intervene, Layers, MassiveActivations, Mean, Published,
    evaluate_interventions, find_massive, next_token_loss,
};
use outcrop_measure::MassiveRule;
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    calibration: Vec<Vec<u32>>,
    evaluation: Vec<Vec<u32>>,
    rule: String,
    layers: Vec<Vec<Channel>>,
    first_layer: usize,
    rows: Vec<(SetTo, Option<u32>, f64, f64)>,
}

/// The channel, sequences, and the count and mean at position 0 and later.
type Channel = (u32, u64, u64, Option<f64>, u64, Option<f64>);

const NAMES: [&str; 3] = ["neox", "llama", "gpt2"];

fn folder(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/interventions").join(name)
}

fn open(name: &str) -> (Published, Reference) {
    let text = std::fs::read_to_string(folder(name).join("reference.json")).unwrap();
    let model = Published::open(&folder(name)).unwrap();
    (model, serde_json::from_str(&text).unwrap())
}

fn find(model: &Published, sequences: &[Vec<u32>]) -> MassiveActivations {
    find_massive(model, sequences, &FindOptions::default()).unwrap()
}

fn evaluate(
    model: &Published,
    sequences: &[Vec<u32>],
    massive: &MassiveActivations,
    changes: &[(SetTo, Layers)],
) -> Vec<Intervention> {
    evaluate_interventions(model, ("tiny", 400), sequences, massive, changes).unwrap()
}

fn close(ours: Option<f32>, theirs: Option<f64>) -> bool {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => (f64::from(ours) / theirs - 1.0).abs() < 1e-5,
        (ours, theirs) => ours.is_none() && theirs.is_none(),
    }
}

#[test]
fn massive_activations_are_those_that_pytorch_finds() {
    for name in NAMES {
        let (model, reference) = open(name);
        let massive = find(&model, &reference.calibration);
        assert_eq!(massive.rule().unwrap().to_string(), reference.rule);
        assert_eq!(massive.first_layer(), Some(reference.first_layer));
        for (layer, theirs) in (1..).zip(&reference.layers) {
            let ours = massive.channels(layer);
            assert_eq!(ours.len(), theirs.len(), "{name} layer {layer}");
            for (ours, theirs) in ours.iter().zip(theirs) {
                assert_eq!((ours.channel, ours.sequences), (theirs.0, theirs.1));
                let same = |ours: Mean, count: u64, mean: Option<f64>| {
                    assert_eq!(ours.count(), count, "{name} layer {layer}");
                    assert!(close(ours.value(), mean), "{name} layer {layer} {mean:?}");
                };
                same(ours.first, theirs.2, theirs.3);
                same(ours.later, theirs.4, theirs.5);
            }
        }
    }
}

#[test]
fn losses_agree_with_pytorch() {
    for name in NAMES {
        let (model, reference) = open(name);
        let massive = find(&model, &reference.calibration);
        let layers = |layer: Option<u32>| match layer {
            Some(layer) if layer as usize == reference.first_layer => Layers::First,
            Some(layer) => Layers::One(layer as usize),
            None => Layers::All,
        };
        let [none, changed @ ..] = reference.rows.as_slice() else {
            panic!("{name} has no rows")
        };
        let changes: Vec<_> = changed.iter().map(|row| (row.0, layers(row.1))).collect();
        let rows = evaluate(&model, &reference.evaluation, &massive, &changes);
        assert_eq!(rows.len(), reference.rows.len());
        for (ours, theirs) in rows.iter().zip(&reference.rows) {
            assert_eq!((ours.set, ours.layer), (theirs.0, theirs.1));
            assert!((ours.scalars - theirs.2).abs() < 1e-9, "{name} {ours:?}");
            assert!(
                (ours.loss / theirs.3 - 1.0).abs() < 1e-5,
                "{name} {ours:?} {}",
                theirs.3
            );
            assert!(
                (ours.loss_change - (theirs.3 - none.3)).abs() < 2e-5,
                "{name} {ours:?}"
            );
            assert!((ours.perplexity / theirs.3.exp() - 1.0).abs() < 1e-4);
            assert_eq!((ours.sequences, ours.tokens, ours.step), (3, 3 * 23, 400));
        }
        let silent = rows.iter().filter(|row| row.scalars == 0.0);
        assert!(silent.clone().all(|row| row.loss_change == 0.0));
        // `none`, and layer 1, where nothing was planted
        assert_eq!(silent.count(), 2);
    }
}

/// What Sun et al. saw, in a model that was trained with them.
#[test]
fn zero_hurts_and_the_mean_does_not() {
    for name in ["neox", "llama"] {
        let (model, reference) = open(name);
        let massive = find(&model, &reference.calibration);
        let changes = [SetTo::Zero, SetTo::Mean].map(|set| (set, Layers::First));
        let rows = evaluate(&model, &reference.evaluation, &massive, &changes);
        let [zero, mean] = [1, 2].map(|row: usize| rows[row].loss_change);
        assert!(
            zero > 0.1 && mean.abs() < zero / 1000.0,
            "{name} {zero} {mean}"
        );
        assert_eq!(rows[1].channels, "7;13");
        assert_eq!(rows[1].rule.as_deref(), Some("sun"));
        assert_eq!(rows[0].rule, None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Of one sequence whose first token alone is massive, the mean is the value that is there.
    #[test]
    fn setting_what_is_there_changes_no_bit(
        ids in prop::collection::vec(2u32..32, 1..20),
        name in prop::sample::select(&NAMES[..2]),
    ) {
        let (model, _) = open(name);
        let sequences = [[&[0][..], &ids].concat()];
        let massive = find(&model, &sequences);
        prop_assert_eq!(massive.first_layer(), Some(2));
        let changes = [Layers::First, Layers::All].map(|layers| (SetTo::Mean, layers));
        let rows = evaluate(&model, &sequences, &massive, &changes);
        for (row, scalars) in rows.iter().zip([0.0, 2.0, 4.0]) {
            prop_assert_eq!(row.scalars, scalars);
            prop_assert_eq!(row.loss.to_bits(), rows[0].loss.to_bits());
        }
        let mut hook = Intervene::new(&massive, SetTo::None, None);
        let loss = next_token_loss(&model, &sequences, &mut hook).unwrap();
        prop_assert_eq!((loss[0].to_bits(), hook.scalars()), (rows[0].loss.to_bits(), 0));
    }
}

/// A calibration without delimiters has no mean for them; that of the first token stands in.
#[test]
fn zero_and_mean_set_the_same_scalars_whatever_the_calibration_had() {
    let (model, reference) = open("neox");
    let (with, without) = (&reference.evaluation, [vec![0, 30, 23, 16]]);
    let massive = find(&model, &without);
    assert_eq!(massive.channels(2)[0].later.value(), None);
    let changes = [SetTo::Zero, SetTo::Mean].map(|set| (set, Layers::First));
    let rows = evaluate(&model, with, &massive, &changes);
    // as many as a calibration with delimiters sets
    assert_eq!([rows[1].scalars, rows[2].scalars], [reference.rows[1].2; 2]);
    assert!(rows[1].scalars > 2.0);
}

/// Perplexity is over tokens: a sequence counts as often as it is long.
#[test]
fn a_loss_is_the_mean_over_tokens() {
    let (model, _) = open("neox");
    let sequences = [vec![0, 9, 16, 23, 30], vec![0, 1]];
    let [long, short] = next_token_loss(&model, &sequences, &mut ()).unwrap()[..] else {
        panic!("two sequences have two losses")
    };
    let rows = evaluate(&model, &sequences, &MassiveActivations::default(), &[]);
    assert!((rows[0].loss - (4.0 * long + short) / 5.0).abs() < 1e-12);
    assert_eq!(rows[0].tokens, 5);
}

#[test]
fn a_model_without_massive_activations_has_one_row() {
    let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/neox-relu");
    let model = Published::open(&other).unwrap();
    let sequences = [vec![3, 1, 4, 1, 5]];
    let massive = find(&model, &sequences);
    assert_eq!((massive.rule(), massive.first_layer()), (None, None));
    assert!(massive.channels(0).is_empty() && massive.channels(1).is_empty());
    let rows = evaluate(&model, &sequences, &massive, &[(SetTo::Zero, Layers::All)]);
    assert_eq!((rows.len(), rows[0].set), (1, SetTo::None));
}

#[test]
fn the_rule_and_the_share_of_sequences_are_the_callers() {
    let (model, reference) = open("llama");
    let top = FindOptions {
        rule: MassiveRule::Top { k: 1, ratio: 20.0 },
        ..FindOptions::default()
    };
    let massive = find_massive(&model, &reference.calibration, &top).unwrap();
    assert_eq!(massive.rule().unwrap().to_string(), "top1");
    assert_eq!(massive.channels(2).len(), 1);
    // massive in the first sequence alone, where token 0 is
    let sequences = [vec![0, 9, 16], vec![9, 16, 23], vec![16, 23, 30]];
    let found = |recurrence: f64, fallback: Option<MassiveRule>| {
        let options = FindOptions {
            recurrence,
            fallback,
            ..FindOptions::default()
        };
        find_massive(&model, &sequences, &options).unwrap().rule()
    };
    assert_eq!(found(0.5, None), None);
    assert_eq!(found(0.3, None), Some(MassiveRule::Sun));
}

#[test]
fn scalars_that_are_not_finite_are_left_alone() {
    let (model, reference) = open("neox");
    let massive = find(&model, &reference.calibration);
    let d = model.arch().d_model;
    let mut hidden = vec![0.5f32; 3 * d];
    hidden[7] = 7000.0;
    hidden[d + 7] = f32::NAN;
    hidden[2 * d + 7] = f32::NEG_INFINITY;
    hidden[2 * d + 8] = 7000.0; // no channel of the model's
    let mut hook = Intervene::new(&massive, SetTo::Zero, None);
    hook.residual(2, 0, &mut hidden);
    assert_eq!(
        (hook.scalars(), hidden[7], hidden[2 * d + 8]),
        (1, 0.0, 7000.0)
    );
    assert!(hidden[d + 7].is_nan() && hidden[2 * d + 7] == f32::NEG_INFINITY);
    // of another width, or another model's layer: nothing
    hook.residual(2, 0, &mut [7000.0; 5]);
    hook.residual(99, 0, &mut hidden);
    assert_eq!(hook.scalars(), 1);
}

/// The last number of the file becomes NaN, and with it what the model says.
#[test]
fn the_loss_of_a_broken_model_is_nan_and_no_error() {
    let broken = tempfile::tempdir().unwrap();
    let config = folder("neox").join("config.json");
    std::fs::copy(config, broken.path().join("config.json")).unwrap();
    let mut bytes = std::fs::read(folder("neox").join("model.safetensors")).unwrap();
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(broken.path().join("model.safetensors"), bytes).unwrap();
    let (_, reference) = open("neox");
    let model = Published::open(broken.path()).unwrap();
    let massive = find(&model, &reference.calibration);
    let rows = evaluate(
        &model,
        &reference.evaluation,
        &massive,
        &[(SetTo::Zero, Layers::All)],
    );
    assert!(
        rows.iter()
            .all(|row| row.loss.is_nan() && row.perplexity.is_nan())
    );
}

#[test]
fn bad_input_is_named() {
    let (model, reference) = open("gpt2");
    let massive = find(&model, &reference.calibration);
    let refused = |sequences: &[Vec<u32>], layer: usize| {
        let changes = [(SetTo::Zero, Layers::One(layer))];
        evaluate_interventions(&model, ("m", 0), sequences, &massive, &changes)
            .unwrap_err()
            .to_string()
    };
    for layer in [0, 4] {
        let error = refused(&reference.evaluation, layer);
        assert_eq!(
            error,
            format!("intervene after layer {layer}: allowed is 1 to 3")
        );
    }
    assert!(refused(&[], 1).contains("at least one"));
    assert!(refused(&[vec![1]], 1).contains("1 tokens; allowed is 2"));
    let error = find_massive(&model, &[], &FindOptions::default()).unwrap_err();
    assert!(error.to_string().contains("at least one"));
}
