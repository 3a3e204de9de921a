//! Valid tables to start from, and their rows as they are read.

use outcrop_arch::ArchSpec;
use outcrop_core::table::{self, Row, Streamed};
use outcrop_core::{CurvePoint, Fit, NamedArch, Result};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Table {
    Trajectories,
    Measurements,
    Fits,
    Curves,
    Architectures,
}

pub(crate) const TABLES: [Table; 5] = [
    Table::Trajectories,
    Table::Measurements,
    Table::Fits,
    Table::Curves,
    Table::Architectures,
];

/// A table of `rows` rows, each unlike the others, whose last line has no end. Some names are in
/// quotes.
pub(crate) fn valid(table: Table, rows: usize) -> Vec<u8> {
    let name = |row: usize| ["m", "\"a,b\"", "\"c \"\"d\"\"\""][row / 16 % 3];
    let lines = |header: &str, line: &dyn Fn(usize) -> String| {
        let lines = (0..rows).map(line);
        let lines: Vec<_> = std::iter::once(header.to_owned()).chain(lines).collect();
        lines.join("\n").into_bytes()
    };
    match table {
        Table::Trajectories => lines("model,layer,step,ratio,sem", &|row| {
            format!("{},{},{},{}.5,0.25", name(row), row / 8 + 1, row, row + 5)
        }),
        Table::Measurements => lines(
            "model,step,sequence,layer,top1,top2,top3,median,top1_position,count",
            &|row| format!("{},{row},0,1,{},3,2,0.5,{row},64", name(row), row + 5),
        ),
        Table::Fits => {
            let fits = (0..rows).map(|row| Fit {
                model: ["m", "a,b"][row % 2].into(),
                layer: row as u32 + 1,
                hypothesis: "emergence".into(),
                quantities: [("K", row as f64 + 0.5)].into(),
                ..Fit::default()
            });
            trimmed(table::rows_to_csv(&fits.collect::<Vec<_>>()).unwrap())
        }
        Table::Curves => lines("model,layer,hypothesis,step,value,value_lo", &|row| {
            format!("{},{},emergence,{row}.5,{},", name(row), row + 1, row + 5)
        }),
        Table::Architectures => {
            let archs = (0..rows).map(|row| NamedArch {
                model: format!("m{row}"),
                arch: ArchSpec::new(row % 8 + 1, 64, 4),
            });
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("a.csv");
            let archs: Vec<_> = archs.collect();
            table::write_architectures(&path, &archs).unwrap();
            match rows {
                0 => b"model,layers,d_model,heads".to_vec(),
                _ => trimmed(std::fs::read(path).unwrap()),
            }
        }
    }
}

fn trimmed(mut text: Vec<u8>) -> Vec<u8> {
    if text.ends_with(b"\n") {
        text.pop();
    }
    text
}

/// What each row of the table holds, as one text.
pub(crate) fn keys(table: Table, bytes: &[u8]) -> Result<Vec<String>> {
    fn rows<T: Row + std::fmt::Debug>(bytes: &[u8]) -> Result<Vec<String>> {
        let loaded = table::read_rows_from::<T>(bytes, "t")?;
        Ok(loaded.rows.iter().map(|row| format!("{row:?}")).collect())
    }
    match table {
        Table::Trajectories => {
            let loaded = table::trajectories_from(bytes, "t")?;
            let points = loaded.rows.iter().flat_map(|t| {
                let at =
                    |i: usize| format!("{} {} {} {}", t.model, t.layer, t.steps[i], t.ratios[i]);
                (0..t.steps.len()).map(at)
            });
            Ok(points.collect())
        }
        Table::Measurements => {
            let mut found = Vec::new();
            for item in table::measurement_stream(bytes, "t")? {
                if let Streamed::Row(row) = item? {
                    found.push(format!("{row:?}"));
                }
            }
            Ok(found)
        }
        Table::Fits => rows::<Fit>(bytes),
        Table::Curves => rows::<CurvePoint>(bytes),
        Table::Architectures => {
            let loaded = table::architectures_from(bytes, "t")?;
            Ok(loaded.rows.iter().map(|row| format!("{row:?}")).collect())
        }
    }
}
