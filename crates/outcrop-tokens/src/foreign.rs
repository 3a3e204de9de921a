//! Files that hold neither token ids nor text as they are, known by their beginning or their name.

use std::path::Path;

/// A kind of file that is refused by name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Foreign {
    /// The kind of the file, in words.
    pub(crate) what: &'static str,
    /// What its user can do.
    pub(crate) way_out: &'static str,
}

const COLUMN: &str = "write its column of text as JSON lines, with pandas: \
                      frame.to_json(\"docs.jsonl\", orient=\"records\", lines=True)";
const UNPACK: &str = "unpack it, and give what was in it";
const UTF8: &str = "save it as UTF-8: iconv -f UTF-16 -t UTF-8";
const IDS: &str = "give token ids with --tokens";
const BIN: &str = "give the .bin beside it with --tokens";
const TEXT_OF_IT: &str = "extract its text, and give that";
const RECORDS: &str = "take the record separators out: tr -d '\\036'";
const OTHER: &str = "give a file of token ids or of text";

/// Signatures of binary files: offset, bytes, kind, way out.
const BINARY: [(usize, &[u8], &str, &str); 24] = [
    (0, b"PAR1", "a Parquet file", COLUMN),
    (0, b"ARROW1", "an Arrow file", COLUMN),
    (0, b"FEA1", "a Feather file", COLUMN),
    (0, b"Obj\x01", "an Avro file", COLUMN),
    (0, b"SQLite format 3\0", "an SQLite database", COLUMN),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file", COLUMN),
    (
        0,
        b"PK\x03\x04",
        "a zip archive (.npz, .docx, .xlsx, and PyTorch's .pt and .bin, are such)",
        UNPACK,
    ),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (0, b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (257, b"ustar", "a tar archive", UNPACK),
    (0, b"\xfd7zXZ\0", "compressed by xz", "decompress it: xz -d"),
    (
        0,
        b"\x1f\x8b\x08\x00",
        "compressed by gzip",
        "decompress it: gzip -d",
    ),
    (
        0,
        b"\x1f\x8b\x08\x08",
        "compressed by gzip",
        "decompress it: gzip -d",
    ),
    (
        0,
        b"\x28\xb5\x2f\xfd",
        "compressed by Zstandard",
        "decompress it: zstd -d",
    ),
    (
        4,
        b"1AY&SY",
        "compressed by bzip2",
        "decompress it: bzip2 -d",
    ),
    (
        0,
        b"\x04\x22\x4d\x18",
        "compressed by lz4",
        "decompress it: lz4 -d",
    ),
    (0, b"\xff\xfe", "text in UTF-16", UTF8),
    (0, b"\xfe\xff", "text in UTF-16", UTF8),
    (0, b"\x93NUMPY", "a NumPy array", IDS),
    (0, b"MMIDIDX\0\0", "the index of Megatron's token ids", BIN),
    (0, b"TNTIDX\0\0", "the index of fairseq's token ids", BIN),
    (0, b"GGUF", "a GGUF model", OTHER),
    (0, b"\x80\x04\x95", "a Python pickle", OTHER),
    (0, b"\x89PNG\r\n\x1a\n", "a picture (PNG)", OTHER),
];

/// What files begin with that are ASCII, and yet no prose.
const ASCII: [(&[u8], &str, &str); 3] = [
    (b"\x1e{", "a JSON text sequence", RECORDS),
    (b"%PDF-", "a PDF", TEXT_OF_IT),
    (b"{\\rtf", "rich text (RTF)", TEXT_OF_IT),
];

/// Names of tables, which text in columns has alone.
const TABLES: [(&str, &str); 8] = [
    ("csv", "a table (CSV)"),
    ("tsv", "a table (TSV)"),
    ("parquet", "a table (Parquet)"),
    ("arrow", "a table (Arrow)"),
    ("feather", "a table (Feather)"),
    ("orc", "a table (ORC)"),
    ("xls", "a spreadsheet"),
    ("xlsx", "a spreadsheet"),
];

/// Beginnings shorter than this are left to chance among token ids.
const CERTAIN: usize = 4;

/// The kind of a binary file by its first bytes, if known.
pub(crate) fn binary(start: &[u8]) -> Option<Foreign> {
    of_length(start, 1)
}

/// As [`binary`], for bytes that may be token ids.
pub(crate) fn no_ids(start: &[u8]) -> Option<Foreign> {
    of_length(start, CERTAIN)
}

fn of_length(start: &[u8], least: usize) -> Option<Foreign> {
    let begins = |at: usize, magic: &[u8]| {
        let there = start.get(at..).is_some_and(|rest| rest.starts_with(magic));
        there && magic.len() >= least
    };
    let found = BINARY.iter().find(|(at, magic, ..)| begins(*at, magic));
    found.map(|(_, _, what, way_out)| Foreign { what, way_out })
}

/// What text that is no prose is, by its beginning or its name, if it is known.
pub(crate) fn no_prose(path: &Path, start: &[u8]) -> Option<Foreign> {
    let begun = ASCII.iter().find(|(magic, ..)| start.starts_with(magic));
    if let Some((_, what, way_out)) = begun {
        return Some(Foreign { what, way_out });
    }
    let ending = path.extension()?.to_str()?;
    let table = TABLES
        .iter()
        .find(|(name, _)| ending.eq_ignore_ascii_case(name));
    table.map(|(_, what)| Foreign {
        what,
        way_out: COLUMN,
    })
}
