use std::fmt;
use std::io::Read;
use std::path::Path;

use outcrop_arch::{ArchSpec, Number, NumberKind, REQUIRED as SHAPE, numbers};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::header::Columns;
use super::once::{Identity, gather};
use super::problem::Loaded;
use super::row_stream::RowStream;
use crate::{Error, NamedArch, Result, write_unless_same};

const MODEL: &str = "model";
const JSON: &str = "arch_json";

pub(super) const REQUIRED: [&str; 4] = [MODEL, SHAPE[0], SHAPE[1], SHAPE[2]];

/// The columns: the name, the numbers of switches, and the whole architecture as JSON.
fn header() -> Vec<&'static str> {
    let numbers = numbers().map(|number| number.name);
    std::iter::once(MODEL)
        .chain(numbers)
        .chain([JSON])
        .collect()
}

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum Cell<'a> {
    Text(&'a str),
    Whole(usize),
    Real(Option<f64>),
}

impl Cell<'_> {
    fn of(number: &Number, arch: &ArchSpec) -> Self {
        match number.kind {
            NumberKind::Whole { get, .. } => Self::Whole(get(arch)),
            NumberKind::Real { get, .. } => Self::Real(get(arch)),
        }
    }
}

/// A row as it is read.
#[derive(Default)]
struct Row {
    model: String,
    json: Option<String>,
    /// The numbers of a row, in the order of the header.
    numbers: Vec<(&'static Number, f64)>,
}

impl Row {
    fn check(self) -> Result<NamedArch, String> {
        let arch = match &self.json {
            Some(json) => self.described(json)?,
            None => self.built(),
        };
        arch.check().map_err(|e| e.to_string())?;
        let model = self.model;
        Ok(NamedArch { model, arch })
    }

    /// The architecture of the JSON, which the other columns must say too.
    fn described(&self, json: &str) -> Result<ArchSpec, String> {
        let arch = serde_json::from_str(json).map_err(|e| format!("{JSON}: {e}"))?;
        for (number, given) in &self.numbers {
            let of = number.of(&arch);
            if of != Some(*given) {
                let of = of.map_or("none".into(), |of| of.to_string());
                let name = number.name;
                return Err(format!(
                    "{name} = {given}, but {of} in {JSON}; correct one of them, or empty {JSON}"
                ));
            }
        }
        Ok(arch)
    }

    /// An architecture of these numbers; everything else as in Pythia.
    fn built(&self) -> ArchSpec {
        let whole = |name: &str| {
            let of = |(number, value): &(&Number, f64)| (number.name == name).then_some(*value);
            self.numbers.iter().find_map(of).unwrap_or_default() as usize
        };
        let [layers, d_model, heads] = SHAPE.map(whole);
        let mut arch = ArchSpec::new(layers, d_model, heads);
        for (number, value) in &self.numbers {
            number.set(&mut arch, *value);
        }
        arch
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RowVisitor)
    }
}

struct RowVisitor;

impl<'de> Visitor<'de> for RowVisitor {
    type Value = Row;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row of architectures")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut cells: A) -> Result<Row, A::Error> {
        let mut row = Row::default();
        while let Some(name) = cells.next_key::<&str>()? {
            let number = numbers().find(|number| number.name == name);
            match (name, number) {
                (MODEL, _) => row.model = cells.next_value()?,
                (JSON, _) => row.json = cells.next_value()?,
                (_, Some(number)) => {
                    let given = given(number, &mut cells)?;
                    row.numbers.extend(given.map(|value| (number, value)));
                }
                (_, None) => {
                    cells.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(row)
    }
}

/// A number, if there is one; those of the shape must be there.
fn given<'de, A: MapAccess<'de>>(number: &Number, cells: &mut A) -> Result<Option<f64>, A::Error> {
    match number.kind {
        NumberKind::Whole { .. } if SHAPE.contains(&number.name) => {
            Ok(Some(cells.next_value::<usize>()? as f64))
        }
        NumberKind::Whole { .. } => Ok(cells.next_value::<Option<usize>>()?.map(|n| n as f64)),
        NumberKind::Real { .. } => cells.next_value(),
    }
}

/// Reads a table of architectures: `model`, the [numbers] of switches, of which [`SHAPE`] must be there, and the whole
/// spec in `arch_json`. Where that is given, the others must agree with it.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io), [`Error::MissingColumn`](crate::Error::MissingColumn),
/// [`Error::Parse`](crate::Error::Parse); [`Error::Twice`](crate::Error::Twice) for two architectures of
/// one name; a bad row is no error but a problem of the result.
pub fn architectures(path: &Path) -> Result<Loaded<NamedArch>> {
    architectures_from(super::open(path)?, &path.display().to_string())
}

/// As [`architectures`], from a reader; `context` names it in errors.
///
/// # Errors
/// As [`architectures`].
pub fn architectures_from(reader: impl Read, context: &str) -> Result<Loaded<NamedArch>> {
    let mut optional = header();
    optional.retain(|column| !REQUIRED.contains(column));
    let columns = Columns {
        required: &REQUIRED,
        optional: &optional,
        named: &[MODEL],
    };
    let identity = Identity {
        key: |named: &NamedArch| format!("model {:?}", named.model),
        same: |a, b| a == b,
    };
    let rows = RowStream::new(reader, context, columns, Row::check)?;
    gather(context, rows, &identity)
}

/// Writes a table of architectures, completely or not at all; not where the file holds just that.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io) with the path.
pub fn write_architectures(path: &Path, archs: &[NamedArch]) -> Result<()> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    let failed = |e: csv::Error| Error::parse("table to write", e);
    csv.write_record(header()).map_err(failed)?;
    for named in archs {
        let json = named.arch.canonical_json()?;
        let numbers = numbers().map(|number| Cell::of(number, &named.arch));
        let start = std::iter::once(Cell::Text(&named.model));
        let row: Vec<_> = start.chain(numbers).chain([Cell::Text(&json)]).collect();
        csv.serialize(row).map_err(failed)?;
    }
    let text = csv.into_inner();
    write_unless_same(path, &text.map_err(|e| Error::parse("table to write", e))?)
}

#[cfg(test)]
mod tests {
    use outcrop_arch::Position;

    use super::*;

    #[test]
    fn a_table_of_architectures_prints_back() {
        let archs: Vec<NamedArch> = ["14m", "1b"]
            .map(|size| NamedArch {
                model: size.into(),
                arch: ArchSpec {
                    position: Position::Learned,
                    ..ArchSpec::pythia(size).unwrap()
                },
            })
            .into();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("architectures.csv");
        write_architectures(&path, &archs).unwrap();
        assert_eq!(architectures(&path).unwrap().rows, archs);
    }

    #[test]
    fn a_shape_alone_is_enough_and_a_wrong_one_is_named() {
        let csv = "model,layers,d_model,heads,d_ff\ntiny,2,64,4,128\nodd,2,64,5,128\n";
        let loaded = architectures_from(csv.as_bytes(), "t").unwrap();
        assert_eq!(loaded.rows[0].arch.d_ff, 128);
        assert_eq!(loaded.problems[0].line, 3);
        assert!(loaded.problems[0].reason.contains("heads"));
    }

    /// As version 0.1.0 wrote them.
    const WRITTEN: &str = "\
model,layers,d_model,heads,kv_heads,d_ff,vocab,context,rotary_fraction,rotary_base,arch_json
pythia-14m,6,128,4,4,512,50304,2048,0.25,10000.0,\"{\"\"layers\"\":6,\"\"d_model\"\":128,\"\"heads\"\":4,\"\"kv_heads\"\":4,\"\"d_ff\"\":512,\"\"vocab\"\":50304,\"\"context\"\":2048,\"\"norm\"\":\"\"layer-norm\"\",\"\"norm_placement\"\":\"\"pre\"\",\"\"norm_eps\"\":0.00001,\"\"residual\"\":\"\"parallel\"\",\"\"position\"\":{\"\"kind\"\":\"\"rotary\"\",\"\"fraction\"\":0.25,\"\"base\"\":10000.0},\"\"attention\"\":\"\"softmax\"\",\"\"activation\"\":\"\"gelu\"\",\"\"tied\"\":false,\"\"bias\"\":true,\"\"init\"\":{\"\"kind\"\":\"\"small-wang\"\"}}\"
plain,2,32,1,1,128,64,64,,,\"{\"\"layers\"\":2,\"\"d_model\"\":32,\"\"heads\"\":1,\"\"kv_heads\"\":1,\"\"d_ff\"\":128,\"\"vocab\"\":64,\"\"context\"\":64,\"\"norm\"\":\"\"layer-norm\"\",\"\"norm_placement\"\":\"\"pre\"\",\"\"norm_eps\"\":0.00001,\"\"residual\"\":\"\"sequential\"\",\"\"position\"\":{\"\"kind\"\":\"\"learned\"\"},\"\"attention\"\":\"\"softmax\"\",\"\"activation\"\":\"\"relu\"\",\"\"tied\"\":false,\"\"bias\"\":true,\"\"init\"\":{\"\"kind\"\":\"\"small-wang\"\"}}\"
";

    #[test]
    fn a_table_of_an_older_version_is_read_and_written_to_the_same_bytes() {
        let loaded = architectures_from(WRITTEN.as_bytes(), "t").unwrap();
        assert_eq!(loaded.problems, []);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("architectures.csv");
        write_architectures(&path, &loaded.rows).unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), WRITTEN);
    }

    #[test]
    fn a_column_that_contradicts_the_json_is_refused() {
        for (column, said) in [
            ("4,4,512,50304", "kv_heads = 2, but 4 in arch_json"),
            ("2048,0.25,", "rotary_fraction = 0.5, but 0.25 in arch_json"),
        ] {
            let changed = match column.contains("0.25") {
                true => WRITTEN.replacen(column, "2048,0.5,", 1),
                false => WRITTEN.replacen(column, "4,2,512,50304", 1),
            };
            let loaded = architectures_from(changed.as_bytes(), "t").unwrap();
            assert_eq!((loaded.problems[0].line, loaded.rows.len()), (2, 1));
            assert!(
                loaded.problems[0].reason.contains(said),
                "{}",
                loaded.problems[0].reason
            );
        }
    }
}
