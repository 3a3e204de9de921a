use std::io::Read;
use std::path::Path;

use outcrop_arch::{ArchSpec, Position};
use serde::{Deserialize, Serialize};

use super::csv_io;
use super::header::Columns;
use super::once::{Identity, gather};
use super::problem::Loaded;
use super::row_stream::RowStream;
use crate::{NamedArch, Result, write_unless_same};

pub(super) const REQUIRED: [&str; 4] = ["model", "layers", "d_model", "heads"];
const OPTIONAL: [&str; 7] = [
    "kv_heads",
    "d_ff",
    "vocab",
    "context",
    "rotary_fraction",
    "rotary_base",
    "arch_json",
];

/// An architecture as a row: the shape in columns of its own, the rest as one JSON column.
#[derive(Serialize, Deserialize)]
struct Flat {
    model: String,
    layers: usize,
    d_model: usize,
    heads: usize,
    #[serde(default)]
    kv_heads: Option<usize>,
    #[serde(default)]
    d_ff: Option<usize>,
    #[serde(default)]
    vocab: Option<usize>,
    #[serde(default)]
    context: Option<usize>,
    #[serde(default)]
    rotary_fraction: Option<f64>,
    #[serde(default)]
    rotary_base: Option<f64>,
    #[serde(default)]
    arch_json: Option<String>,
}

impl Flat {
    fn new(named: &NamedArch) -> Result<Self> {
        let a = &named.arch;
        let (rotary_fraction, rotary_base) = match a.position {
            Position::Rotary { fraction, base } => (Some(fraction), Some(base)),
            Position::Learned | Position::Alibi | Position::None => (None, None),
        };
        let json = a.canonical_json()?;
        Ok(Self {
            model: named.model.clone(),
            layers: a.layers,
            d_model: a.d_model,
            heads: a.heads,
            kv_heads: Some(a.kv_heads),
            d_ff: Some(a.d_ff),
            vocab: Some(a.vocab),
            context: Some(a.context),
            rotary_fraction,
            rotary_base,
            arch_json: Some(json),
        })
    }

    fn check(self) -> Result<NamedArch, String> {
        let arch = match &self.arch_json {
            Some(json) => serde_json::from_str(json).map_err(|e| format!("arch_json: {e}"))?,
            None => {
                let new = ArchSpec::new(self.layers, self.d_model, self.heads);
                let default = Position::Rotary {
                    fraction: self.rotary_fraction.unwrap_or(0.25),
                    base: self.rotary_base.unwrap_or(10_000.0),
                };
                ArchSpec {
                    kv_heads: self.kv_heads.unwrap_or(new.kv_heads),
                    d_ff: self.d_ff.unwrap_or(new.d_ff),
                    vocab: self.vocab.unwrap_or(new.vocab),
                    context: self.context.unwrap_or(new.context),
                    position: default,
                    ..new
                }
            }
        };
        arch.check().map_err(|e| e.to_string())?;
        let shape = (arch.layers, arch.d_model, arch.heads);
        if shape != (self.layers, self.d_model, self.heads) {
            return Err("layers, d_model or heads disagree with arch_json".into());
        }
        Ok(NamedArch {
            model: self.model,
            arch,
        })
    }
}

/// Reads a table of architectures: `model,layers,d_model,heads` and, where they are there,
/// `kv_heads,d_ff,vocab,context,rotary_fraction,rotary_base` or the whole spec in `arch_json`.
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
    let columns = Columns {
        required: &REQUIRED,
        optional: &OPTIONAL,
        named: &["model"],
    };
    let identity = Identity {
        key: |named: &NamedArch| format!("model {:?}", named.model),
        same: |a, b| a == b,
    };
    let rows = RowStream::new(reader, context, columns, Flat::check)?;
    gather(context, rows, &identity)
}

/// Writes a table of architectures, whole or not at all; not where the file holds just that.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io) with the path.
pub fn write_architectures(path: &Path, archs: &[NamedArch]) -> Result<()> {
    let rows = archs.iter().map(Flat::new).collect::<Result<Vec<_>>>()?;
    write_unless_same(path, &csv_io::to_csv(&rows, true)?)
}

#[cfg(test)]
mod tests {
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
}
