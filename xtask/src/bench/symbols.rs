//! The profiler `perf`, and what kinds of work its symbols are.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::process;

/// A kind of work, and parts of the names of its functions. The first kind that fits counts.
const KINDS: [(&str, &[&str]); 8] = [
    ("the kernel, most of it fresh memory", &["[k] "]),
    ("matrix products", &["microkernel"]),
    ("packing for matrix products", &["gemm"]),
    ("exponentials, for softmax", &["expf", "exp_", "softmax"]),
    ("erf, for GELU", &["erf", "gelu"]),
    (
        "copies and fills",
        &["memmove", "memset", "memcpy", "copy_", "filled"],
    ),
    ("allocator", &["mi_"]),
    (
        "element by element, sums",
        &["burn_flex::", "from_iter", "Iterator", "consume_iter"],
    ),
];

/// Whether `perf` can be started.
pub(super) fn is_there() -> bool {
    let mut version = Command::new("perf");
    version.arg("--version").stdout(Stdio::null());
    version.stderr(Stdio::null());
    version.status().is_ok_and(|status| status.success())
}

/// `perf` that writes samples of what `program` does to the file `samples`; arguments go to the program.
pub(super) fn record(program: &Path, samples: &Path) -> Command {
    let mut perf = Command::new("perf");
    perf.args(["record", "--quiet", "--freq", "499", "--output"]);
    perf.arg(samples).arg("--").arg(program);
    perf
}

/// The shares of all kinds of work in percent, the largest first, as `perf` sampled them.
pub(super) fn kinds(samples: &Path) -> Result<Vec<(&'static str, f64)>, String> {
    let mut perf = Command::new("perf");
    perf.args([
        "report",
        "--stdio",
        "--quiet",
        "--no-children",
        "--sort",
        "symbol",
    ]);
    Ok(shares(&process::output(perf.arg("--input").arg(samples))?))
}

fn shares(report: &str) -> Vec<(&'static str, f64)> {
    let kinds = KINDS.iter().map(|(kind, _)| *kind).chain(["other"]);
    let mut shares: Vec<(&str, f64)> = kinds.map(|kind| (kind, 0.0)).collect();
    for line in report.lines() {
        let Some((percent, symbol)) = line.trim().split_once('%') else {
            continue;
        };
        let fits = |(_, parts): &(&str, &[&str])| parts.iter().any(|part| symbol.contains(part));
        let kind = KINDS.iter().position(fits).unwrap_or(KINDS.len());
        shares[kind].1 += percent.parse().unwrap_or(0.0);
    }
    shares.sort_by(|a, b| b.1.total_cmp(&a.1));
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_counted_by_kind() {
        let report = "\n    20.50%  [.] gemm_f32::microkernel::fma::f32::x2x6\n\
            \x20    4.00%  [.] gemm_f32::microkernel::fma::f32::x2x2\n\
            \x20   10.00%  [k] clear_page_erms\n     5.00%  [.] gemm_common::pack\n     1.00%  [.] main\n";
        let shares = shares(report);
        assert_eq!(shares[0], ("matrix products", 24.5));
        assert_eq!(shares[1].1, 10.0);
        assert_eq!(shares[2], ("packing for matrix products", 5.0));
        assert!(shares.contains(&("other", 1.0)));
    }
}
