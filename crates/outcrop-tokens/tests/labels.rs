//! Tables of labels and targets: what is read, and what is refused.
#![expect(clippy::unwrap_used, reason = "a test")]

use outcrop_tokens::{ByUnit, Labels, NO_LABEL, Targets};

const LENGTHS: [usize; 3] = [3, 2, 3];

fn labels(text: &str) -> Result<Labels, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("labels.csv");
    std::fs::write(&path, text).unwrap();
    Labels::read(&path, &LENGTHS).map_err(|error| error.to_string())
}

fn targets(text: &str) -> Result<Targets, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("targets.csv");
    std::fs::write(&path, text).unwrap();
    Targets::read(&path, &LENGTHS).map_err(|error| error.to_string())
}

#[test]
fn rows_may_stand_in_any_order_and_have_other_columns() {
    let found = labels("word,sequence,label\nx,2,b\ny,0,a\n").unwrap();
    assert_eq!(found.classes, ["a", "b"]);
    assert_eq!(found.of, ByUnit::Sequences(vec![0, NO_LABEL, 1]));
    // as a spreadsheet saves it
    let found =
        labels("\u{feff}\"sequence\",\"position\",\"label\"\r\n1,0,7\r\n1,1,3\r\n").unwrap();
    assert_eq!(found.classes, ["3", "7"]);
    let of = [vec![NO_LABEL; 3], vec![1, 0], vec![NO_LABEL; 3]];
    assert_eq!(found.of, ByUnit::Positions(of.to_vec()));
    let found = targets("sequence,target\n0,1\n2,-0.5\n1,1e-3\n").unwrap();
    assert_eq!(
        (found.columns, found.of),
        (1, ByUnit::Sequences(vec![1.0, 0.001, -0.5]))
    );
    let all = "sequence,position,target\n0,0,1\n0,1,2\n0,2,3\n1,0,4\n1,1,5\n2,0,6\n2,1,7\n2,2,8\n";
    let of = [vec![1.0, 2.0, 3.0], vec![4.0, 5.0], vec![6.0, 7.0, 8.0]];
    assert_eq!(targets(all).unwrap().of, ByUnit::Positions(of.to_vec()));
}

/// ByUnit names the file, the line, the value and the way out.
#[test]
fn what_may_be_misread_is_refused() {
    for (text, parts) in [
        (
            "sequence,label\n0,a\n3,b\n",
            &["line 3", "sequence = 3", "0 to 2", "3 sequences"][..],
        ),
        (
            "sequence,position,label\n1,2,a\n",
            &["line 2", "position = 2", "0 to 1", "sequence 1"],
        ),
        (
            "sequence,label\n0,a\n0,b\n",
            &["line 3", "sequence 0", "line 2", "remove one"],
        ),
        (
            "sequence,position,label\n0,0,a\n0,,b\n",
            &["line 3", "line 2", "position", "every line"],
        ),
        ("sequence,label\n0,\n", &["line 2", "label"]),
        ("sequence,label\n-1,a\n", &["line 2", "sequence", "-1"]),
        ("sequence,label\n0.5,a\n", &["line 2", "sequence", "0.5"]),
        ("sequence,label\n", &["no row"]),
        ("sequence,class\n0,a\n", &["label"]),
        ("sequence,positon,label\n0,1,a\n", &["positon", "position"]),
    ] {
        let said = labels(text).unwrap_err();
        let parts = parts.iter().chain(&["labels.csv"]);
        assert!(
            parts.clone().all(|part| said.contains(part)),
            "{text:?}: {said}"
        );
    }
    for (text, parts) in [
        ("sequence,target\n0,one\n", &["line 2", "target", "one"][..]),
        (
            "sequence,target\n0,inf\n",
            &["line 2", "target = inf", "finite"],
        ),
        ("sequence,target\n0,\n", &["line 2", "target is empty"]),
        (
            "sequence,target\n0,1\n1,2\n",
            &["sequence 2", "give one for each"],
        ),
        (
            "sequence,dimension,target\n0,0,1\n0,1,1\n1,0,1\n1,1,1\n2,1,1\n",
            &["dimension 0 of sequence 2"],
        ),
        (
            "sequence,dimension,target\n0,70000,1\n",
            &["line 2", "dimension = 70000", "65535"],
        ),
        (
            "sequence,dimension,target\n0,0,1\n0,,2\n",
            &["line 3", "line 2", "remove one"],
        ),
    ] {
        let said = targets(text).unwrap_err();
        let parts = parts.iter().chain(&["targets.csv"]);
        assert!(
            parts.clone().all(|part| said.contains(part)),
            "{text:?}: {said}"
        );
    }
}
