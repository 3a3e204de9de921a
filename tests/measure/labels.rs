//! Labels and targets of the sequences that are measured.

use std::fs;
use std::path::Path;

use outcrop::core::{Observation, table};

use crate::common::text;
use crate::small::{measure, series, succeeded};

fn observed(out: &Path) -> Vec<Observation> {
    table::observations(&out.join("observables.csv"))
        .unwrap()
        .rows
}

#[test]
fn labels_of_sequences_and_targets_of_positions() {
    let dir = tempfile::tempdir().unwrap();
    let of = dir.path().join("tiny");
    series(&of);
    let path = |name: &str| dir.path().join(name).display().to_string();
    fs::write(
        path("labels.csv"),
        "sequence,label\n0,code\n1,prose\n2,code\n",
    )
    .unwrap();
    let mut targets = "sequence,position,target\n".to_owned();
    for (sequence, position) in (0..3).flat_map(|s| (0..16).map(move |p| (s, p))) {
        targets += &format!("{sequence},{position},{}\n", (position + sequence) % 5);
    }
    fs::write(path("targets.csv"), &targets).unwrap();
    let out = dir.path().join("out");
    let (labels, targets) = (path("labels.csv"), path("targets.csv"));
    let given = [
        "--observe",
        "cka,kernel_alignment,concepts",
        "--labels",
        &labels,
        "--targets",
        &targets,
    ];
    succeeded(&measure(&of, &out, &given));
    let rows = observed(&out);
    let has = |name: &str, place: &str| {
        let mut of = rows
            .iter()
            .filter(|row| row.observable == name && row.place == place && row.step == 64);
        of.clone().count() == 2 && of.all(|row| row.value.is_some())
    };
    assert!(has("alignment_labels", "sequences") && !has("alignment_labels", "residual-stream"));
    assert!(has("alignment_targets", "residual-stream") && !has("alignment_targets", "sequences"));
    assert!(has("cka_targets", "residual-stream") && !has("cka_labels", "residual-stream"));
    // other labels are another series, and what is no table of these sequences is refused
    fs::write(&labels, "sequence,label\n0,code\n1,code\n2,prose\n").unwrap();
    let said = text(&measure(&of, &out, &given).stderr);
    assert!(said.contains("--labels"), "{said}");
    fs::write(&labels, "sequence,label\n0,code\n7,code\n").unwrap();
    let output = measure(&of, &dir.path().join("other"), &given);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    for part in ["labels.csv", "line 3", "sequence = 7", "0 to 2"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!dir.path().join("other/measurements.csv").exists());
    let alone = measure(&of, &dir.path().join("alone"), &["--labels", &labels]);
    assert_eq!(alone.status.code(), Some(2));
}
