//! `cargo xtask bench gemm`: products of matrices by outcrop-gemm and by its peers, on the shapes of training.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use super::table;
use super::training::{self, Numbers, median};
use crate::{bad_use, process, python};

pub(super) const ABOUT: &str = "products of matrices by outcrop-gemm, gemm, matrixmultiply, faer and, where `bench train` \
     has run, MKL, on the shapes of training [--rounds N, 5] [--seconds N a round, 5] [--threads N, 1 and 2]";

/// Ours with B packed before and each time, and the others: the name in what programs print, and a heading.
const SIDES: [[&str; 2]; 6] = [
    ["packed", "ours, B packed before"],
    ["packing", "ours, B packed each time"],
    ["gemm", "gemm"],
    ["matrixmultiply", "matrixmultiply"],
    ["faer", "faer"],
    ["mkl", "MKL"],
];
const OURS: usize = 2;
/// Rows of x that go through a block at a time, and of the batch of the third shape of `bench train`.
const GROUP: usize = 256;
const BATCH: usize = 2048;

/// A product of a training step, or of square matrices.
struct Product {
    label: String,
    /// C += X' B, as for a weight, where B is new each time.
    gradient: bool,
    /// Rows of C, depth, columns of C.
    size: [usize; 3],
    /// What each round's programs printed of it.
    rounds: Vec<Vec<Times>>,
}

/// Seconds of one side, if it has run.
#[derive(Clone, Copy)]
struct Times {
    fastest: f64,
    median: f64,
}

pub(super) fn run(arguments: &[OsString]) -> Result<ExitCode, String> {
    let request = match training::request(arguments, ABOUT) {
        Ok(request) => request,
        Err(message) => return Ok(bad_use(&message)),
    };
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/");
    let bench = process::target()?.with_file_name("bench");
    let program = build(&crates, &bench)?;
    let python = bench.join("venv-pytorch").exists();
    let python = python
        .then(|| python::pytorch(&crates, &bench))
        .transpose()?;
    let script = crates.join("outcrop-gemm/benches/pytorch/products.py");
    for threads in request.one_and_two() {
        let mut products = products();
        let mut loads = Vec::new();
        for round in 0..request.rounds {
            eprintln!(
                "{threads} threads, round {} of {}",
                round + 1,
                request.rounds
            );
            loads.push(process::load());
            let tell = |command: &mut Command| {
                let numbers = [request.seconds, threads, round].map(|n| n.to_string());
                command
                    .args(numbers)
                    .args(products.iter().map(Product::argument));
                let names = ["OMP", "MKL", "MATMUL"].map(|name| format!("{name}_NUM_THREADS"));
                command.envs(names.map(|name| (name, threads.to_string())));
                training::numbers(&process::output(command)?)
            };
            let mut printed = tell(&mut Command::new(&program))?;
            if let Some(python) = &python {
                printed.extend(tell(Command::new(python).arg(&script))?);
            }
            for (number, product) in products.iter_mut().enumerate() {
                let side = |[name, _]: [&str; 2]| Times::read(&printed, number, name);
                product.rounds.push(SIDES.map(side).into());
            }
        }
        println!(
            "\nThreads: {threads}. Load as each round begins: {}\n",
            loads.join(" ")
        );
        print_table(&products);
    }
    Ok(ExitCode::SUCCESS)
}

/// The program of the peers, which is outside of the workspace.
fn build(crates: &Path, bench: &Path) -> Result<PathBuf, String> {
    let target = bench.join("gemm-peers");
    let manifest = crates.join("outcrop-gemm/benches/peers/Cargo.toml");
    let mut cargo = process::cargo();
    cargo
        .args(["build", "--locked", "--manifest-path"])
        .arg(manifest);
    process::finish(cargo.arg("--target-dir").arg(&target))?;
    let program = format!("outcrop-gemm-peers{}", std::env::consts::EXE_SUFFIX);
    Ok(target.join("debug").join(program))
}

fn products() -> Vec<Product> {
    let groups = [64, 128, 256].map(|d| step(d, GROUP));
    let square = Product {
        label: "square".into(),
        gradient: false,
        size: [1024; 3],
        rounds: Vec::new(),
    };
    groups
        .into_iter()
        .chain([step(256, BATCH), step(512, BATCH)])
        .flatten()
        .chain([square])
        .collect()
}

/// The linear layers of a block of width `d` for some rows, and the gradients of two weights.
fn step(d: usize, rows: usize) -> [Product; 6] {
    let product = |name: &str, gradient, size| Product {
        label: format!("d={d}, {rows} rows: {name}"),
        gradient,
        size,
        rounds: Vec::new(),
    };
    [
        product("qkv", false, [rows, d, 3 * d]),
        product("dense", false, [rows, d, d]),
        product("up", false, [rows, d, 4 * d]),
        product("down", false, [rows, 4 * d, d]),
        product("gradient of up", true, [d, rows, 4 * d]),
        product("gradient of down", true, [4 * d, rows, d]),
    ]
}

impl Times {
    fn read(printed: &Numbers, number: usize, name: &str) -> Self {
        let values = printed.get(&format!("{number}-{name}")).map(Vec::as_slice);
        let [fastest, median] = match values {
            Some(&[fastest, median]) => [fastest, median],
            _ => [f64::NAN; 2],
        };
        Self { fastest, median }
    }
}

impl Product {
    /// The arguments of both programs.
    fn argument(&self) -> String {
        let [m, k, n] = self.size;
        let kind = if self.gradient { "gradient" } else { "product" };
        format!("{kind}:{m}:{k}:{n}")
    }

    /// GFLOP/s of a side: the fastest call of all rounds, and the median of their medians.
    fn speeds(&self, side: usize) -> [f64; 2] {
        let of =
            |value: fn(&Times) -> f64| self.rounds.iter().map(move |sides| value(&sides[side]));
        let fastest = of(|times| times.fastest).fold(f64::NAN, f64::min);
        let gflop = 2e-9 * self.size.iter().product::<usize>() as f64;
        [
            gflop / fastest,
            gflop / median(of(|times| times.median).collect()),
        ]
    }

    fn row(&self) -> Vec<String> {
        let speeds: Vec<_> = (0..SIDES.len()).map(|side| self.speeds(side)).collect();
        let [m, k, n] = self.size;
        let mut row = vec![self.label.clone(), format!("{m} x {k} x {n}")];
        let show = |[fastest, median]: &[f64; 2]| match fastest.is_nan() {
            true => String::new(),
            false => format!("{fastest:.0} ({median:.0})"),
        };
        row.extend(speeds.iter().map(show));
        // training has packed its weights before, but not the gradient of what a layer gives
        let ours = speeds[usize::from(self.gradient)];
        let ratio = |theirs: &[f64; 2]| match theirs[0].is_nan() {
            true => String::new(),
            false => format!("{:.2} ({:.2})", ours[0] / theirs[0], ours[1] / theirs[1]),
        };
        row.extend(speeds[OURS..].iter().map(ratio));
        row
    }
}

fn print_table(products: &[Product]) {
    let ratios = SIDES[OURS..]
        .iter()
        .map(|[_, name]| format!("ours / {name}"));
    let ratios: Vec<String> = ratios.collect();
    let header = ["product", "m x k x n"].into_iter();
    let header = header.chain(SIDES.map(|[_, name]| name));
    let header: Vec<&str> = header.chain(ratios.iter().map(String::as_str)).collect();
    println!("GFLOP/s of the fastest call, and in parentheses the median.\n");
    table::print(
        &header,
        &products.iter().map(Product::row).collect::<Vec<_>>(),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_over_rounds_and_ratios_of_what_training_calls() {
        let round = |text: &str| {
            let printed = training::numbers(text).unwrap();
            SIDES.map(|[name, _]| Times::read(&printed, 0, name)).into()
        };
        let rounds = [
            "0-packed 1e-9 2e-9\n0-packing 2e-9 4e-9\n0-gemm 4e-9 8e-9\n",
            "0-packed 2e-9 2e-9\n0-packing 4e-9 8e-9\n0-gemm 8e-9 8e-9\n",
        ];
        let mut product = Product {
            label: "x".into(),
            gradient: false,
            size: [2, 1, 1],
            rounds: rounds.map(round).into(),
        };
        assert_eq!(product.argument(), "product:2:1:1");
        let row = product.row();
        assert_eq!(row[2..5], ["4 (2)", "2 (1)", "1 (0)"]);
        assert_eq!((row[5].as_str(), row[8].as_str()), ("", "4.00 (4.00)"));
        product.gradient = true;
        assert_eq!(product.row()[8], "2.00 (1.33)");
    }

    #[test]
    fn products_are_those_of_a_step() {
        let products = products();
        assert_eq!(products.len(), 31);
        let arguments: Vec<_> = products.iter().map(Product::argument).collect();
        assert_eq!(arguments[3], "product:256:256:64");
        assert_eq!(arguments[22], "gradient:256:2048:1024");
        assert_eq!(arguments[29], "gradient:2048:2048:512");
    }
}
