//! `cargo xtask bench growth`: speed and memory as models become wider, deeper and longer, and memory over a
//! long run.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

use super::table;
use super::training::{self, Numbers, Shape, number, run_ours};
use crate::{bad_use, process};

pub(super) const ABOUT: &str = "tokens a second and memory of training over d_model, layers and positions, and memory over \
     5000 steps [--seconds N, 5] [--threads N]";

/// From which one size at a time is changed.
const BASE: Shape = Shape {
    layers: 4,
    d_model: 128,
    heads: 4,
    context: 128,
    batch: 8,
    vocab: 512,
};
const WIDTHS: [usize; 4] = [32, 64, 256, 512];
const LAYERS: [usize; 4] = [2, 8, 16, 24];
const POSITIONS: [usize; 4] = [64, 256, 512, 1024];

pub(super) fn run(arguments: &[OsString]) -> Result<ExitCode, String> {
    let request = match training::request(arguments, ABOUT) {
        Ok(request) => request,
        Err(message) => return Ok(bad_use(&message)),
    };
    let target = process::target()?;
    let program = training::build(&target, "train_speed")?;
    let steady = training::build(&target, "steady")?;
    let threads = request.threads();
    let mut rows = Vec::new();
    for shape in shapes() {
        let numbers = run_ours(&program, &shape, request.seconds, threads)?;
        rows.push((shape, numbers));
    }
    println!("Threads: {threads}\n");
    table::print(
        &[
            "shape",
            "tokens/s",
            "fastest update, tokens/s",
            "product alone, GFLOP/s",
            "fastest of that",
            "peak, MiB",
        ],
        &rows
            .iter()
            .map(|r| row(r, limit(&rows, r.0.d_model)))
            .collect::<Vec<_>>(),
    );
    let peak = |(_, numbers): &(Shape, Numbers)| number(numbers, "peak") / 1024.0;
    let layers = rows
        .iter()
        .filter(|(shape, _)| with_layers(shape.layers) == *shape);
    let points: Vec<[f64; 2]> = layers.map(|r| [r.0.layers as f64, peak(r)]).collect();
    let [slope, level, r2] = line(&points);
    println!("\nPeak over layers: {level:.1} MiB and {slope:.2} MiB a layer, R2 {r2:.5}");
    long_run(&steady)?;
    Ok(ExitCode::SUCCESS)
}

/// The base, one size at a time changed, and three corners.
fn shapes() -> Vec<Shape> {
    let widths = WIDTHS.map(|d_model| Shape {
        d_model,
        heads: d_model / 32,
        ..BASE
    });
    let positions = POSITIONS.map(|context| Shape { context, ..BASE });
    let narrow = Shape {
        d_model: 64,
        heads: 2,
        ..BASE
    };
    let corners = [
        Shape {
            layers: 2,
            ..widths[3]
        },
        Shape {
            layers: 24,
            ..narrow
        },
        Shape {
            context: 1024,
            ..narrow
        },
    ];
    let sizes = widths.into_iter().chain(LAYERS.map(with_layers));
    let all = [BASE].into_iter().chain(sizes);
    all.chain(positions).chain(corners).collect()
}

fn with_layers(layers: usize) -> Shape {
    Shape { layers, ..BASE }
}

/// The fastest product of all models as wide.
fn limit(rows: &[(Shape, Numbers)], d_model: usize) -> f64 {
    let as_wide = rows.iter().filter(|(shape, _)| shape.d_model == d_model);
    as_wide
        .map(|(_, n)| number(n, "product"))
        .fold(0.0, f64::max)
}

fn row((shape, numbers): &(Shape, Numbers), product: f64) -> Vec<String> {
    let [tokens, fastest, peak] = ["tokens", "fastest", "peak"].map(|name| number(numbers, name));
    vec![
        shape.label(),
        format!("{tokens:.0}"),
        format!("{fastest:.0}"),
        format!("{product:.0}"),
        format!("{:.2}", fastest * shape.gflop() / product),
        format!("{:.0}", peak / 1024.0),
    ]
}

/// Slope, value at 0 and R2 of the least-squares line through points.
fn line(points: &[[f64; 2]]) -> [f64; 3] {
    let mean = |value: &dyn Fn(&[f64; 2]) -> f64| {
        points.iter().map(value).sum::<f64>() / points.len() as f64
    };
    let [x, y] = [mean(&|p| p[0]), mean(&|p| p[1])];
    let products = mean(&|p| (p[0] - x) * (p[1] - y));
    let [xx, yy] = [mean(&|p| (p[0] - x).powi(2)), mean(&|p| (p[1] - y).powi(2))];
    let slope = products / xx;
    [slope, y - slope * x, products * products / (xx * yy)]
}

/// Memory at every 500th of 5000 steps.
fn long_run(program: &Path) -> Result<(), String> {
    let numbers = training::numbers(&process::output(&mut Command::new(program))?)?;
    let resident = numbers.get("resident").map_or(&[][..], |values| values);
    let mib: Vec<String> = resident
        .iter()
        .map(|kib| format!("{:.1}", kib / 1024.0))
        .collect();
    println!(
        "\nResident at steps 500, 1000 ... 5000 (d=32 L=2 H=2 T=32 B=4), MiB: {}; {:.1} s",
        mib.join(" "),
        number(&numbers, "seconds")
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_through_points_on_a_line_is_that_line() {
        let [slope, level, r2] = line(&[[1.0, 5.0], [2.0, 7.0], [4.0, 11.0]]);
        assert!((slope - 2.0).abs() < 1e-12 && (level - 3.0).abs() < 1e-12);
        assert!((r2 - 1.0).abs() < 1e-12);
        assert!(line(&[[0.0, 0.0], [1.0, 1.0], [2.0, 0.0]])[2] < 0.1);
    }

    #[test]
    fn one_size_at_a_time_is_changed() {
        let shapes = shapes();
        assert_eq!(shapes.len(), 16);
        let layers: Vec<_> = shapes
            .iter()
            .filter(|s| with_layers(s.layers) == **s)
            .collect();
        assert_eq!(layers.len(), LAYERS.len() + 1);
    }
}
