//! The logits of the last layer give the losses of transformers.

use outcrop_forward::{LogitLens, Published, forward};

use crate::transformers::cases;

/// The mean cross-entropy of the next tokens, in f64.
fn loss(logits: &[f32], vocabulary: usize, ids: &[u32]) -> f64 {
    let of = |(row, next): (&[f32], &u32)| {
        let most = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        let sum: f64 = row.iter().map(|x| (f64::from(*x) - most).exp()).sum();
        sum.ln() + most - f64::from(row[*next as usize])
    };
    let rows = logits.chunks_exact(vocabulary).zip(&ids[1..]);
    rows.map(of).sum::<f64>() / (ids.len() - 1) as f64
}

#[test]
fn logits_of_the_last_layer_give_the_losses_of_transformers() {
    let (mut compared, mut without_norm) = (0, 0);
    for (name, case) in cases().iter().filter(|(_, case)| !case.loss.is_empty()) {
        let folder = tempfile::tempdir().unwrap();
        case.write(folder.path());
        let model = Published::open(folder.path()).unwrap();
        let mut last = vec![Vec::new(); case.ids.len()];
        let layers = model.arch().layers;
        let mut hook = |layer: usize, sequence: usize, hidden: &mut [f32]| {
            if layer == layers {
                last[sequence] = hidden.to_vec();
            }
        };
        forward(&model, &case.ids, &mut hook).unwrap();
        let lens = LogitLens::new(&model).unwrap();
        assert_eq!(lens.vocabulary(), model.arch().vocab, "{name}");
        let [mut logits, mut alone] = [Vec::new(), Vec::new()];
        for ((hidden, ids), theirs) in last.iter().zip(&case.ids).zip(&case.loss) {
            lens.logits(hidden, true, &mut logits);
            let ours = loss(&logits, lens.vocabulary(), ids);
            assert!(
                (ours / theirs - 1.0).abs() < 1e-5,
                "{name}: {ours}, not {theirs}"
            );
            lens.logits(hidden, false, &mut alone);
            let norm = model.arch().norm_placement.properties().last;
            assert_eq!(alone == logits, !norm, "{name}");
            without_norm += usize::from(!norm);
            compared += 1;
        }
    }
    assert!(
        compared >= 200 && without_norm >= 4,
        "{compared} {without_norm}"
    );
}
