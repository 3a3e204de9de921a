//! The index that Megatron-LM, GPT-NeoX and NeMo put beside a `.bin` of ids: the type of the ids, and the length
//! and the place of every sequence.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::dtype::DType;
use super::{Layout, Shape};
use crate::{Error, Result};

const MAGIC: &[u8; 9] = b"MMIDIDX\0\0";
/// Magic, version, type, number of sequences, number of documents.
const HEADER: u64 = 34;

/// The types by their number; what is no integer, or signed with 8 bits, holds no ids.
const TYPES: [(u8, &str, Option<DType>); 8] = [
    (1, "uint8", Some(DType::U8)),
    (2, "int8", None),
    (3, "int16", Some(DType::I16)),
    (4, "int32", Some(DType::I32)),
    (5, "int64", Some(DType::I64)),
    (6, "a float", None),
    (7, "a float", None),
    (8, "uint16", Some(DType::U16)),
];

/// The index beside `bin`, if there is one.
pub(super) fn beside(bin: &Path) -> Option<PathBuf> {
    let ends = bin.extension()?.eq_ignore_ascii_case("bin");
    Some(bin.with_extension("idx")).filter(|index| ends && index.is_file())
}

/// Where the ids of a `.bin` of `length` bytes are, by its index; none if that is another program's.
pub(super) fn layout(index: &Path, length: u64) -> Result<Option<Layout>> {
    let io = |source| outcrop_core::Error::io("read", index, source);
    let refused = |reason: String| Error::Ids {
        path: index.to_owned(),
        reason,
    };
    let mut file = File::open(index).map_err(io)?;
    let size = file.metadata().map_err(io)?.len();
    let mut start = Vec::new();
    (&mut file).take(1024).read_to_end(&mut start).map_err(io)?;
    outcrop_core::refuse_lfs_pointer(index, &start)?;
    let Some(rest) = start.strip_prefix(MAGIC) else {
        return Ok(None);
    };
    let (dtype, sequences) = header(rest, size).map_err(refused)?;
    let lengths = HEADER;
    let places = lengths + 4 * sequences;
    let open = |at: u64| -> std::io::Result<BufReader<File>> {
        let mut file = File::open(index)?;
        file.seek(SeekFrom::Start(at))?;
        Ok(BufReader::new(file))
    };
    let (mut lengths, mut places) = (open(lengths).map_err(io)?, open(places).map_err(io)?);
    let mut end = 0u64;
    for sequence in 0..sequences {
        let (mut length, mut place) = ([0; 4], [0; 8]);
        lengths.read_exact(&mut length).map_err(io)?;
        places.read_exact(&mut place).map_err(io)?;
        let (ids, place) = (i32::from_le_bytes(length), i64::from_le_bytes(place));
        let next = u64::try_from(ids)
            .ok()
            .map(|ids| end + ids * dtype.size() as u64);
        match next.filter(|_| u64::try_from(place) == Ok(end)) {
            Some(next) => end = next,
            None => {
                return Err(refused(format!(
                    "sequence {sequence} has {ids} ids at byte {place}, and byte {end} is where the one before \
                     it ends; sequences are read in their order in the file"
                )));
            }
        }
    }
    if end != length {
        return Err(refused(format!(
            "its sequences make {end} bytes, and the .bin beside it has {length}; was one of both cut short?"
        )));
    }
    Ok(Some(Layout {
        start: 0,
        dtype,
        shape: Shape::Stream(end / dtype.size() as u64),
        stated: Some(index.display().to_string()),
    }))
}

/// The type of the ids and the number of sequences, by what follows the magic.
fn header(rest: &[u8], size: u64) -> Result<(DType, u64), String> {
    let word = |at: usize| {
        let bytes = rest.get(at..at + 8).and_then(|b| b.try_into().ok());
        bytes
            .map(u64::from_le_bytes)
            .ok_or("it ends within its header")
    };
    let (version, sequences, documents) = (word(0)?, word(9)?, word(17)?);
    if version != 1 {
        return Err(format!("version {version} of Megatron's index is unknown"));
    }
    let code = rest.get(8).copied().unwrap_or(0);
    let found = TYPES.iter().find(|(known, ..)| *known == code);
    let (_, name, dtype) = found.ok_or_else(|| format!("type {code} of ids is unknown"))?;
    let dtype = dtype.ok_or_else(|| format!("it says that its ids are of {name}"))?;
    let needed = (sequences.checked_mul(12))
        .zip(documents.checked_mul(8))
        .and_then(|(a, b)| a.checked_add(b)?.checked_add(HEADER));
    match needed.filter(|needed| *needed <= size) {
        Some(_) => Ok((dtype, sequences)),
        None => Err(format!(
            "its header counts {sequences} sequences and {documents} documents, more than its {size} bytes hold"
        )),
    }
}
