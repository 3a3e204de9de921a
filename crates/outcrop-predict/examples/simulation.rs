//! What a score says where the truth is known: the paper's random split beside Q2, the verdict, and
//! how many unseen models the bands hold, on tables of Pythia's nine architectures and 188 layers.
//!
//! `cargo run -p outcrop-predict --example simulation [TABLES [SEED]]`: 100 tables and seed 2 unless
//! said otherwise; of 0 tables only the time of scoring one. Settings were chosen on seeds 0 and 1, so
//! that 2 and later ones are fresh.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "an example")]

#[path = "../tests/simulate/mod.rs"]
mod simulate;

use std::time::Instant;

use outcrop_core::{Fit, NamedArch};
use outcrop_predict::{
    Conclusion, Evaluation, PredictOptions, Predictor, Protocol, Regressor, Table, Target, evaluate,
};
use simulate::{Truth, archs, fits, fits_of, pythia};

/// Between models the variance of ln f_last is 1, but for the last: none, a fifth or four fifths of it
/// from ln d.
const TRUTHS: [(&str, Truth); 4] = [
    ("null", truth(0.0, 1.0, 0.2)),
    ("weak", truth(0.447, 0.894, 0.2)),
    ("strong", truth(0.894, 0.447, 0.2)),
    ("depth only", truth(0.0, 0.2, 1.5)),
];
const SUMMARIES: [Target; 4] = [
    Target::LnFFirst,
    Target::LnFLast,
    Target::LnFMax,
    Target::LnTHalf,
];

const fn truth(architecture: f64, model: f64, depth: f64) -> Truth {
    Truth {
        architecture,
        model,
        depth,
    }
}

fn main() {
    let number = |i| std::env::args().nth(i).and_then(|n| n.parse().ok());
    let tables: u64 = number(1).unwrap_or(100);
    let first = 1_000_000 * number(2).unwrap_or(2);
    if tables > 0 {
        rates(tables, first);
    }
    everything();
}

fn rates(tables: u64, first: u64) {
    println!("R2 of the random split and Q2 of leaving one model out, ln f_last, mean of 5 tables");
    for (name, truth) in &TRUTHS {
        scores(name, truth, first);
    }
    println!("\nverdicts over {tables} tables");
    for (name, truth) in &TRUTHS {
        verdicts(name, truth, tables, first + 1000);
    }
    println!(
        "\nshare of an unseen model's layers that a band of level 0.9 holds, {} tables",
        10 * tables
    );
    for (name, truth) in &TRUTHS {
        coverage(name, truth, 10 * tables, first + 5000);
    }
}

/// Every regressor on one target.
fn scores(name: &str, truth: &Truth, first: u64) {
    const TABLES: u64 = 5;
    let regressors = [
        Regressor::DepthProfile,
        Regressor::RandomForest,
        Regressor::GradientBoosting,
        Regressor::Ridge,
        Regressor::Shape,
    ];
    let options = PredictOptions {
        regressors: regressors.to_vec(),
        ..PredictOptions::paper()
    };
    let evaluations: Vec<Evaluation> = (0..TABLES)
        .map(|seed| {
            let only_last = fits(truth, first + seed).into_iter().map(|fit| Fit {
                quantities: fit.quantity("f_last").cloned().into_iter().collect(),
                ..fit
            });
            let table = Table::new(&archs(), &only_last.collect::<Vec<_>>()).unwrap();
            evaluate(&table, &options).unwrap()
        })
        .collect();
    print!("{name:>10}");
    for regressor in regressors {
        let mean = |protocol: Protocol| {
            let scores = evaluations.iter().flat_map(|e| &e.scores);
            let own =
                scores.filter(|s| s.regressor == regressor.name() && s.protocol == protocol.name());
            own.map(|s| s.r2.unwrap()).sum::<f64>() / TABLES as f64
        };
        let [paper, honest] = [Protocol::Paper, Protocol::LeaveOneModelOut].map(mean);
        print!(" | {regressor} {paper:.2} {honest:.2}");
    }
    println!();
}

/// How many tables have a verdict of signal on some target, and how many would at other levels.
fn verdicts(name: &str, truth: &Truth, tables: u64, first: u64) {
    let options = PredictOptions {
        regressors: vec![Regressor::Shape],
        ..PredictOptions::default()
    };
    const LEVELS: [f64; 4] = [0.01, 0.02, 0.03, 0.05];
    let (mut found, mut at) = (0, [0; LEVELS.len()]);
    for seed in 0..tables {
        let table = Table::new(&archs(), &fits(truth, first + seed)).unwrap();
        let verdicts = evaluate(&table, &options).unwrap().verdicts;
        found += u64::from(verdicts.iter().any(|v| v.conclusion == Conclusion::Signal));
        let better = || verdicts.iter().filter(|v| v.gain > Some(0.0));
        for (count, level) in at.iter_mut().zip(LEVELS) {
            *count += u64::from(better().any(|v| v.p <= level));
        }
    }
    print!(
        "{name:>10}: a signal in {found}, none in {}; at p of",
        tables - found
    );
    for (count, level) in at.iter().zip(LEVELS) {
        print!(" {level}: {count},");
    }
    println!();
}

/// Ten architectures, of which one is unseen; which one, chance decides.
fn coverage(name: &str, truth: &Truth, tables: u64, first: u64) {
    let ten: Vec<NamedArch> = archs().into_iter().chain([pythia("31m")]).collect();
    let mut held = [0.0; 4];
    for seed in 0..tables {
        let fits = fits_of(&ten, truth, first + seed);
        let unseen = &ten[seed as usize % ten.len()];
        let (test, train): (Vec<Fit>, Vec<Fit>) =
            fits.into_iter().partition(|f| f.model == unseen.model);
        let table = Table::new(&ten, &train).unwrap();
        let predictor =
            Predictor::train(&table, Regressor::Shape, &PredictOptions::default()).unwrap();
        let predicted = predictor
            .predict_with_bands("unseen", &unseen.arch, 0.9)
            .unwrap();
        for (share, target) in held.iter_mut().zip(SUMMARIES) {
            let holds = |fit: &&Fit| {
                let [low, high] = predicted.layers[fit.layer as usize - 1]
                    .band(target)
                    .unwrap();
                target.of(fit).is_some_and(|v| low <= v && v <= high)
            };
            *share += test.iter().filter(holds).count() as f64 / test.len() as f64;
        }
    }
    print!("{name:>10}");
    for (name, share) in SUMMARIES.map(Target::name).into_iter().zip(held) {
        print!(" | {name} {:.3}", share / tables as f64);
    }
    println!();
}

/// Wall time of everything on one table with all of the paper's targets.
fn everything() {
    let fits = fits(&TRUTHS[2].1, 1).into_iter().map(|mut fit| {
        let [first, most, half] = ["f_first", "f_max", "t_half"].map(|name| fit.value(name));
        for (name, value) in [
            ("A", most),
            ("lambda", half.map(|t| 10.0 / t)),
            ("gamma", half.map(f64::recip)),
            ("t0", first),
            ("p_peak", first.map(|f| (f / 20.0).min(1.0))),
            ("t_peak", half.map(|t| 3.0 * t)),
        ] {
            fit.quantities.set_value(name, value);
        }
        fit
    });
    let table = Table::new(&archs(), &fits.collect::<Vec<_>>()).unwrap();
    let start = Instant::now();
    let evaluation = evaluate(&table, &PredictOptions::default()).unwrap();
    println!(
        "\neverything: {} scores of {} rows, {} verdicts in {:.1} s",
        evaluation.scores.len(),
        table.rows(),
        evaluation.verdicts.len(),
        start.elapsed().as_secs_f64()
    );
    for verdict in &evaluation.verdicts {
        println!("  {verdict}");
    }
}
