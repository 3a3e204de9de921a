//! What benchmarks of training have in common: the shapes, the options, and our side.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process;

/// A model, GPT-NeoX with d_ff = 4 d_model, and the batch it learns from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shape {
    pub(super) layers: usize,
    pub(super) d_model: usize,
    pub(super) heads: usize,
    pub(super) context: usize,
    pub(super) batch: usize,
    pub(super) vocab: usize,
}

/// Those that are run unless another is asked for.
pub(super) const USUAL: usize = 3;

pub(super) const SHAPES: [Shape; 4] = [
    Shape {
        layers: 3,
        d_model: 64,
        heads: 2,
        context: 64,
        batch: 16,
        vocab: 66,
    },
    Shape {
        layers: 4,
        d_model: 128,
        heads: 4,
        context: 128,
        batch: 16,
        vocab: 512,
    },
    Shape {
        layers: 6,
        d_model: 256,
        heads: 8,
        context: 256,
        batch: 8,
        vocab: 2048,
    },
    Shape {
        layers: 8,
        d_model: 512,
        heads: 8,
        context: 512,
        batch: 4,
        vocab: 8192,
    },
];

/// A model of `switched.py`, and how the same is made of ours.
pub(super) struct Variant {
    pub(super) name: &'static str,
    /// Keys of the architecture, lines of TOML.
    pub(super) keys: fn(&Shape) -> String,
}

/// What is asked for.
#[derive(Debug, PartialEq)]
pub(super) struct Request {
    pub(super) rounds: usize,
    pub(super) seconds: usize,
    /// The number of one shape, from 1, or the first [`USUAL`].
    shape: Option<usize>,
    /// One number of threads, or one and two.
    threads: Option<usize>,
    /// The number of one variant, from 1, or all.
    pub(super) variant: Option<usize>,
    /// How many checkpoints a series has.
    pub(super) checkpoints: usize,
}

/// The numbers that a side printed, by name.
pub(super) type Numbers = BTreeMap<String, Vec<f64>>;

/// Reads options; those of `about`.
pub(super) fn request(arguments: &[OsString], about: &str) -> Result<Request, String> {
    let mut request = Request {
        rounds: 5,
        seconds: 5,
        shape: None,
        threads: None,
        variant: None,
        checkpoints: 12,
    };
    let mut arguments = arguments.iter().map(|a| a.to_string_lossy());
    while let Some(name) = arguments.next() {
        if !about.contains(&format!("[{name} ")) {
            return Err(format!("no option `{name}`; the benchmark is: {about}"));
        }
        let most = if name == "--shape" {
            SHAPES.len()
        } else {
            1000
        };
        let value = arguments.next().and_then(|value| value.parse().ok());
        let value = value
            .filter(|n| (1..=most).contains(n))
            .ok_or(format!("{name} must be a whole number from 1 to {most}"))?;
        match name.as_ref() {
            "--rounds" => request.rounds = value,
            "--seconds" => request.seconds = value,
            "--shape" => request.shape = Some(value),
            "--variant" => request.variant = Some(value),
            "--checkpoints" => request.checkpoints = value,
            _ => request.threads = Some(value),
        }
    }
    Ok(request)
}

impl Request {
    /// How many threads were asked for, or one for each processor.
    pub(super) fn threads(&self) -> usize {
        self.threads_or(std::thread::available_parallelism().map_or(1, |n| n.get()))
    }

    /// How many threads were asked for, or `default`.
    pub(super) fn threads_or(&self, default: usize) -> usize {
        self.threads.unwrap_or(default)
    }

    /// The number of threads that was asked for, or one and two.
    pub(super) fn one_and_two(&self) -> Vec<usize> {
        self.threads.map_or(vec![1, 2], |n| vec![n])
    }

    /// Each shape that is asked for with each number of threads.
    pub(super) fn cases(&self) -> Vec<(&'static Shape, usize)> {
        let shapes = SHAPES.iter().enumerate();
        let asked = shapes.filter(|(i, _)| match self.shape {
            None => *i < USUAL,
            Some(n) => n == i + 1,
        });
        let threads = self.one_and_two();
        asked
            .flat_map(|(_, shape)| threads.iter().map(move |&n| (shape, n)))
            .collect()
    }
}

impl Shape {
    pub(super) fn label(&self) -> String {
        format!(
            "d={} L={} H={} T={} B={} V={}",
            self.d_model, self.layers, self.heads, self.context, self.batch, self.vocab
        )
    }

    /// What both sides are told, after which come the seconds.
    pub(super) fn arguments(&self) -> [String; 6] {
        [
            self.layers,
            self.d_model,
            self.heads,
            self.context,
            self.batch,
            self.vocab,
        ]
        .map(|n| n.to_string())
    }

    /// Billions of additions and multiplications that the matrix products of an update need for a token,
    /// of attention those of keys that are seen: twice as many backward as forward.
    pub(super) fn gflop(&self) -> f64 {
        let [layers, d, tokens, vocab] =
            [self.layers, self.d_model, self.context, self.vocab].map(|n| n as f64);
        let block = 2.0 * 12.0 * d * d + 2.0 * d * (tokens + 1.0);
        3.0 * (layers * block + 2.0 * d * vocab) / 1e9
    }
}

/// Builds an example of outcrop-train; `train_speed` is our side.
pub(super) fn build(target: &Path, example: &str) -> Result<PathBuf, String> {
    // with the command, so that dependencies get the features they have there and are not built again
    let packages = [
        "build",
        "--package",
        "outcrop",
        "--package",
        "outcrop-train",
    ];
    process::finish(process::cargo().args(packages).args(["--example", example]))?;
    let program = format!("{example}{}", std::env::consts::EXE_SUFFIX);
    Ok(target.join("examples").join(program))
}

/// Gives our side its size and threads.
pub(super) fn ours(command: &mut Command, shape: &Shape, seconds: usize, threads: usize) {
    command.args(shape.arguments()).arg(seconds.to_string());
    command.env("RAYON_NUM_THREADS", threads.to_string());
}

/// Runs our side, and reads what it printed.
pub(super) fn run_ours(
    program: &Path,
    shape: &Shape,
    seconds: usize,
    threads: usize,
) -> Result<Numbers, String> {
    let mut command = Command::new(program);
    ours(&mut command, shape, seconds, threads);
    numbers(&process::output(&mut command)?)
}

/// The middle of `values`, or the mean of the two in the middle.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let [low, high] = [values.len().saturating_sub(1) / 2, values.len() / 2];
    match values.get(high) {
        Some(upper) => (values[low] + upper) / 2.0,
        None => f64::NAN,
    }
}

/// Reads lines of a name and numbers.
pub(super) fn numbers(output: &str) -> Result<Numbers, String> {
    let line = |line: &str| {
        let (name, rest) = line.split_once(' ')?;
        let values = rest.split(' ').map(|n| n.parse().ok());
        Some((name.to_owned(), values.collect::<Option<_>>()?))
    };
    let read = output.lines().map(line).collect::<Option<_>>();
    read.ok_or_else(|| format!("read numbers from `{output}`"))
}

/// The first number of a name.
pub(super) fn number(numbers: &Numbers, name: &str) -> f64 {
    let values = numbers.get(name).and_then(|values| values.first());
    values.copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: &str = "[--rounds N] [--seconds N] [--shape N] [--threads N]";

    fn parse(text: &str, about: &str) -> Result<Request, String> {
        let arguments: Vec<_> = text.split_whitespace().map(Into::into).collect();
        request(&arguments, about)
    }

    #[test]
    fn cases_are_those_asked_for() {
        assert_eq!(parse("", ABOUT).unwrap().cases().len(), 6);
        let request = parse("--shape 2 --threads 1 --rounds 3", ABOUT).unwrap();
        assert_eq!(request.cases(), [(&SHAPES[1], 1)]);
        let wide = parse("--shape 4 --threads 2", ABOUT).unwrap();
        assert_eq!(wide.cases(), [(&SHAPES[3], 2)]);
        assert_eq!(request.rounds, 3);
        for slip in ["--shape 5", "--threads 0", "--seconds", "--round 3"] {
            assert!(parse(slip, ABOUT).is_err(), "{slip}");
        }
        assert!(parse("--rounds 3", "[--shape N]").is_err());
    }

    #[test]
    fn an_update_needs_six_operations_a_weight_and_attention() {
        let weights = 12.0 * 3.0 * 64.0 * 64.0 + 64.0 * 66.0;
        let attention = 3.0 * 3.0 * 2.0 * 64.0 * 65.0;
        let gflop = (6.0 * weights + attention) / 1e9;
        assert!((SHAPES[0].gflop() / gflop - 1.0).abs() < 1e-12);
    }

    #[test]
    fn numbers_are_read_by_name() {
        let numbers = numbers("losses 4.5 4.25\ntokens 12\n").unwrap();
        assert_eq!(numbers["losses"], [4.5, 4.25]);
        assert_eq!(number(&numbers, "tokens"), 12.0);
        assert!(number(&numbers, "peak").is_nan());
        assert!(super::numbers("tokens many").is_err() && super::numbers("tokens").is_err());
    }
}
