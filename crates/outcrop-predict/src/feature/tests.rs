use outcrop_arch::{Activation, AttentionGate, Norm, NumberKind, Position};

use super::formulas::{KNOTS, spline};
use super::*;
use crate::fixture::Fixture;

/// Pythia 410m, layer 6 of 24, d = 1024, H = 16, worked by hand.
#[test]
fn every_formula_on_a_known_architecture() {
    let spec = ArchSpec::pythia("410m").unwrap();
    let ln2 = std::f64::consts::LN_2;
    let expected = [
        0.25,
        0.0625,
        0.015625,
        0.5,
        0.015625,
        4.0,
        1024.0 / 24.0,
        16.0 / 24.0,
        10.0 * ln2,
        144.0,
        24.0,
        1024.0,
        16.0,
        4096.0,
        10_000.0,
        0.25,
        0.008 / 0.81, // (0.25 - 0.05)^3 / (0.95 - 0.05)^2
        0.0,
        24f64.ln(),
        6.0 * ln2,
        2.0 * ln2,
        64.0,
    ];
    for (expected, feature) in expected.iter().zip(Feature::FORMULAS) {
        let value = feature.value(&spec, 6);
        assert!((value - expected).abs() < 1e-12, "{feature}: {value}");
    }
    assert_eq!(Feature::PAPER[..], Feature::FORMULAS[..16]);
}

/// Those of training and corpus, and words as 1 or 0.
#[test]
fn recipes_and_words_are_numbers() {
    let recipe = Recipe {
        vocab: Some(512),
        unigram_entropy: Some(4.0),
        bigram_entropy: Some(3.0),
        steps: 200,
        warmup: 100,
        batch: 8,
        context: 64,
        learning_rate: 1e-2,
        ..Recipe::default()
    };
    let ln2 = std::f64::consts::LN_2;
    let pythia = ArchSpec::pythia("70m").unwrap();
    for (feature, expected) in [
        (Feature::LnVocab, 9.0 * ln2),
        (Feature::UnigramEntropy, 4.0),
        (Feature::BigramEntropy, 3.0),
        (Feature::LnUpdates, (50.5f64 + 55.0 - 0.45).ln()),
        (Feature::LnLearningRate, 0.01f64.ln()),
        (Feature::LnBatch, 3.0 * ln2),
        (Feature::LnContext, 6.0 * ln2),
        (Feature::UncentredNorm, 0.0),
        (Feature::Relu, 0.0),
        (Feature::Gated, 0.0),
        (Feature::LearnedPositions, 0.0),
        (Feature::Alibi, 0.0),
        (Feature::Gate, 0.0),
    ] {
        let value = feature.of_run(&pythia, Some(&recipe), 1);
        assert!((value - expected).abs() < 1e-9, "{feature}: {value}");
        let is_known = Feature::UnigramEntropy != feature && !Feature::RECIPE.contains(&feature);
        assert_eq!(feature.value(&pythia, 1).is_nan(), !is_known, "{feature}");
    }
    let other = ArchSpec {
        norm: Norm::RmsNorm,
        activation: Activation::ReGlu,
        position: Position::Alibi,
        attention_gate: AttentionGate::PerHead,
        ..pythia
    };
    let on = [
        Feature::UncentredNorm,
        Feature::Relu,
        Feature::Gated,
        Feature::Alibi,
        Feature::Gate,
    ];
    assert_eq!(on.map(|f| f.value(&other, 1)), [1.0; 5]);
}

/// A natural cubic spline is the sum of its values at the knots times cardinal splines, which
/// the fixture has from SciPy.
#[test]
fn columns_of_depth_are_natural_cubic_splines() {
    let fixture = Fixture::load().natural_spline;
    assert_eq!(fixture.knots, KNOTS);
    for j in 0..2 {
        for (depth, cardinal) in fixture.at.iter().zip(&fixture.cardinal) {
            let knots = KNOTS.iter().zip(cardinal);
            let expected: f64 = knots.map(|(k, c)| spline(*k, j) * c).sum();
            let value = spline(*depth, j);
            assert!(
                (value - expected).abs() < 1e-12,
                "{depth}: {value} {expected}"
            );
        }
    }
}

/// What a switch names that is a formula here is that formula; others would follow.
#[test]
fn numbers_of_switches_are_the_features_that_they_name() {
    let spec = ArchSpec::pythia("410m").unwrap();
    for (number, name) in numbers().filter_map(|n| Some((n, n.feature?))) {
        let feature = Feature::from_name(name.symbol).unwrap();
        let value = number.of(&spec).unwrap();
        assert_eq!(feature.value(&spec, 3), value, "{}", number.name);
        assert_eq!(feature.group().name(), name.subject);
    }
    for (place, feature) in Feature::all().enumerate() {
        assert_eq!(feature.index(), place);
        assert_eq!(Feature::from_name(feature.name()).unwrap(), feature);
    }
}

#[test]
fn a_number_without_a_formula_is_a_feature_of_its_own() {
    static NUMBERS: [Number; 2] = [
        Number {
            name: "layers",
            kind: NumberKind::Whole {
                get: |a| a.layers,
                set: |a, n| a.layers = n,
            },
            knob: true,
            feature: Some(FeatureName {
                symbol: "L",
                subject: "layers",
            }),
        },
        Number {
            name: "vocab",
            kind: NumberKind::Whole {
                get: |a| a.vocab,
                set: |a, n| a.vocab = n,
            },
            knob: true,
            feature: Some(FeatureName {
                symbol: "V",
                subject: "vocabulary",
            }),
        },
    ];
    let found = without_formula(NUMBERS.iter());
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].0.name, found[0].1.symbol), ("vocab", "V"));
    assert_eq!(Group::of("vocabulary"), Group::Switch("vocabulary"));
    assert_eq!(Group::of("mlp"), Group::Mlp);
}

#[test]
fn without_rotary_embedding_both_rotary_features_are_zero() {
    let spec = ArchSpec {
        position: Position::Learned,
        ..ArchSpec::new(2, 64, 4)
    };
    assert_eq!(Feature::RotaryBase.value(&spec, 1), 0.0);
    assert_eq!(Feature::RotaryFraction.value(&spec, 1), 0.0);
}
