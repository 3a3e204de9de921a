use std::path::{Path, PathBuf};

use clap::ValueEnum;
use outcrop_core::Error as CoreError;

use crate::Result;

/// The format of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns, for reading.
    Table,
    /// Comma-separated values.
    Csv,
    /// An array of records.
    Json,
    /// A record a line.
    Jsonl,
    /// Apache Parquet, a file that pandas, R and databases read with its types.
    Parquet,
}

/// Every format of a table with its name and the suffix of its files.
const FORMATS: [(Format, &str, &str); 5] = [
    (Format::Table, "table", "txt"),
    (Format::Csv, "csv", "csv"),
    (Format::Json, "json", "json"),
    (Format::Jsonl, "jsonl", "jsonl"),
    (Format::Parquet, "parquet", "parquet"),
];
/// Suffixes of other files that the command writes.
const OTHERS: [&str; 5] = ["svg", "png", "html", "toml", "tsv"];

impl Format {
    /// The format for the suffix of `path`.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let found = suffix(path);
        let known = FORMATS.iter().find(|(_, _, suffix)| found == *suffix);
        known.map(|(format, ..)| *format)
    }

    fn name(self) -> &'static str {
        let found = FORMATS.iter().find(|(format, ..)| *format == self);
        found.map_or("", |(_, name, _)| name)
    }

    /// The suffix of its files.
    pub(crate) fn suffix(self) -> &'static str {
        let found = FORMATS.iter().find(|(format, ..)| *format == self);
        found.map_or("", |(.., suffix)| suffix)
    }
}

/// The suffix of a file in lower case; empty where it has none.
pub(super) fn suffix(path: &Path) -> String {
    let suffix = path.extension().unwrap_or_default();
    suffix.to_string_lossy().to_ascii_lowercase()
}

/// The options for the output of a table.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct To {
    /// The file for the table; its suffix determines the format: .csv, .json, .jsonl, .parquet or .txt; `-` is standard output,
    /// the default.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Format of the table [default: that of --out; aligned columns on standard output].
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
}

/// The file and format of a table.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    pub(crate) format: Format,
    /// The file, or standard output.
    pub(crate) file: Option<PathBuf>,
}

impl To {
    /// Whether neither option was given.
    pub(crate) fn is_open(&self) -> bool {
        self.out.is_none() && self.format.is_none()
    }

    /// The meaning of both options together.
    pub(crate) fn target(&self) -> Result<Destination> {
        let file = self.out.as_deref().filter(|out| *out != Path::new("-"));
        let Some(file) = file else {
            let format = self.format.unwrap_or(Format::Table);
            if format == Format::Parquet {
                let allowed = "table, csv, json or jsonl on standard output; --out FILE.parquet writes a file";
                return Err(CoreError::range("--format", "parquet", allowed).into());
            }
            return Ok(Destination { format, file: None });
        };
        match (Format::of(file), self.format) {
            (Some(by_suffix), Some(asked)) if by_suffix != asked => {
                let allowed = format!("{}, as --out is {}", by_suffix.name(), file.display());
                Err(CoreError::range("--format", asked.name(), allowed).into())
            }
            (None, Some(format)) => Ok(Destination::file(file, format)),
            _ => Destination::by_suffix(file, "--out"),
        }
    }
}

impl Destination {
    pub(crate) fn file(path: &Path, format: Format) -> Self {
        Self {
            format,
            file: Some(path.to_owned()),
        }
    }

    pub(crate) fn standard(format: Format) -> Self {
        Self { format, file: None }
    }

    /// The file `path`, given by `option`, in the format of its suffix.
    pub(crate) fn by_suffix(path: &Path, option: &str) -> Result<Self> {
        match Format::of(path) {
            Some(format) => Ok(Self::file(path, format)),
            None => {
                let suffixes = FORMATS.map(|(.., suffix)| format!(".{suffix}")).join(", ");
                let allowed = format!("a file that ends in one of {suffixes}");
                Err(CoreError::range(option, path.display(), allowed).into())
            }
        }
    }

    /// Whether a person reads the output, so that other lines may be printed around it.
    pub(crate) fn is_read_here(&self) -> bool {
        self.file.is_none() && self.format == Format::Table
    }
}

/// `path` as the folder into which a command writes several files; the name of a table or a page is refused.
pub(crate) fn folder<'a>(path: &'a Path, option: &str) -> Result<&'a Path> {
    let found = suffix(path);
    let is_file = Format::of(path).is_some() || OTHERS.contains(&found.as_str());
    if is_file && !path.is_dir() {
        let allowed = "the name of a folder: several files are written into it";
        return Err(CoreError::range(option, path.display(), allowed).into());
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(out: &str, format: Option<Format>) -> Result<Destination> {
        let out = (!out.is_empty()).then(|| PathBuf::from(out));
        To { out, format }.target()
    }

    #[test]
    fn the_suffix_says_the_form() {
        for (out, asked, format) in [
            ("a.csv", None, Format::Csv),
            ("a.JSON", None, Format::Json),
            ("a.b/c.parquet", Some(Format::Parquet), Format::Parquet),
            ("a.txt", None, Format::Table),
            ("a.dat", Some(Format::Csv), Format::Csv),
            ("-", None, Format::Table),
            ("", Some(Format::Json), Format::Json),
        ] {
            assert_eq!(target(out, asked).unwrap().format, format, "{out}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_what_can() {
        for (out, asked, part) in [
            (
                "a.csv",
                Some(Format::Json),
                "--format = json: allowed is csv, as --out is a.csv",
            ),
            ("a.dat", None, ".txt, .csv, .json, .jsonl, .parquet"),
            ("fits", None, ".txt, .csv, .json, .jsonl, .parquet"),
            ("", Some(Format::Parquet), "--out FILE.parquet"),
        ] {
            let said = target(out, asked).unwrap_err().to_string();
            assert!(said.contains(part), "{said}");
        }
        assert!(folder(Path::new("got.csv"), "--out").is_err());
        assert!(folder(Path::new("pythia-1.4b"), "--out").is_ok());
    }
}
