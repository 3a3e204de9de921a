//! The accuracy of answers while a model trains.
#![cfg(feature = "flex")]
#![expect(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

use std::path::Path;

use outcrop_core::{LossPoint, Observation, table};
use outcrop_model::{NoTap, Transformer, cross_entropy, ids};
use outcrop_train::data::{Corpus, CorpusOptions, TokenizerSpec};
use outcrop_train::{Environment, Outcome, RunSpec, train};

const SPEC: &str = "model = 'm'
[arch]
layers = 1
d_model = 32
heads = 2
context = 5
residual = 'sequential'
position = { kind = 'learned' }
[data]
corpus = 'modular-addition:5:60'
[train]
steps = 300
batch = 32
learning_rate = 5e-3
warmup = 10
weight_decay = 0.0
[schedule]
measure = '0,10,every:100'
";

fn run(text: &str, folder: &Path) -> RunSpec {
    let spec = RunSpec::from_toml(text).unwrap();
    let outcome = train(&spec, folder, &Environment::default(), &mut ()).unwrap();
    assert_eq!(outcome, Outcome::Finished);
    spec
}

/// The accuracies at a place, by step.
fn accuracies(folder: &Path, place: &str) -> Vec<(u64, f64)> {
    let rows = table::read_rows::<Observation>(&folder.join("observables.csv")).unwrap();
    let of = |row: &Observation| row.observable == "accuracy" && row.place == place;
    let rows = rows.rows.into_iter().filter(of);
    rows.map(|row| {
        assert_eq!(row.layer, 1);
        assert!(
            row.n == 1000 || row.n == 500,
            "1000 answers, one or two a sequence"
        );
        (row.step, row.value.unwrap())
    })
    .collect()
}

fn losses(folder: &Path) -> Vec<LossPoint> {
    let table = table::read_rows::<LossPoint>(&folder.join("loss.csv"));
    table.unwrap().rows
}

/// Fifteen equations are learned by heart, the other ten are not known from them.
#[test]
fn what_is_trained_on_is_known_and_what_is_held_out_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let text = SPEC.replace("[train]", "loss = 'answers'\n[train]");
    run(&text, dir.path());
    let trained = accuracies(dir.path(), "training-answers");
    let held_out = accuracies(dir.path(), "held-out-answers");
    let steps: Vec<u64> = trained.iter().map(|(step, _)| *step).collect();
    assert_eq!(steps, [0, 10, 100, 200, 300]);
    assert!(trained[0].1 < 0.6 && held_out[0].1 < 0.6);
    assert!(trained[4].1 > 0.99, "{trained:?}");
    assert!(held_out[4].1 < 0.9, "{held_out:?}");
    // the loss is that of answers, so it vanishes where they are known
    assert!(losses(dir.path())[4].loss.unwrap() < 0.05);
}

/// At the last step, from the checkpoint and the corpus, by hand; the loss of answers alone, too.
#[test]
fn accuracy_and_loss_of_answers_are_those_of_the_logits() {
    let dir = tempfile::tempdir().unwrap();
    let text = SPEC
        .replace("[train]", "loss = 'answers'\n[train]")
        .replace("steps = 300", "steps = 20")
        .replace("every:100", "every:20")
        .replace("context = 5", "context = 11");
    let spec = run(&text, dir.path());
    let device = outcrop_model::Backend::default().device().unwrap();
    let weights = dir.path().join("checkpoints/step-000020/model.safetensors");
    let model = Transformer::load(&spec.arch, &weights, &device).unwrap();
    let options = CorpusOptions {
        context: 11,
        ..CorpusOptions::default()
    };
    let corpus = Corpus::open(&spec.data.corpus, &TokenizerSpec::Bytes, &options).unwrap();
    assert_eq!(corpus.answers(), [4, 9]);
    let batch = corpus.held_out(500).unwrap();
    let logits = model.forward(ids(&batch.inputs, [500, 11], &device), &mut NoTap);
    let vocab = logits.dims()[2];
    let numbers: Vec<f32> = logits.clone().try_into_vec_as().unwrap();
    let (mut right, mut all) = (0.0, 0.0);
    for (i, row) in numbers.chunks(vocab).enumerate() {
        // BOS a + b = c a + b = c: c is the target of the fifth and the tenth token
        if i % 11 == 4 || i % 11 == 9 {
            let most = row.iter().copied().fold(f32::MIN, f32::max);
            right += f64::from(row[batch.targets[i] as usize] == most);
            all += 1.0;
        }
    }
    let of_run = accuracies(dir.path(), "held-out-answers").last().unwrap().1;
    assert!(
        (of_run - right / all).abs() < 1e-3,
        "{of_run} {right} of {all}"
    );

    let ten = corpus.held_out(10).unwrap();
    let logits = model.forward(ids(&ten.inputs, [10, 11], &device), &mut NoTap);
    let numbers: Vec<f32> = logits.try_into_vec_as().unwrap();
    let nats = |at: usize| {
        let row = &numbers[at * vocab..(at + 1) * vocab];
        let sum: f64 = row.iter().map(|x| f64::from(*x).exp()).sum();
        sum.ln() - f64::from(row[ten.targets[at] as usize])
    };
    let answers = (0..110).filter(|at| [4, 9].contains(&(at % 11)));
    let by_hand = answers.map(nats).sum::<f64>() / 20.0;
    let held_out = losses(dir.path()).last().unwrap().held_out_loss;
    assert!((held_out - by_hand).abs() < 1e-5, "{held_out} {by_hand}");
}

/// The operations of our own and those of Burn give the same loss at some positions, and over all of them it is the
/// loss of the model.
#[test]
fn the_loss_at_positions_is_that_of_their_logits() {
    let device = outcrop_model::Backend::default().device().unwrap();
    let spec = RunSpec::from_toml(SPEC).unwrap();
    let model = Transformer::new(&spec.arch, 3, &device).unwrap();
    let tokens: Vec<u32> = (0..20).map(|i| i * 3 % 8).collect();
    let (x, y) = (ids(&tokens, [4, 5], &device), ids(&tokens, [4, 5], &device));
    let value = |loss: burn::tensor::Tensor<1>| -> f32 { loss.try_into_scalar().unwrap() };
    let at = |positions: &[usize]| {
        let fused = value(model.loss_at(x.clone(), y.clone(), positions, &mut NoTap));
        let composed = model.clone().composed();
        let composed = value(composed.loss_at(x.clone(), y.clone(), positions, &mut NoTap));
        assert!((fused - composed).abs() < 1e-6);
        fused
    };
    let whole = value(model.loss(x.clone(), y.clone(), &mut NoTap));
    assert!((at(&[0, 1, 2, 3, 4]) - whole).abs() < 1e-6);
    let logits = model.forward(x.clone(), &mut NoTap).slice([0..4, 3..4]);
    let fourth = value(cross_entropy(logits, y.clone().slice([0..4, 3..4])));
    assert!((at(&[3]) - fourth).abs() < 1e-6);
}

#[test]
fn a_corpus_without_answers_has_no_accuracy_and_no_loss_of_answers() {
    let dir = tempfile::tempdir().unwrap();
    let text = SPEC
        .replace("modular-addition:5:60", "bigram-backcopy")
        .replace("steps = 300", "steps = 10")
        .replace("every:100", "every:10");
    run(&text, dir.path());
    assert!(!dir.path().join("observables.csv").exists());
    let wrong = text.replace("[train]", "loss = 'answers'\n[train]");
    let error = RunSpec::from_toml(&wrong).unwrap_err().to_string();
    let parts = [
        "`bigram-backcopy` has no answers",
        "permutations",
        "leave out",
    ];
    assert!(parts.iter().all(|part| error.contains(part)), "{error}");
}

/// Before it has learned anything a model answers by chance; the spec of a run without `loss` does not name it.
#[test]
fn a_copied_sequence_is_answered_in_its_second_half() {
    let dir = tempfile::tempdir().unwrap();
    for corpus in ["copy:4", "induction:12"] {
        let folder = dir.path().join(corpus.replace(':', "-"));
        let text = SPEC
            .replace("modular-addition:5:60", corpus)
            .replace("context = 5", "context = 12")
            .replace("steps = 300", "steps = 12")
            .replace("every:100", "every:12");
        let spec = run(&text, &folder);
        assert!(!spec.to_toml().unwrap().contains("loss = "));
        let table = table::read_rows::<Observation>(&folder.join("observables.csv")).unwrap();
        assert_eq!(table.rows.len(), 3 * 2);
        let chance = if corpus == "copy:4" { 0.25 } else { 1.0 / 6.0 };
        for row in table.rows.iter().filter(|row| row.step == 0) {
            let value = row.value.unwrap();
            assert!(value < chance + 0.2, "{corpus}: {value}");
        }
    }
}
