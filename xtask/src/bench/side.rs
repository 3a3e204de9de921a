//! `cargo xtask bench side`: runs side by side with one thread each against one run with all threads.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use super::table;
use super::training::{self, SHAPES, Shape, USUAL, median, number, run_ours};
use crate::{bad_use, process};

pub(super) const ABOUT: &str = "tokens a second in total of runs side by side with one thread each, and of one run with \
     all threads [--rounds N, 5] [--seconds N, 5] [--threads N]";

/// The smallest models; the others are the shapes of `bench train`.
const SMALL: Shape = Shape {
    layers: 2,
    d_model: 32,
    heads: 1,
    context: 32,
    batch: 16,
    vocab: 66,
};

/// Tokens a second in each round.
struct Case {
    shape: Shape,
    alone: Vec<f64>,
    side: Vec<f64>,
}

pub(super) fn run(arguments: &[OsString]) -> Result<ExitCode, String> {
    let request = match training::request(arguments, ABOUT) {
        Ok(request) => request,
        Err(message) => return Ok(bad_use(&message)),
    };
    let program = training::build(&process::target()?, "train_speed")?;
    let threads = request.threads();
    let shapes = [SMALL].into_iter().chain(SHAPES.into_iter().take(USUAL));
    let case = |shape| Case {
        shape,
        alone: Vec::new(),
        side: Vec::new(),
    };
    let mut cases: Vec<Case> = shapes.map(case).collect();
    for round in 0..request.rounds {
        eprintln!("round {} of {}", round + 1, request.rounds);
        for case in &mut cases {
            let alone = run_ours(&program, &case.shape, request.seconds, threads)?;
            case.alone.push(number(&alone, "tokens"));
            let side = side_by_side(&program, &case.shape, request.seconds, threads)?;
            case.side.push(side);
        }
    }
    table::print(
        &[
            "shape",
            "one run, all threads, tokens/s",
            "side by side, tokens/s in total",
            "side / one in each round",
            "median",
        ],
        &cases.iter().map(Case::row).collect::<Vec<_>>(),
    );
    Ok(ExitCode::SUCCESS)
}

/// Tokens a second of `count` runs at once, together.
fn side_by_side(
    program: &Path,
    shape: &Shape,
    seconds: usize,
    count: usize,
) -> Result<f64, String> {
    std::thread::scope(|scope| {
        let one = || run_ours(program, shape, seconds, 1);
        let runs: Vec<_> = (0..count).map(|_| scope.spawn(one)).collect();
        let speed = |run: std::thread::ScopedJoinHandle<'_, Result<_, String>>| {
            let numbers = run.join().map_err(|_| "wait for a run")??;
            Ok(number(&numbers, "tokens"))
        };
        runs.into_iter().map(speed).sum()
    })
}

impl Case {
    fn row(&self) -> Vec<String> {
        let ratios = self
            .side
            .iter()
            .zip(&self.alone)
            .map(|(side, one)| side / one);
        let ratios: Vec<f64> = ratios.collect();
        let texts: Vec<String> = ratios.iter().map(|r| format!("{r:.2}")).collect();
        vec![
            self.shape.label(),
            format!("{:.0}", median(self.alone.clone())),
            format!("{:.0}", median(self.side.clone())),
            texts.join(" "),
            format!("{:.2}", median(ratios)),
        ]
    }
}
