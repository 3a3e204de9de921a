//! `measure --out FILE` and `audit --out FILE` write that file, in the form of its suffix.

use outcrop::core::table;

use crate::common::text;
use crate::small::{measure, rows, run, series, succeeded};

#[test]
fn measurements_go_into_a_file_and_the_folder_beside_it_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let of = dir.path().join("tiny");
    series(&of);
    let out = dir.path().join("new/got.csv");
    let output = measure(&of, &out, &[]);
    succeeded(&output);
    let said = text(&output.stdout);
    assert!(
        said.contains("new/got.csv") && said.contains("in the folder"),
        "{said}"
    );
    let folder = dir.path().join("new/got");
    assert_eq!(table::measurements(&out).unwrap().rows, rows(&folder));
    for (name, start) in [
        ("got.parquet", &b"PAR1"[..]),
        ("got.json", b"[\n  {\"model\":\"tiny\""),
    ] {
        let out = dir.path().join("new").join(name);
        let output = measure(&of, &out, &[]);
        succeeded(&output);
        assert!(text(&output.stdout).contains("(8 measured before)"));
        assert!(std::fs::read(&out).unwrap().starts_with(start), "{name}");
    }
    let parquet = table::measurements(&dir.path().join("new/got.parquet")).unwrap();
    assert_eq!(parquet.rows, rows(&folder));
}

#[test]
fn an_audit_has_the_form_of_its_suffix() {
    let dir = tempfile::tempdir().unwrap();
    let of = dir.path().join("tiny");
    series(&of);
    for file in ["model.safetensors", "config.json"] {
        std::fs::copy(of.join("step4").join(file), of.join("step8").join(file)).unwrap();
    }
    for (name, start) in [
        (
            "a.csv",
            &b"finding,suspect_steps,what\nidentical-steps,"[..],
        ),
        ("a.json", b"{"),
        ("a.parquet", b"PAR1"),
        ("a.txt", b"finding"),
    ] {
        let out = dir.path().join("deep").join(name).display().to_string();
        succeeded(&run(&["audit", of.to_str().unwrap(), "--out", &out]));
        assert!(std::fs::read(&out).unwrap().starts_with(start), "{name}");
    }
}
