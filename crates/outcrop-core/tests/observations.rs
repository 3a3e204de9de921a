//! The table of observables: written and read back, and damaged.

use outcrop_core::table::{self, Streamed};
use outcrop_core::{Error, GrowingTable, Observation};

fn row(step: u64, head: Option<u32>, value: Option<f64>) -> Observation {
    Observation {
        model: "a \"b\", c".into(),
        step,
        layer: 2,
        head,
        place: "attention-weights".into(),
        observable: "alpha_first".into(),
        value,
        sem: value.map(|value| value / 7.0),
        n: u64::from(value.is_some()) * 3,
        reason: value.is_none().then(|| "too-short".into()),
        sequence: None,
        stage: None,
    }
}

fn rows() -> Vec<Observation> {
    let mut rows = vec![
        row(0, Some(1), Some(0.1 + 0.2)),
        row(0, Some(2), None),
        row(8, None, Some(0.0)),
    ];
    rows.push(Observation {
        sequence: Some(4),
        sem: None,
        n: 1,
        ..rows[0].clone()
    });
    rows
}

#[test]
fn what_is_written_is_read_and_nothing_is_not_zero() {
    let text = String::from_utf8(table::rows_to_csv(&rows()).unwrap()).unwrap();
    let header = "model,step,layer,head,place,observable,value,sem,n,reason,sequence";
    assert_eq!(text.lines().next(), Some(header));
    let empty = "\"a \"\"b\"\", c\",0,2,2,attention-weights,alpha_first,,,0,too-short,";
    assert_eq!(text.lines().nth(2), Some(empty));
    let loaded = table::read_rows_from::<Observation>(text.as_bytes(), "o.csv").unwrap();
    assert_eq!((loaded.rows, loaded.problems), (rows(), vec![]));
    // the columns of the design alone are enough
    let short = "model,step,layer,head,place,observable,value,sem,n\nm,8,1,,gate,rms,0.5,,1\n";
    let loaded = table::read_rows_from::<Observation>(short.as_bytes(), "o.csv").unwrap();
    assert_eq!(loaded.rows[0].value, Some(0.5));
}

#[test]
fn a_table_that_grows_is_read_row_by_row() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("observables.csv");
    let mut grows = GrowingTable::open(&path, &Default::default()).unwrap();
    for rows in rows().chunks(2) {
        table::append_rows(&mut grows, rows).unwrap();
    }
    assert_eq!(grows.commit().unwrap().rows, 4);
    let file = std::fs::File::open(&path).unwrap();
    let read = table::stream_rows::<Observation, _>(file, "observables.csv").unwrap();
    let read = read.map(|item| match item.unwrap() {
        Streamed::Row(row) => row,
        Streamed::Problem(problem) => panic!("{problem}"),
    });
    assert_eq!(read.collect::<Vec<_>>(), rows());
}

#[test]
fn damage_is_named_with_line_column_and_value() {
    let header = "model,step,layer,head,place,observable,value,sem,n,reason,sequence\n";
    for (line, parts) in [
        (
            "m,8,1,,gate,rms,zero,,1,,",
            &["value = \"zero\"", "a number"][..],
        ),
        (
            "m,8,1,,gate,rms,\"0,5\",,1,,",
            &["value = \"0,5\"", "decimal point"],
        ),
        (
            "m,8,1,-1,gate,rms,0.5,,1,,",
            &["head = \"-1\"", "whole number"],
        ),
        (
            "m,8.5,1,,gate,rms,0.5,,1,,",
            &["step = \"8.5\"", "whole number"],
        ),
        ("m,8,1,,NA,rms,0.5,,1,,", &["place = \"NA\"", "empty"]),
        ("m,8,1,,gate,rms,0.5,,,,", &["n = \"\"", "whole number"]),
    ] {
        let text = format!("{header}m,0,1,,gate,rms,0.5,,1,,\n{line}\n");
        let loaded = table::read_rows_from::<Observation>(text.as_bytes(), "o.csv").unwrap();
        assert_eq!(loaded.rows.len(), 1, "{line}");
        let said = loaded.problems[0].to_string();
        assert!(said.starts_with("line 3: "), "{said}");
        assert!(parts.iter().all(|part| said.contains(part)), "{said}");
    }
    let read = |text: &str| table::read_rows_from::<Observation>(text.as_bytes(), "o.csv");
    let error = read("model,step,layer,head,plce,observable,value,sem,n\n").unwrap_err();
    assert!(matches!(&error, Error::MissingColumn { .. }), "{error}");
    let twice = format!("{header}m,0,1,,gate,rms,0.5,,1,,\nm,0,1,,gate,rms,0.25,,1,,\n");
    let error = read(&twice).unwrap_err();
    assert!(matches!(&error, Error::Twice { .. }), "{error}");
}
