//! `cargo xtask bench measure`: the reference measurement by PyTorch and by us, on one checkpoint.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use super::table;
use crate::{bad_use, process, python, real_model};

pub(super) const ABOUT: &str = "top 3 and median of every layer of a random checkpoint in the shape of Pythia-70m, \
     Pythia-410m or, in bf16 shards, Llama 1.1B, or of SmolLM2-135M straight from its GGUF, by PyTorch in f32 and by us \
     [--model pythia-70m, pythia-410m, llama-1.1b or smollm2-135m] \
     [--rounds N, 3] [--tokens N, 2048] [--sequences N, 10] [--threads N] [--backend NAME: on a GPU, PyTorch on it too if it can]";

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Subject {
    /// Random weights that checkpoint.py writes, in these shapes.
    Pythia70m,
    Pythia410m,
    Llama1b,
    /// The real model, for PyTorch unpacked to f32 beforehand.
    SmolLm2,
}

/// A subject on this machine.
struct Prepared {
    python: PathBuf,
    /// For us.
    model: PathBuf,
    /// For PyTorch.
    folder: PathBuf,
}

#[derive(Debug, PartialEq)]
struct Request {
    subject: Subject,
    rounds: usize,
    tokens: usize,
    sequences: usize,
    threads: usize,
    /// A GPU backend, for our side.
    backend: Option<String>,
}

/// What a side printed.
#[derive(Debug, Default, PartialEq)]
struct Side {
    /// Layer, sequence, three times magnitude, position and channel, and the median.
    rows: Vec<Vec<f64>>,
    /// The other numbers by name.
    numbers: BTreeMap<String, f64>,
}

pub(super) fn run(arguments: &[OsString]) -> Result<ExitCode, String> {
    let request = match request(arguments) {
        Ok(request) => request,
        Err(message) => return Ok(bad_use(&message)),
    };
    let prepared = request.subject.prepare()?;
    let program = request.build()?;
    let ours = || ours(&program, &prepared.model, &request);
    let theirs = || theirs(&prepared, &request);
    let mut rounds = Vec::new();
    for round in 0..request.rounds {
        eprintln!("round {} of {}", round + 1, request.rounds);
        // each side is first in turn
        let pair = if round % 2 == 0 {
            let ours = ours()?;
            (ours, theirs()?)
        } else {
            let theirs = theirs()?;
            (ours()?, theirs)
        };
        rounds.push(pair);
    }
    print(&rounds, &request);
    Ok(ExitCode::SUCCESS)
}

/// Where the scripts of PyTorch's side are.
fn scripts() -> PathBuf {
    crates().join("outcrop-forward/benches/pytorch")
}

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates")
}

impl Subject {
    const ALL: [Self; 4] = [
        Self::Pythia70m,
        Self::Pythia410m,
        Self::Llama1b,
        Self::SmolLm2,
    ];

    fn prepare(self) -> Result<Prepared, String> {
        match self {
            Self::Pythia70m | Self::Pythia410m | Self::Llama1b => {
                let bench = process::target()?.with_file_name("bench");
                let python = python::pytorch(&crates(), &bench)?;
                let folder = bench.join("random").join(self.name());
                python::made_by(&python, &scripts().join("checkpoint.py"), &folder)?;
                let model = folder.clone();
                Ok(Prepared {
                    python,
                    model,
                    folder,
                })
            }
            Self::SmolLm2 => {
                let real = real_model::fetch()?;
                let folder = real.folder.join("float32");
                let mut save = Command::new(&real.python);
                save.arg(&real.script).arg("save").arg(&real.model);
                process::finish(save.arg(&folder))?;
                Ok(Prepared {
                    python: real.python,
                    model: real.model,
                    folder,
                })
            }
        }
    }

    /// As `--model` says it.
    fn name(self) -> &'static str {
        match self {
            Self::Pythia70m => "pythia-70m",
            Self::Pythia410m => "pythia-410m",
            Self::Llama1b => "llama-1.1b",
            Self::SmolLm2 => "smollm2-135m",
        }
    }

    /// Its blocks, d_model, and how many weights a token meets in a block.
    fn shape(self) -> [usize; 3] {
        match self {
            Self::Pythia70m => [6, 512, 12 * 512 * 512],
            Self::Pythia410m => [24, 1024, 12 * 1024 * 1024],
            // 32 heads of 64, 4 for keys and values
            Self::Llama1b => [22, 2048, 2 * 2048 * (2048 + 256) + 3 * 2048 * 5632],
            // 9 heads of 64, 3 for keys and values
            Self::SmolLm2 => [30, 576, 2 * 576 * (576 + 192) + 3 * 576 * 1536],
        }
    }
}

fn ours(program: &Path, checkpoint: &Path, request: &Request) -> Result<Side, String> {
    let mut command = Command::new(program);
    command.arg(checkpoint).args(request.size());
    command.args(&request.backend);
    command.env("RAYON_NUM_THREADS", request.threads.to_string());
    side(&process::output(&mut command)?)
}

/// PyTorch one sequence at a time and several at once, whichever is faster.
fn theirs(prepared: &Prepared, request: &Request) -> Result<Side, String> {
    let device = match request.backend.is_some() && has_cuda(&prepared.python) {
        true => "cuda",
        false => "cpu",
    };
    let once = |batch: usize| {
        let mut command = Command::new(&prepared.python);
        let script = scripts().join("measure.py");
        command.arg(script).arg(&prepared.folder);
        command.args(request.size());
        let more = [batch, request.threads].map(|n| n.to_string());
        let variables = ["OMP_NUM_THREADS", "MKL_NUM_THREADS"];
        command.envs(variables.map(|name| (name, &more[1])));
        // its progress bars and reports on loading
        command.envs([("TRANSFORMERS_VERBOSITY", "error"), ("TQDM_DISABLE", "1")]);
        command.args(&more);
        if request.backend.is_some() {
            command.args([device, "float32", "3"]);
        }
        side(&process::output(&mut command)?)
    };
    let (single, batched) = (once(1)?, once((4096 / request.tokens).max(2))?);
    let faster = single.number("seconds") <= batched.number("seconds");
    Ok(if faster { single } else { batched })
}

/// Whether PyTorch computes on a GPU here.
fn has_cuda(python: &Path) -> bool {
    let mut command = Command::new(python);
    command.args(["-c", "import torch; print(torch.cuda.is_available())"]);
    process::output(&mut command).is_ok_and(|said| said.trim() == "True")
}

fn request(arguments: &[OsString]) -> Result<Request, String> {
    let mut request = Request {
        subject: Subject::Pythia70m,
        rounds: 3,
        tokens: 2048,
        sequences: 10,
        threads: std::thread::available_parallelism().map_or(1, |n| n.get()),
        backend: None,
    };
    let mut arguments = arguments.iter().map(|a| a.to_string_lossy());
    while let Some(name) = arguments.next() {
        let field = match name.as_ref() {
            "--model" => {
                let name = arguments.next();
                let named = |subject: &&Subject| Some(subject.name()) == name.as_deref();
                let subject = Subject::ALL.iter().find(named);
                request.subject = *subject.ok_or_else(|| {
                    let names = Subject::ALL.map(Subject::name).join(", ");
                    format!("--model is one of {names}")
                })?;
                continue;
            }
            "--backend" => {
                let name = arguments.next().map(|name| name.into_owned());
                request.backend = Some(name.ok_or("--backend is wgpu, vulkan or cuda")?);
                continue;
            }
            "--rounds" => &mut request.rounds,
            "--tokens" => &mut request.tokens,
            "--sequences" => &mut request.sequences,
            "--threads" => &mut request.threads,
            _ => return Err(format!("no option `{name}`; the benchmark is: {ABOUT}")),
        };
        let value = arguments.next().and_then(|value| value.parse().ok());
        *field = value
            .filter(|&n| n > 0)
            .ok_or(format!("{name} must be a whole number above 0"))?;
    }
    Ok(request)
}

impl Request {
    /// Builds our side: an example of outcrop-forward or, with a backend, of outcrop.
    fn build(&self) -> Result<PathBuf, String> {
        let mut command = process::cargo();
        let example = match &self.backend {
            None => {
                command.args(["build", "--package", "outcrop-forward"]);
                "compare"
            }
            Some(name) => {
                let feature = format!("outcrop/{name}");
                command.args(["build", "--workspace", "--features", &feature]);
                "compare_backend"
            }
        };
        process::finish(command.args(["--example", example]))?;
        let program = format!("examples/{example}{}", std::env::consts::EXE_SUFFIX);
        Ok(process::target()?.join(program))
    }

    fn size(&self) -> [String; 2] {
        [self.tokens, self.sequences].map(|n| n.to_string())
    }

    /// Billions of additions and multiplications that the matrix products need, of attention those of
    /// keys that are seen.
    fn gflop(&self) -> f64 {
        let [layers, d, weights] = self.subject.shape().map(|n| n as f64);
        let tokens = self.tokens as f64;
        let token = 2.0 * weights + 2.0 * d * (tokens + 1.0);
        layers * token * tokens * self.sequences as f64 / 1e9
    }
}

impl Side {
    fn number(&self, name: &str) -> f64 {
        self.numbers.get(name).copied().unwrap_or(f64::NAN)
    }
}

/// Reads what a side printed.
fn side(output: &str) -> Result<Side, String> {
    let mut side = Side::default();
    for line in output.lines() {
        let wrong = || format!("read the line `{line}`");
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |word: &&str| word.parse::<f64>().map_err(|_| wrong());
        match words[..] {
            [name, value] => side.numbers.insert(name.to_owned(), number(&value)?),
            _ if words.len() == 12 => {
                side.rows
                    .push(words.iter().map(number).collect::<Result<_, _>>()?);
                None
            }
            _ => return Err(wrong()),
        };
    }
    side.rows
        .sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    Ok(side)
}

/// The largest relative difference of the magnitudes, and how many of the places agree, of how many.
fn agreement(ours: &Side, theirs: &Side) -> (f64, usize, usize) {
    let (mut worst, mut alike, mut places) = (0.0f64, 0, 0);
    for (ours, theirs) in ours.rows.iter().zip(&theirs.rows) {
        for at in [2, 5, 8, 11] {
            worst = worst.max((ours[at] / theirs[at] - 1.0).abs());
        }
        for at in [3, 6, 9] {
            places += 1;
            alike += usize::from(ours[at..at + 2] == theirs[at..at + 2]);
        }
    }
    (worst, alike, places)
}

fn print(rounds: &[(Side, Side)], request: &Request) {
    let Request {
        tokens,
        sequences,
        threads,
        ..
    } = request;
    println!("{sequences} sequences of {tokens} tokens, {threads} threads\n");
    let cell = |value: f64, digits: usize| format!("{value:.digits$}");
    let ratio = |(ours, theirs): &(Side, Side)| theirs.number("seconds") / ours.number("seconds");
    let share = |side: &Side, limit: f64| cell(request.gflop() / side.number("seconds") / limit, 2);
    let row = |(round, pair): (usize, &(Side, Side))| {
        let (ours, theirs) = pair;
        let limit = theirs.number("gflops");
        vec![
            (round + 1).to_string(),
            cell(ours.number("seconds"), 2),
            cell(theirs.number("seconds"), 2),
            cell(ratio(pair), 2),
            cell(ours.number("peak") / 1024.0, 0),
            cell(theirs.number("peak") / 1024.0, 0),
            cell(limit, 0),
            share(ours, limit),
            share(theirs, limit),
        ]
    };
    let rows: Vec<_> = rounds.iter().enumerate().map(row).collect();
    table::print(
        &[
            "round",
            "ours, s",
            "PyTorch, s",
            "PyTorch / ours",
            "ours, MiB",
            "PyTorch, MiB",
            "product alone, GFLOP/s",
            "ours of that",
            "PyTorch of that",
        ],
        &rows,
    );
    let mut ratios: Vec<f64> = rounds.iter().map(ratio).collect();
    ratios.sort_by(f64::total_cmp);
    println!(
        "\nMedian of PyTorch / ours: {:.2}",
        ratios[ratios.len() / 2]
    );
    for (ours, theirs) in rounds.iter().take(1) {
        let (worst, alike, places) = agreement(ours, theirs);
        println!("Largest relative difference of top 3 and median: {worst:.1e}");
        println!("Places that agree: {alike} of {places}");
        if let Some(backend) = &request.backend {
            let (first, theirs) = (ours.number("first"), theirs.number("first"));
            println!(
                "First pass, {backend} with its kernels compiled: {first:.2} s, PyTorch {theirs:.2} s"
            );
            continue;
        }
        let part = |name| 100.0 * ours.number(name) / ours.number("seconds");
        println!(
            "Our time: weights, norms, queries, keys and values {:.0} %, attention and MLP {:.0} %, \
             statistics {:.0} %",
            part("queries"),
            part("blocks"),
            part("statistics")
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_numbers_above_zero() {
        let parse =
            |text: &str| request(&text.split_whitespace().map(Into::into).collect::<Vec<_>>());
        let request = parse("--rounds 2 --tokens 64 --sequences 100 --threads 1").unwrap();
        let expected = Request {
            subject: Subject::Pythia70m,
            rounds: 2,
            tokens: 64,
            sequences: 100,
            threads: 1,
            backend: None,
        };
        assert_eq!(request, expected);
        assert_eq!(
            parse("--model smollm2-135m").unwrap().subject,
            Subject::SmolLm2
        );
        assert_eq!(
            parse("--backend wgpu").unwrap().backend.as_deref(),
            Some("wgpu")
        );
        assert!(
            parse("--model").is_err()
                && parse("--backend").is_err()
                && parse("--model gpt2").is_err()
        );
        assert!(parse("--rounds 0").is_err() && parse("--round 1").is_err());
    }

    #[test]
    fn sides_are_compared_whatever_their_order() {
        let ours = "1 0 9 0 1 8 0 2 7 0 3 2\n1 1 9 0 1 8 0 2 7 0 3 2\nseconds 2\n";
        let theirs = "1 1 9 0 1 8 0 2 7 0 3 2\n1 0 9 0 1 8 0 4 7 0 3 4\nseconds 3\n";
        let (ours, theirs) = (side(ours).unwrap(), side(theirs).unwrap());
        assert_eq!(agreement(&ours, &theirs), (0.5, 5, 6));
        assert_eq!(theirs.number("seconds"), 3.0);
        assert!(side("1 2 3").is_err());
    }
}
