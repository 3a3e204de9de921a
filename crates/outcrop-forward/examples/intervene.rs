//! Massive activations set to zero and to their mean, and the loss before and after:
//! `cargo run -p outcrop-forward --example intervene -- [FOLDER]`
//!
//! Without a folder it takes the tiny checkpoint of the tests, into which massive activations were
//! planted. Of another, the tokens are drawn evenly from the vocabulary by a fixed rule.
#![expect(clippy::print_stdout, reason = "an example that shows its numbers")]

use outcrop_core::SetTo;
use outcrop_forward::{FindOptions, Layers, Published, evaluate_interventions, find_massive};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tiny = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interventions/llama");
    let folder = std::env::args().nth(1);
    let model = Published::open(folder.as_deref().unwrap_or(tiny).as_ref())?;
    let vocab = model.arch().vocab;
    // token 0 comes first, 1 delimits, the others follow in an order that the tiny model knows
    let sequence = |s: usize| -> Vec<u32> {
        let later = (0..20).map(|i| match (i + s) % 7 {
            6 => 1,
            _ => 2 + (s * 11 + i * 23) % (vocab - 2),
        });
        std::iter::once(0).chain(later).map(|t| t as u32).collect()
    };
    let calibration: Vec<_> = (0..4).map(sequence).collect();
    let evaluation: Vec<_> = (4..8).map(sequence).collect();

    let massive = find_massive(&model, &calibration, &FindOptions::default())?;
    match (massive.rule(), massive.first_layer()) {
        (Some(rule), Some(first)) => println!("found by the rule {rule}, first in layer {first}"),
        _ => println!("nothing massive was found"),
    }
    let changes = [
        (SetTo::Zero, Layers::First),
        (SetTo::Mean, Layers::First),
        (SetTo::Zero, Layers::All),
        (SetTo::Mean, Layers::All),
    ];
    let rows = evaluate_interventions(&model, ("example", 0), &evaluation, &massive, &changes)?;
    for row in &rows {
        let after = match (row.set, row.layer) {
            (SetTo::None, _) => "no layer".into(),
            (_, Some(layer)) => format!("layer {layer}"),
            (_, None) => "every layer".into(),
        };
        println!(
            "{:?} after {after}, channels {} scalars {} loss {:.4} ({:+.2e}) perplexity {:.3}",
            row.set, row.channels, row.scalars, row.loss, row.loss_change, row.perplexity
        );
    }
    if folder.is_none() {
        assert_eq!(massive.first_layer(), Some(2));
        assert!(rows[1].loss_change > 1.0, "zero breaks the model");
        assert!(rows[2].loss_change.abs() < 1e-3, "the mean does not");
    }
    Ok(())
}
