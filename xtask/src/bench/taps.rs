//! `cargo xtask bench taps`: what measuring the residual stream adds to a forward pass.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use super::table;
use super::training::{self, Numbers};
use crate::{bad_use, process};

pub(super) const ABOUT: &str = "what the standard tap adds to a layer's forward pass, beside an empty tap and none \
     [--seconds N a shape, 5] [--threads N, 1]";

pub(super) fn run(arguments: &[OsString]) -> Result<ExitCode, String> {
    let request = match training::request(arguments, ABOUT) {
        Ok(request) => request,
        Err(message) => return Ok(bad_use(&message)),
    };
    let threads = request.threads_or(1).to_string();
    let program = training::build(&process::target()?, "taps")?;
    let mut command = Command::new(&program);
    command.arg(request.seconds.to_string()).arg(&threads);
    let output = process::output(&mut command)?;
    let shapes = output.split("shape ").skip(1);
    let shapes: Vec<Numbers> = shapes
        .map(|lines| training::numbers(&format!("shape {lines}")))
        .collect::<Result<_, _>>()?;
    println!("Threads: {threads}. Medians, and in parentheses the fastest.\n");
    table::print(
        &[
            "d_model, positions, sequences",
            "no tap, ms",
            "empty tap",
            "standard tap",
            "a layer, us",
            "the tap adds, us",
            "% of the layer",
            "a thread measures, us",
            "% of the layer",
            "ns a scalar",
        ],
        &shapes.iter().map(row).collect::<Vec<_>>(),
    );
    Ok(ExitCode::SUCCESS)
}

/// The example prints microseconds, median and least.
fn row(numbers: &Numbers) -> Vec<String> {
    let pair = |name: &str, factor: f64| {
        let values = numbers.get(name).map_or(&[][..], |values| values);
        match values {
            [median, least] => [median * factor, least * factor],
            _ => [f64::NAN; 2],
        }
    };
    let show = |[median, least]: [f64; 2]| format!("{median:.2} ({least:.2})");
    let [[layer, fastest], [inside, least]] = ["layer", "inside"].map(|name| pair(name, 1.0));
    // of differences between passes the least means nothing
    let [added, _] = pair("added", 1.0);
    let shape = numbers.get("shape").map_or(&[][..], |shape| shape);
    let shape: Vec<String> = shape.iter().map(ToString::to_string).collect();
    vec![
        shape.join(", "),
        show(pair("none", 1e-3)),
        show(pair("empty", 1e-3)),
        show(pair("standard", 1e-3)),
        show([layer, fastest]),
        format!("{added:.2}"),
        format!("{:.2}", 100.0 * added / layer),
        show([inside, least]),
        show([100.0 * inside / layer, 100.0 * least / fastest]),
        show(pair("scalar", 1.0)),
    ]
}
