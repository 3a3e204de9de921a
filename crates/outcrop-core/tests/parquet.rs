//! Tables written as Parquet have the types of their columns, and nulls where CSV is empty.
#![cfg(feature = "parquet")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::Path;

use outcrop_core::table::{self, MeasurementRow, ParquetWriter, Row, TableLayout};
use outcrop_core::{Fit, Quantity, Ratio, open_trajectories};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;

fn write<T: Row>(path: &Path, rows: &[T]) {
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ParquetWriter::with_layout(file, TableLayout::of(rows).unwrap()).unwrap();
    rows.iter().for_each(|row| writer.write(row).unwrap());
    writer.finish().unwrap();
}

fn fits(n: u32) -> Vec<Fit> {
    let fit = |layer| Fit {
        model: "a \"b\", c".into(),
        layer,
        hypothesis: "emergence".into(),
        n: 37,
        best: layer % 2 == 0,
        condition: Some(f64::INFINITY),
        quantities: [
            Quantity::new("K", (layer % 3 != 0).then_some(f64::from(layer) / 3.0)),
            Quantity::new("t_mid", None).between(None, 8.0),
        ]
        .into(),
        ..Fit::default()
    };
    (1..=n).map(fit).collect()
}

#[test]
fn columns_have_types_and_nulls() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fits.parquet");
    write(&path, &fits(4));
    let reader = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
    let columns = reader.metadata().file_metadata().schema().get_fields();
    let type_of = |name: &str| {
        let column = columns.iter().find(|column| column.name() == name).unwrap();
        column.get_physical_type().to_string()
    };
    let types = ["model", "layer", "best", "K", "t_mid_lo"].map(type_of);
    assert_eq!(
        types,
        ["BYTE_ARRAY", "INT64", "BOOLEAN", "DOUBLE", "DOUBLE"]
    );
    let at = |name: &str| {
        columns
            .iter()
            .position(|column| column.name() == name)
            .unwrap()
    };
    let rows: Vec<_> = reader
        .get_row_iter(None)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(rows[0].get_string(at("model")).unwrap(), "a \"b\", c");
    assert_eq!(rows[1].get_long(at("layer")).unwrap(), 2);
    assert!(rows[1].get_bool(at("best")).unwrap());
    assert_eq!(rows[1].get_double(at("K")).unwrap(), 2.0 / 3.0);
    assert_eq!(rows[1].get_double(at("condition")).unwrap(), f64::INFINITY);
    assert!(rows[2].get_double(at("K")).is_err(), "null");
}

/// More rows than one group holds, and a table without any.
#[test]
fn tables_of_any_length_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fits.parquet");
    for n in [0, 1, 70_000] {
        let fits = fits(n);
        write(&path, &fits);
        let loaded = table::read_rows::<Fit>(&path).unwrap();
        assert!(loaded.rows == fits && loaded.problems.is_empty(), "{n}");
    }
}

#[test]
fn trajectories_come_from_parquet_too() {
    let csv = "model,step,sequence,layer,top1,top2,top3,median\nm,0,0,1,3.1,2,1,0.5\nm,8,0,1,,,,\n";
    let loaded = table::measurements_from(csv.as_bytes(), "t").unwrap();
    let rows: Vec<MeasurementRow> = loaded.rows.iter().map(MeasurementRow::from).collect();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("measurements.parquet");
    write(&path, &rows);
    assert_eq!(table::measurements(&path).unwrap(), loaded);
    let opened = open_trajectories(&path, Ratio::default()).unwrap();
    assert_eq!(opened.count(), 1);
}

#[test]
fn a_broken_file_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fits.parquet");
    write(&path, &fits(9));
    let whole = std::fs::read(&path).unwrap();
    for at in (4..whole.len()).step_by(97) {
        let mut broken = whole.clone();
        broken[at] ^= 0xFF;
        std::fs::write(&path, &broken).unwrap();
        let _ = table::read_rows::<Fit>(&path);
        std::fs::write(&path, &whole[..at]).unwrap();
        let error = table::read_rows::<Fit>(&path).unwrap_err().to_string();
        assert!(error.contains("fits.parquet"), "{error}");
    }
}
