//! What a small table says of each target, in words; then a prediction with bands inside its range, and
//! one outside.
//!
//! `cargo run -p outcrop-predict --example score_and_predict`

#![expect(clippy::print_stdout, reason = "an example shows its numbers")]

use outcrop_arch::ArchSpec;
use outcrop_core::{Fit, NamedArch};
use outcrop_predict::{
    Conclusion, Error, PredictOptions, Predictor, Regressor, Table, Target, evaluate,
};

/// Four layers of twelve models whose ratio grows with the width of a head, d / H.
fn table() -> Result<Table, Error> {
    let shapes = [64, 128, 256, 512]
        .into_iter()
        .flat_map(|d| [1, 2, 4].map(|h| (d, h)));
    let archs: Vec<NamedArch> = shapes
        .map(|(d, h)| NamedArch {
            model: format!("d{d}-h{h}"),
            arch: ArchSpec::new(4, d, h),
        })
        .collect();
    let fits = archs.iter().flat_map(|named| {
        (1..=4).map(|layer| {
            let head = named.arch.d_head() as f64;
            let top = 10.0 + head.sqrt() * f64::from(layer);
            Fit {
                model: named.model.clone(),
                layer,
                hypothesis: "emergence".into(),
                quantities: [
                    ("K", 0.9 * top),
                    ("f_first", 5.0),
                    ("f_last", top),
                    ("f_max", 1.3 * top),
                    ("t_half", 2000.0 / f64::from(layer)),
                ]
                .into(),
                ..Fit::default()
            }
        })
    });
    Table::new(&archs, &fits.collect::<Vec<Fit>>())
}

fn main() -> Result<(), Error> {
    let table = table()?;
    let evaluation = evaluate(&table, &PredictOptions::default())?;
    // what the architecture says, and what only depth does: the steps of this table
    for verdict in &evaluation.verdicts {
        println!("{verdict}");
        let expected = match verdict.target {
            Target::K | Target::LnFLast | Target::LnFMax => Conclusion::Signal,
            _ => Conclusion::NoSignal,
        };
        assert_eq!(verdict.conclusion, expected);
    }

    // the regressor that verdicts are about; one chosen for its score would promise too much
    let predictor = Predictor::train(&table, Regressor::Shape, &PredictOptions::default())?;
    let inside = predictor.predict_with_bands("d384-h4", &ArchSpec::new(4, 384, 4), 0.9)?;
    assert!(inside.outside.is_empty());
    for layer in &inside.layers {
        let value = layer.value(Target::LnFLast).unwrap_or_default();
        let [low, high] = layer.band(Target::LnFLast).unwrap_or_default();
        let [value, low, high] = [value, low, high].map(f64::exp);
        println!("layer {}: {value:.0}, {low:.0} to {high:.0}", layer.layer);
        let truth = 10.0 + 96f64.sqrt() * f64::from(layer.layer);
        assert!(low <= truth && truth <= high);
    }
    let curves = inside.curves(&[0.0, 500.0, 1000.0, 2000.0, 4000.0])?;
    assert_eq!(curves.len(), 4 * 5);
    // a band of curves takes measured ratios: see Table::with_trajectories
    assert!(curves.iter().all(|c| c.value_lo.is_none()));

    // outside the range of training bands promise nothing
    let outside = predictor.predict_with_bands("d4096-h32", &ArchSpec::new(4, 4096, 32), 0.9)?;
    for outside in &outside.outside {
        println!("warning: {outside}");
    }
    assert!(!outside.outside.is_empty());
    Ok(())
}
