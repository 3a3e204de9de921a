//! Scores every regressor on a small table, then predicts an architecture outside it.

use outcrop_core::{ArchSpec, Fit, NamedArch};
use outcrop_predict::{Options, Predictor, Protocol, Regressor, Table, Target, evaluate};

/// Four layers of twelve models whose ratio grows with the width of a head, d / H.
fn table() -> Result<Table, outcrop_predict::Error> {
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
                k: Some(0.9 * top),
                f_first: Some(5.0),
                f_last: Some(top),
                f_max: Some(1.3 * top),
                t_half: Some(2000.0 / f64::from(layer)),
                ..Fit::default()
            }
        })
    });
    Table::new(&archs, &fits.collect::<Vec<Fit>>())
}

fn main() -> Result<(), outcrop_predict::Error> {
    let table = table()?;
    let evaluation = evaluate(&table, &Options::default())?;
    let honest = |s: &&outcrop_core::Score| s.protocol == Protocol::LeaveOneModelOut.name();
    let best = evaluation
        .scores
        .iter()
        .filter(honest)
        .filter(|s| s.target == Target::LnFLast.name())
        .max_by(|a, b| {
            a.r2.unwrap_or(f64::NEG_INFINITY)
                .total_cmp(&b.r2.unwrap_or(f64::NEG_INFINITY))
        });
    let best = best.ok_or(outcrop_predict::Error::NoTarget { needed: 3 })?;
    assert!(best.r2 > Some(0.8) && best.regressor != "depth profile");

    let regressor = Regressor::from_name(&best.regressor)?;
    let predictor = Predictor::train(&table, regressor, &Options::default())?;
    let inside = predictor.predict("d384-h4", &ArchSpec::new(4, 384, 4))?;
    let curves = inside.curves(&[0.0, 500.0, 1000.0, 2000.0, 4000.0])?;
    assert_eq!(curves.len(), 4 * 5);
    assert!(inside.outside.is_empty());

    let outside = predictor.predict("d4096-h32", &ArchSpec::new(4, 4096, 32))?;
    assert!(
        outside
            .outside
            .iter()
            .any(|o| o.to_string().starts_with("d = 4096"))
    );
    Ok(())
}
