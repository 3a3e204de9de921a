//! No dependency between our crates goes up or sideways.

use crate::manifest::dependencies;
use crate::{expect_none, workspace};

/// Each crate with all that may lie below it; `docs/architecture.md` draws it.
const BELOW: [(&str, &[&str]); 20] = [
    ("outcrop-arch", &[]),
    ("outcrop-core", &["outcrop-arch"]),
    ("outcrop-gemm", &[]),
    ("outcrop-vector", &[]),
    (
        "outcrop-block",
        &["outcrop-arch", "outcrop-gemm", "outcrop-vector"],
    ),
    ("outcrop-measure", &["outcrop-core"]),
    ("outcrop-observe", &[]),
    ("outcrop-schedule", &[]),
    ("outcrop-fit", &["outcrop-core"]),
    ("outcrop-predict", &["outcrop-arch", "outcrop-core"]),
    ("outcrop-checkpoint", &["outcrop-core"]),
    ("outcrop-tokens", &["outcrop-arch", "outcrop-core"]),
    (
        "outcrop-forward",
        &[
            "outcrop-arch",
            "outcrop-block",
            "outcrop-core",
            "outcrop-gemm",
            "outcrop-vector",
            "outcrop-measure",
            "outcrop-observe",
            "outcrop-checkpoint",
        ],
    ),
    (
        "outcrop-model",
        &[
            "outcrop-arch",
            "outcrop-block",
            "outcrop-core",
            "outcrop-gemm",
            "outcrop-vector",
            "outcrop-measure",
            "outcrop-checkpoint",
        ],
    ),
    (
        "outcrop-train",
        &[
            "outcrop-arch",
            "outcrop-core",
            "outcrop-gemm",
            "outcrop-vector",
            "outcrop-measure",
            "outcrop-checkpoint",
            "outcrop-forward",
            "outcrop-model",
            "outcrop-observe",
            "outcrop-schedule",
            "outcrop-tokens",
        ],
    ),
    (
        "outcrop-series",
        &[
            "outcrop-arch",
            "outcrop-core",
            "outcrop-measure",
            "outcrop-observe",
            "outcrop-checkpoint",
            "outcrop-forward",
            "outcrop-tokens",
        ],
    ),
    ("outcrop-report", &["outcrop-core", "outcrop-observe"]),
    ("outcrop-export", &["outcrop-core"]),
    (
        "outcrop",
        &[
            "outcrop-arch",
            "outcrop-core",
            "outcrop-measure",
            "outcrop-observe",
            "outcrop-schedule",
            "outcrop-fit",
            "outcrop-predict",
            "outcrop-checkpoint",
            "outcrop-tokens",
            "outcrop-forward",
            "outcrop-model",
            "outcrop-train",
            "outcrop-series",
            "outcrop-report",
            "outcrop-export",
        ],
    ),
    (
        "outcrop-python",
        &[
            "outcrop",
            "outcrop-arch",
            "outcrop-core",
            "outcrop-measure",
            "outcrop-observe",
            "outcrop-schedule",
            "outcrop-fit",
            "outcrop-predict",
        ],
    ),
];

/// Dependencies of `manifest` that its floor does not allow.
fn up_or_sideways(name: &str, manifest: &str) -> Vec<String> {
    let Some((_, below)) = BELOW.iter().find(|(known, _)| *known == name) else {
        return vec![format!(
            "{name}: stands on no floor; give it one in floors.rs"
        )];
    };
    dependencies(manifest, |table| table == "dependencies")
        .iter()
        .filter(|d| d.starts_with("outcrop") && !below.contains(&d.as_str()))
        .map(|d| format!("{name}: {d} is not below it"))
        .collect()
}

#[test]
fn the_floors_hold() {
    for (name, manifest) in workspace::crates() {
        expect_none(&up_or_sideways(&name, &manifest));
    }
}

#[test]
fn an_arrow_up_and_one_sideways_are_found() {
    let manifest =
        "[dependencies]\noutcrop-core.workspace = true\noutcrop-predict.workspace = true\n";
    assert_eq!(up_or_sideways("outcrop-fit", manifest).len(), 1);
    assert_eq!(up_or_sideways("outcrop-core", manifest).len(), 2);
    assert_eq!(up_or_sideways("outcrop-report", manifest).len(), 1);
    assert_eq!(up_or_sideways("outcrop", manifest).len(), 0);
    assert_eq!(up_or_sideways("outcrop-new", manifest).len(), 1);
}

#[test]
fn a_floor_stands_on_floors_named_before_it() {
    for (i, (name, below)) in BELOW.iter().enumerate() {
        for lower in *below {
            assert!(BELOW[..i].iter().any(|b| b.0 == *lower), "{name}: {lower}");
        }
    }
}
