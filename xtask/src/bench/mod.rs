//! `cargo xtask bench NAME`: Outcrop compared with its alternatives, both run on this machine in
//! the same minutes. This file only dispatches; each benchmark is one file.

mod before;
mod calibration;
mod faults;
mod fit;
mod gemm;
mod growth;
mod measure;
mod observe;
mod outcomes;
mod series;
mod side;
mod step;
mod sweep;
mod switches;
mod symbols;
mod table;
mod taps;
mod train;
mod training;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::{bad_use, help};

/// A benchmark of `cargo xtask bench`.
struct Benchmark {
    name: &'static str,
    about: &'static str,
    run: fn(&[OsString]) -> Result<ExitCode, String>,
}

const BENCHMARKS: &[Benchmark] = &[
    Benchmark {
        name: "fit",
        about: fit::ABOUT,
        run: fit::run,
    },
    Benchmark {
        name: "calibration",
        about: calibration::ABOUT,
        run: calibration::run,
    },
    Benchmark {
        name: "measure",
        about: measure::ABOUT,
        run: measure::run,
    },
    Benchmark {
        name: "series",
        about: series::ABOUT,
        run: series::run,
    },
    Benchmark {
        name: "train",
        about: train::ABOUT,
        run: train::run,
    },
    Benchmark {
        name: "switches",
        about: switches::ABOUT,
        run: switches::run,
    },
    Benchmark {
        name: "step",
        about: step::ABOUT,
        run: step::run,
    },
    Benchmark {
        name: "taps",
        about: taps::ABOUT,
        run: taps::run,
    },
    Benchmark {
        name: "observe",
        about: observe::ABOUT,
        run: observe::run,
    },
    Benchmark {
        name: "gemm",
        about: gemm::ABOUT,
        run: gemm::run,
    },
    Benchmark {
        name: "growth",
        about: growth::ABOUT,
        run: growth::run,
    },
    Benchmark {
        name: "side",
        about: side::ABOUT,
        run: side::run,
    },
    Benchmark {
        name: "sweep",
        about: sweep::ABOUT,
        run: sweep::run,
    },
    Benchmark {
        name: "before",
        about: before::ABOUT,
        run: before::run,
    },
    Benchmark {
        name: "faults",
        about: faults::ABOUT,
        run: faults::run,
    },
];

/// Runs the benchmark that is named first with the other arguments, or lists them all.
pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, String> {
    let Some((name, rest)) = arguments.split_first() else {
        println!("Benchmarks of Outcrop: cargo xtask bench NAME\n");
        for benchmark in BENCHMARKS {
            println!("  {:<12} {}", benchmark.name, benchmark.about);
        }
        return Ok(ExitCode::SUCCESS);
    };
    let name = name.to_string_lossy();
    match BENCHMARKS.iter().find(|b| b.name == name) {
        Some(benchmark) => (benchmark.run)(rest),
        None => {
            let names: Vec<_> = BENCHMARKS.iter().map(|b| b.name).collect();
            Ok(bad_use(&help::unknown("benchmark", &name, &names)))
        }
    }
}
