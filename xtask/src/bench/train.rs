//! `cargo xtask bench train`: the training loop by PyTorch and by us, from the same weights.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use super::table;
use super::training::{self, Numbers, Request, Shape, Variant, number, numbers};
use crate::{bad_use, process, python};

pub(super) const ABOUT: &str = "tokens a second of the training loop, by PyTorch and by us, of four shapes on one and \
     two threads [--rounds N, 5] [--seconds N, 5] [--shape 1..4, the first three] [--threads N]";

/// One model on some threads, and what both sides printed in each round: ours, theirs.
pub(super) struct Case {
    shape: &'static Shape,
    threads: usize,
    /// A GPT-NeoX without.
    variant: Option<&'static Variant>,
    rounds: Vec<(Numbers, Numbers)>,
}

/// Both sides with what they need.
struct Sides<'a> {
    program: &'a Path,
    python: &'a Path,
    script: &'a Path,
    bench: &'a Path,
    seconds: usize,
}

pub(super) fn run(arguments: &[OsString]) -> Result<ExitCode, String> {
    let request = match training::request(arguments, ABOUT) {
        Ok(request) => request,
        Err(message) => return Ok(bad_use(&message)),
    };
    let cases = request.cases().into_iter();
    let cases = cases.map(|(shape, threads)| Case::new(shape, threads, None));
    let cases = compare(cases.collect(), &request)?;
    println!();
    print_limits(&cases);
    Ok(ExitCode::SUCCESS)
}

/// Runs both sides of all cases in turn, and prints the speeds.
pub(super) fn compare(mut cases: Vec<Case>, request: &Request) -> Result<Vec<Case>, String> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let target = process::target()?;
    let bench = target.with_file_name("bench");
    let python = python::pytorch(&crates, &bench)?;
    let program = training::build(&target, "train_speed")?;
    let sides = Sides {
        program: &program,
        python: &python,
        script: &crates.join("outcrop-train/benches/pytorch/train.py"),
        bench: &bench,
        seconds: request.seconds,
    };
    let mut loads = Vec::new();
    for round in 0..request.rounds {
        eprintln!("round {} of {}", round + 1, request.rounds);
        loads.push(process::load());
        for case in &mut cases {
            case.round(round, &sides)?;
        }
    }
    println!("Load as each round begins: {}\n", loads.join(" "));
    print_speed(&cases);
    Ok(cases)
}

impl Sides<'_> {
    fn ours(&self, case: &Case) -> Result<Numbers, String> {
        let mut command = Command::new(self.program);
        training::ours(&mut command, case.shape, self.seconds, case.threads);
        command.arg(case.weights(self.bench));
        if let Some(variant) = case.variant {
            command.args(["1", "adamw"]).arg((variant.keys)(case.shape));
        }
        numbers(&process::output(&mut command)?)
    }

    fn theirs(&self, case: &Case) -> Result<Numbers, String> {
        let mut command = Command::new(self.python);
        command.arg(self.script).args(case.shape.arguments());
        command.arg(self.seconds.to_string());
        command.arg(case.weights(self.bench));
        let threads = case.threads.to_string();
        let variables = ["OMP_NUM_THREADS", "MKL_NUM_THREADS"];
        command.envs(variables.map(|name| (name, &threads)));
        command.arg(&threads);
        command.args(case.variant.map(|variant| variant.name));
        numbers(&process::output(&mut command)?)
    }
}

impl Case {
    pub(super) fn new(
        shape: &'static Shape,
        threads: usize,
        variant: Option<&'static Variant>,
    ) -> Self {
        Self {
            shape,
            threads,
            variant,
            rounds: Vec::new(),
        }
    }

    /// Where the weights lie that it starts from.
    fn weights(&self, bench: &Path) -> PathBuf {
        let name = self.variant.map_or("neox", |variant| variant.name);
        bench.join(format!("train-{}-{name}.safetensors", self.shape.d_model))
    }

    fn label(&self) -> String {
        let shape = self.shape.label();
        match self.variant {
            Some(variant) => format!("{}, {shape}", variant.name),
            None => shape,
        }
    }

    /// Each side is first in turn; ours in the first round, since it writes the weights.
    fn round(&mut self, round: usize, sides: &Sides<'_>) -> Result<(), String> {
        let pair = if round.is_multiple_of(2) {
            let ours = sides.ours(self)?;
            (ours, sides.theirs(self)?)
        } else {
            let theirs = sides.theirs(self)?;
            (sides.ours(self)?, theirs)
        };
        self.rounds.push(pair);
        Ok(())
    }

    /// The median over rounds.
    fn median(&self, value: impl Fn(&(Numbers, Numbers)) -> f64) -> f64 {
        training::median(self.rounds.iter().map(value).collect())
    }

    /// The largest over rounds.
    fn best(&self, value: impl Fn(&(Numbers, Numbers)) -> f64) -> f64 {
        self.rounds.iter().map(value).fold(0.0, f64::max)
    }

    /// The largest relative difference of the losses of the first updates.
    fn difference(&self) -> f64 {
        let of = |numbers: &Numbers| numbers.get("losses").cloned().unwrap_or_default();
        let Some((ours, theirs)) = self.rounds.first().map(|(a, b)| (of(a), of(b))) else {
            return f64::NAN;
        };
        let differences = ours.iter().zip(&theirs).map(|(a, b)| (a / b - 1.0).abs());
        differences.fold(0.0, f64::max)
    }
}

fn ratio((ours, theirs): &(Numbers, Numbers)) -> f64 {
    number(ours, "tokens") / number(theirs, "tokens")
}

fn print_speed(cases: &[Case]) {
    let row = |case: &Case| {
        let ratios = case.rounds.iter().map(|pair| format!("{:.2}", ratio(pair)));
        vec![
            case.label(),
            case.threads.to_string(),
            format!("{:.0}", case.median(|(ours, _)| number(ours, "tokens"))),
            format!("{:.0}", case.median(|(_, theirs)| number(theirs, "tokens"))),
            ratios.collect::<Vec<_>>().join(" "),
            format!("{:.2}", case.median(ratio)),
            format!("{:.0e}", case.difference()),
        ]
    };
    table::print(
        &[
            "shape",
            "threads",
            "ours, tokens/s",
            "PyTorch, tokens/s",
            "ours / PyTorch in each round",
            "median",
            "losses differ by",
        ],
        &cases.iter().map(row).collect::<Vec<_>>(),
    );
}

/// Both sides at their best, which other work on the machine disturbs least, beside products at theirs.
fn print_limits(cases: &[Case]) {
    let row = |case: &Case| {
        let limit = case.best(|(_, theirs)| number(theirs, "gflops"));
        let ours = case.best(|(ours, _)| number(ours, "fastest"));
        let theirs = case.best(|(_, theirs)| number(theirs, "fastest"));
        let share = |tokens: f64| format!("{:.2}", tokens * case.shape.gflop() / limit);
        let peak = |side: &Numbers| number(side, "peak") / 1024.0;
        vec![
            case.label(),
            case.threads.to_string(),
            format!("{ours:.0}"),
            format!("{theirs:.0}"),
            format!("{:.2}", ours / theirs),
            format!("{limit:.0}"),
            share(ours),
            share(theirs),
            format!("{:.0}", case.median(|(ours, _)| peak(ours))),
            format!("{:.0}", case.median(|(_, theirs)| peak(theirs))),
        ]
    };
    table::print(
        &[
            "shape",
            "threads",
            "our fastest update, tokens/s",
            "PyTorch's",
            "ours / PyTorch",
            "product alone, GFLOP/s",
            "ours of that",
            "PyTorch of that",
            "our peak, MiB",
            "PyTorch's",
        ],
        &cases.iter().map(row).collect::<Vec<_>>(),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_differences_are_over_rounds() {
        let side = |text: &str| numbers(text).unwrap();
        let round = |tokens: usize| {
            let ours = format!("losses 4 2.5\ntokens {tokens}\n");
            (side(&ours), side("losses 4 2\ntokens 1000\n"))
        };
        let (shape, threads) = training::request(&[], ABOUT).unwrap().cases()[0];
        let mut case = Case::new(shape, threads, None);
        case.rounds = [500, 3000, 1500].map(round).into();
        assert_eq!((case.median(ratio), case.best(ratio)), (1.5, 3.0));
        assert_eq!(case.difference(), 0.25);
        case.rounds.pop();
        assert_eq!(case.median(ratio), 1.75);
    }
}
