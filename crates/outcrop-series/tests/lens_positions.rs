//! The logit lens at some positions: means over exactly these, by plain sums in f64.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use outcrop_core::Observation;
use outcrop_forward::{
    LensPositions, LogitLens, ObserveOptions, Published, forward, observe_checkpoint,
};
use outcrop_observe::select;

fn fixture(name: &str) -> Published {
    let crates = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    Published::open(&crates.join("outcrop-forward/tests/fixtures").join(name)).unwrap()
}

fn sequences() -> Vec<Vec<u32>> {
    let of = |n: u32, by: u32| (0..n).map(|i| i * by % 59).collect();
    vec![of(23, 7), of(9, 11)]
}

fn observed(model: &Published, positions: &str) -> Vec<Observation> {
    let options = ObserveOptions {
        observables: select("logit_lens").unwrap(),
        sequences: true,
        lens_positions: positions.parse().unwrap(),
        ..ObserveOptions::default()
    };
    let of = ("m", 0);
    observe_checkpoint(model, &sequences(), of, false, &options)
        .unwrap()
        .1
}

/// The five numbers at some positions of one sequence: hidden state and last one [positions, d], by rows.
fn by_definition(
    lens: &LogitLens<'_>,
    (hidden, last): (&[f32], &[f32]),
    (norm, d): (bool, usize),
    (tokens, positions): (&[u32], &[usize]),
) -> [f64; 5] {
    let (mut sums, mut targets) = ([0.0; 5], 0.0);
    for at in positions {
        let row = |of: &[f32], norm| {
            let mut logits = Vec::new();
            lens.logits(&of[at * d..][..d], norm, &mut logits);
            logits.into_iter().map(f64::from).collect::<Vec<f64>>()
        };
        let (logits, last) = (row(hidden, norm), row(last, true));
        let log_p = |row: &[f64]| {
            let sum: f64 = row.iter().map(|x| x.exp()).sum();
            row.iter().map(|x| x - sum.ln()).collect::<Vec<f64>>()
        };
        let (log_p, log_last) = (log_p(&logits), log_p(&last));
        let rank = |token: usize| logits.iter().filter(|x| **x > logits[token]).count() as f64;
        if let Some(target) = tokens.get(at + 1) {
            sums[0] += rank(*target as usize);
            sums[1] += log_p[*target as usize].exp();
            targets += 1.0;
        }
        let most = (0..last.len()).max_by(|a, b| last[*a].total_cmp(&last[*b]));
        sums[2] += rank(most.unwrap());
        sums[3] += log_p[most.unwrap()].exp();
        let terms = log_last.iter().zip(&log_p).map(|(q, p)| q.exp() * (q - p));
        sums[4] += terms.sum::<f64>();
    }
    let n = positions.len() as f64;
    let of = [targets, targets, n, n, n];
    std::array::from_fn(|i| sums[i] / of[i])
}

#[test]
fn numbers_are_means_over_the_positions_that_are_named() {
    let names = [
        "lens_rank_target",
        "lens_probability_target",
        "lens_rank_final",
        "lens_probability_final",
        "lens_kl",
    ];
    for name in ["neox-parallel", "llama-grouped"] {
        let model = fixture(name);
        let (ids, d, layers) = (sequences(), model.arch().d_model, model.arch().layers);
        let mut states: BTreeMap<(usize, usize), Vec<f32>> = BTreeMap::new();
        let mut keep = |layer: usize, sequence: usize, hidden: &mut [f32]| {
            states.insert((layer, sequence), hidden.to_vec());
        };
        forward(&model, &ids, &mut keep).unwrap();
        let lens = LogitLens::new(&model).unwrap();
        // the middles of four stretches of 23 and of 9
        let positions = [vec![2, 8, 14, 20], vec![1, 3, 5, 7]];
        let rows = observed(&model, "4");
        let mut seen = 0;
        for (place, norm) in [("logits", true), ("logits-without-norm", false)] {
            for ((layer, sequence), hidden) in &states {
                let pair = (hidden.as_slice(), states[&(layers, *sequence)].as_slice());
                let of = (ids[*sequence].as_slice(), positions[*sequence].as_slice());
                let exact = by_definition(&lens, pair, (norm, d), of);
                for (name, exact) in names.into_iter().zip(exact) {
                    let is_it = |row: &&Observation| {
                        let at = (row.layer as usize, row.sequence.map(|s| s as usize));
                        at == (*layer, Some(*sequence))
                            && (row.place.as_str(), row.observable.as_str()) == (place, name)
                    };
                    let found = rows.iter().find(is_it).unwrap().value.unwrap();
                    assert!((found - exact).abs() < 1e-6, "{name} {found} {exact}");
                    seen += 1;
                }
            }
        }
        assert_eq!(seen, 2 * 2 * layers * 5);
    }
}

/// Rows of a second pass at all positions are those at as many positions as there are, and count sequences.
#[test]
fn all_positions_are_as_many_as_there_are() {
    let model = fixture("neox-parallel");
    let [all, many, few] = ["all", "64", "5"].map(|positions| observed(&model, positions));
    assert_eq!(all, many);
    assert_ne!(all, few);
    assert!(
        few.iter()
            .all(|row| row.n == if row.sequence.is_some() { 1 } else { 2 })
    );
}

#[test]
fn what_is_neither_a_number_nor_all_is_refused() {
    for text in ["0", "-1", "some", "", "1.5"] {
        let error = text.parse::<LensPositions>().unwrap_err();
        assert!(error.contains("`all`"), "{error}");
    }
    assert_eq!("7".parse::<LensPositions>().unwrap().of(15).len(), 7);
}
