//! The profiler `perf`, and what kinds of work its symbols are.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::process;

/// A kind of work, and parts of the names of its functions. Of the functions that were being called the
/// innermost that is of a kind decides.
const KINDS: [(&str, &[&str]); 9] = [
    ("matrix products", &["outcrop_gemm::kernel", "microkernel"]),
    (
        "packing for matrix products",
        &["outcrop_gemm::", "Left::pack", "gemm"],
    ),
    ("attention's softmax", &["softmax"]),
    ("cross-entropy", &["cross_entropy", "loss::Packs"]),
    (
        "norms, nonlinearity, rotation, sums over rows",
        &[
            "outcrop_vector::",
            "outcrop_block::norm",
            "outcrop_block::activate",
            "outcrop_block::turn",
            "outcrop_block::map",
            "outcrop_block::forward",
            "outcrop_block::backward",
        ],
    ),
    ("the rest of attention", &["outcrop_block::attend"]),
    ("clipping and optimiser", &["optimizer"]),
    ("measuring", &["outcrop_measure", "stats_tap"]),
    (
        "Burn's tensors, graph and memory",
        &["burn_", "outcrop_model::fused", "mi_"],
    ),
];
/// What the kernel does for the program; where it lies in memory.
const KERNEL: (&str, &str) = ("the kernel, most of it fresh memory", "ffffffff");

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
    perf.args(["record", "--quiet", "--freq", "199"]);
    // functions of vectors have one name for all: who calls them tells what they are
    perf.args(["--call-graph", "dwarf,8192", "--output"]);
    perf.arg(samples).arg("--").arg(program);
    perf
}

/// The shares of all kinds of work in percent, the largest first, as `perf` sampled them.
pub(super) fn kinds(samples: &Path) -> Result<Vec<(&'static str, f64)>, String> {
    let mut perf = Command::new("perf");
    perf.args(["script", "--fields", "ip,sym", "--no-inline", "--input"]);
    Ok(shares(&process::output(perf.arg(samples))?))
}

/// The kind that one sample is of, from its lines of places and names, the innermost first.
fn kind(sample: &str) -> &'static str {
    let first = sample.trim_start();
    if first.starts_with(KERNEL.1) {
        return KERNEL.0;
    }
    let of = |line: &str| {
        let fits = |(_, parts): &&(&str, &[&str])| parts.iter().any(|part| line.contains(part));
        KINDS.iter().find(fits).map(|(kind, _)| *kind)
    };
    sample.lines().find_map(of).unwrap_or("other")
}

fn shares(samples: &str) -> Vec<(&'static str, f64)> {
    let samples = samples.split("\n\n").filter(|s| !s.trim().is_empty());
    let kinds: Vec<&str> = samples.map(kind).collect();
    let mut shares: Vec<(&str, f64)> = Vec::new();
    for kind in &kinds {
        match shares.iter_mut().find(|(known, _)| known == kind) {
            Some((_, count)) => *count += 1.0,
            None => shares.push((*kind, 1.0)),
        }
    }
    shares.sort_by(|a, b| b.1.total_cmp(&a.1));
    let percent = |(kind, count)| (kind, 100.0 * count / kinds.len() as f64);
    shares.into_iter().map(percent).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_counted_by_the_innermost_kind() {
        let report = "\n  40 pulp::V4::vectorize::imp\n  41 outcrop_gemm::kernel::Block::compute\n\
            \x20 42 outcrop_block::backward::run\n\n\n\
            \x20 40 pulp::V4::vectorize::imp\n  50 outcrop_vector::softmax::soften_panel\n\n\
            \x20 ffffffff821eb0e7 clear_page_erms\n  60 mi_malloc\n\n  70 main\n\n";
        let shares = shares(report);
        let kinds = ["matrix products", "attention's softmax", KERNEL.0, "other"];
        assert_eq!(shares, kinds.map(|kind| (kind, 25.0)));
    }
}
