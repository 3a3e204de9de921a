//! Milliseconds to train each regressor on one target of a table like the paper's (nine
//! architectures of Pythia, 188 rows), with the paper's features and with few; then the size of the
//! saved predictor of all targets and the time to read it and to predict a model of 24 layers.
//!
//! `cargo run -p outcrop-predict --example training_time`

#![expect(clippy::print_stdout, reason = "an example shows its numbers")]

use std::time::Instant;

use outcrop_arch::ArchSpec;
use outcrop_core::{Fit, NamedArch, Quantity};
use outcrop_predict::{Error, PredictOptions, Predictor, Regressor, Table};

const SIZES: [&str; 9] = [
    "14m", "70m", "160m", "410m", "1b", "1.4b", "2.8b", "6.9b", "12b",
];

fn table() -> Result<Table, Error> {
    let archs = SIZES.iter().filter_map(|size| {
        Some(NamedArch {
            model: (*size).into(),
            arch: ArchSpec::pythia(size).ok()?,
        })
    });
    let archs: Vec<NamedArch> = archs.collect();
    let layers = |named: &NamedArch| (1..=named.arch.layers as u32).collect::<Vec<_>>();
    let fits = archs.iter().flat_map(|named| {
        let width = (named.arch.d_model as f64).ln();
        layers(named).into_iter().map(move |layer| {
            let depth = f64::from(layer) / named.arch.layers as f64;
            let wave = (f64::from(layer) * 1.7 + width * 5.0).sin();
            let last = (width - 4.0 * (depth - 0.5).powi(2) + 0.2 * wave).exp();
            let margin = (0.1 + 0.05 * wave).exp();
            Fit {
                model: named.model.clone(),
                layer,
                hypothesis: "emergence".into(),
                quantities: [
                    Quantity::new("K", last * (1.0 + 0.1 * wave)),
                    Quantity::new("f_last", last).between(last / margin, last * margin),
                    Quantity::new("f_max", 1.2 * last),
                    Quantity::new("t_half", (7.0 + depth + 0.3 * wave).exp()),
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
    println!("{} rows of {} models", table.rows(), table.models().len());
    println!("regressor              16 features    6 features         saved      answered");
    let ms = |start: Instant| start.elapsed().as_secs_f64() * 1e3;
    for regressor in Regressor::ALL {
        print!("{:<20}", regressor.name());
        let mut text = String::new();
        for options in [PredictOptions::paper(), PredictOptions::default()] {
            let start = Instant::now();
            let predictor = Predictor::train(&table, regressor, &options)?;
            let targets = predictor.targets().count() as f64;
            print!("{:>11.2} ms", ms(start) / targets);
            text = predictor.to_text()?;
        }
        let start = Instant::now();
        let predictor = Predictor::from_text(&text)?;
        predictor.predict("new", &ArchSpec::new(24, 1536, 12))?;
        println!("{:>11.1} kB{:>11.2} ms", text.len() as f64 / 1e3, ms(start));
    }
    Ok(())
}
