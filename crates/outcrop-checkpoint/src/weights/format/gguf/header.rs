//! The header of a GGUF file: metadata by name, and where each tensor lies.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

use serde_json::Value;

use super::super::super::stored::{PACKINGS, Packing, count, read_exact_at};
use crate::DType;

pub(super) const MAGIC: &[u8] = b"GGUF";
/// Bytes that are read at first; more where the header is longer.
const FIRST: u64 = 1 << 20;
/// The longest header that is read: a vocabulary of a million words fits.
const LONGEST: u64 = 256_000_000;
/// Dimensions that ggml allows.
const MAX_RANK: u32 = 4;
/// Members of a list that are kept; longer ones are vocabularies.
const KEPT: u64 = 1024;

/// What a header says.
pub(super) struct Header {
    /// Numbers, truth values, texts and short lists by name; long lists are left out.
    pub(super) metadata: BTreeMap<String, Value>,
    pub(super) tensors: Vec<Info>,
}

/// A tensor of the file, whose place was checked against its length.
pub(super) struct Info {
    pub(super) name: String,
    /// Outermost first, as everywhere but in the file.
    pub(super) shape: Vec<usize>,
    pub(super) dtype: DType,
    /// None for numbers that are stored as they are.
    pub(super) packing: Option<&'static Packing>,
    /// Its first byte in the file.
    pub(super) at: u64,
}

/// Why a header was refused.
enum Fault {
    /// It goes on beyond the bytes that there are.
    CutShort,
    Other(String),
}

type Result<T, E = Fault> = std::result::Result<T, E>;

fn fault<T>(reason: impl Into<String>) -> Result<T> {
    Err(Fault::Other(reason.into()))
}

/// Reads the header of a file of `length` bytes.
///
/// # Errors
/// In words, what is wrong with it.
pub(super) fn read(file: &File, length: u64, path: &Path) -> Result<Header, String> {
    let most = length.min(LONGEST);
    let mut size = FIRST.min(most);
    loop {
        let mut bytes = vec![0; size as usize];
        read_exact_at(file, &mut bytes, 0).map_err(|e| e.to_string())?;
        match (Cursor {
            bytes: &bytes,
            at: 0,
        })
        .header(length)
        {
            Err(Fault::CutShort) if size < most => size = most.min(4 * size),
            Err(Fault::CutShort) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                return Err(format!(
                    "its header ends in the middle, after {size} bytes; it is cut short: fetch {name} again"
                ));
            }
            Err(Fault::Other(reason)) => return Err(reason),
            Ok(header) => return Ok(header),
        }
    }
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn header(mut self, length: u64) -> Result<Header> {
        if self.take(MAGIC.len())? != MAGIC {
            return fault("it does not begin with `GGUF`");
        }
        match self.int::<4>()? as u32 {
            2 | 3 => {}
            version if matches!(version.swap_bytes(), 1..=3) => {
                return fault(
                    "its numbers are big-endian, which is not read; convert it anew on x86 or ARM",
                );
            }
            version => {
                return fault(format!(
                    "it is of version {version}, and 2 and 3 are read; convert the model anew with llama.cpp"
                ));
            }
        }
        let [tensors, pairs] = [self.int::<8>()?, self.int::<8>()?];
        let mut metadata = BTreeMap::new();
        for _ in 0..pairs {
            let key = self.text()?;
            let kind = self.int::<4>()?;
            let value = self.value(kind, &key)?;
            if metadata.insert(key.clone(), value).is_some() {
                return fault(format!("`{key}` stands twice"));
            }
        }
        let mut infos = Vec::new();
        let mut names = BTreeSet::new();
        for _ in 0..tensors {
            let info = self.tensor()?;
            if !names.insert(info.name.clone()) {
                return fault(format!("tensor `{}` stands twice", info.name));
            }
            infos.push(info);
        }
        let alignment = match metadata.get("general.alignment") {
            None => 32,
            Some(given) => match given.as_u64().filter(|n| (1..=1 << 20).contains(n)) {
                Some(given) => given,
                None => return fault(format!("`general.alignment` is {given}")),
            },
        };
        let start = (self.at as u64).next_multiple_of(alignment);
        for info in &mut infos {
            info.place(start, alignment, length)?;
        }
        Ok(Header {
            metadata,
            tensors: infos,
        })
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let end = self
            .at
            .checked_add(n)
            .filter(|end| *end <= self.bytes.len());
        let end = end.ok_or(Fault::CutShort)?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    /// An unsigned little-endian number of `N` bytes, at most 8.
    fn int<const N: usize>(&mut self) -> Result<u64> {
        let bytes = self.take(N)?.iter().rev();
        Ok(bytes.fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn text(&mut self) -> Result<String> {
        let length = usize::try_from(self.int::<8>()?).map_err(|_| Fault::CutShort)?;
        Ok(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    fn value(&mut self, kind: u64, key: &str) -> Result<Value> {
        Ok(match kind {
            0 => self.int::<1>()?.into(),
            1 => (self.int::<1>()? as u8 as i8).into(),
            2 => self.int::<2>()?.into(),
            3 => (self.int::<2>()? as u16 as i16).into(),
            4 => self.int::<4>()?.into(),
            5 => (self.int::<4>()? as u32 as i32).into(),
            6 => decimal(f32::from_bits(self.int::<4>()? as u32)),
            7 => (self.int::<1>()? != 0).into(),
            8 => self.text()?.into(),
            9 => self.list(key)?,
            10 => self.int::<8>()?.into(),
            11 => (self.int::<8>()? as i64).into(),
            12 => f64::from_bits(self.int::<8>()?).into(),
            _ => return fault(format!("`{key}` is of the type {kind}, which is not known")),
        })
    }

    fn list(&mut self, key: &str) -> Result<Value> {
        let kind = self.int::<4>()?;
        let members = self.int::<8>()?;
        let width = match kind {
            0 | 1 | 7 => Some(1),
            2 | 3 => Some(2),
            4..=6 => Some(4),
            10..=12 => Some(8),
            8 => None,
            9 => return fault(format!("`{key}` is a list of lists")),
            _ => {
                return fault(format!(
                    "`{key}` is a list of the type {kind}, which is not known"
                ));
            }
        };
        if members <= KEPT {
            let list: Result<Vec<Value>> = (0..members).map(|_| self.value(kind, key)).collect();
            return Ok(list?.into());
        }
        match width {
            Some(width) => {
                let bytes = members
                    .checked_mul(width)
                    .and_then(|n| usize::try_from(n).ok());
                self.take(bytes.ok_or(Fault::CutShort)?)?;
            }
            None => {
                for _ in 0..members {
                    let length = usize::try_from(self.int::<8>()?).map_err(|_| Fault::CutShort)?;
                    self.take(length)?;
                }
            }
        }
        Ok(Value::Null)
    }

    fn tensor(&mut self) -> Result<Info> {
        let name = self.text()?;
        let rank = self.int::<4>()? as u32;
        if rank > MAX_RANK {
            return fault(format!("tensor `{name}` has {rank} dimensions"));
        }
        let mut shape = Vec::new();
        for _ in 0..rank {
            let extent = self.int::<8>()?;
            let extent = usize::try_from(extent).or_else(|_| fault(too_large(&name)))?;
            shape.push(extent);
        }
        shape.reverse();
        let (dtype, packing) = of_type(self.int::<4>()? as u32, &name)?;
        Ok(Info {
            name,
            shape,
            dtype,
            packing,
            at: self.int::<8>()?,
        })
    }
}

impl Info {
    /// Turns its offset in the data into its place in the file.
    fn place(&mut self, start: u64, alignment: u64, length: u64) -> Result<()> {
        let name = &self.name;
        let elements = count(&self.shape).ok_or_else(|| Fault::Other(too_large(name)))?;
        let (block, bytes) = match self.packing {
            None => (1, self.dtype.size()),
            Some(packing) => (packing.elements, packing.bytes),
        };
        if !self
            .shape
            .last()
            .copied()
            .unwrap_or(1)
            .is_multiple_of(block)
        {
            return fault(format!(
                "tensor `{name}` of shape {:?} has rows that are no whole blocks of {block}",
                self.shape
            ));
        }
        if !self.at.is_multiple_of(alignment) {
            return fault(format!(
                "tensor `{name}` begins at {}, which is not aligned",
                self.at
            ));
        }
        let bytes = (elements as u64 / block as u64).checked_mul(bytes as u64);
        let at = start.checked_add(self.at);
        let end = at.zip(bytes).and_then(|(at, bytes)| at.checked_add(bytes));
        match (at, end) {
            (Some(at), Some(end)) if end <= length => {
                self.at = at;
                Ok(())
            }
            _ => fault(format!(
                "tensor `{name}` of shape {:?} reaches beyond the file of {length} bytes, which is cut short",
                self.shape
            )),
        }
    }
}

fn too_large(name: &str) -> String {
    format!("tensor `{name}` has more elements than there are numbers for")
}

/// How numbers of a type of ggml are read.
fn of_type(id: u32, name: &str) -> Result<(DType, Option<&'static Packing>)> {
    let plain = match id {
        0 => Some(DType::F32),
        1 => Some(DType::F16),
        24 => Some(DType::I8),
        25 => Some(DType::I16),
        26 => Some(DType::I32),
        27 => Some(DType::I64),
        28 => Some(DType::F64),
        30 => Some(DType::BF16),
        _ => None,
    };
    if let Some(dtype) = plain {
        return Ok((dtype, None));
    }
    match PACKINGS.iter().find(|packing| packing.id == id) {
        Some(packing) => Ok((DType::F32, Some(packing))),
        None => {
            let known: Vec<_> = PACKINGS.iter().map(|packing| packing.name).collect();
            fault(format!(
                "tensor `{name}` is of ggml's type {id}{}; read are F32, F16, BF16, F64, {}: take such a file \
                 of the model, or the safetensors from which it was made",
                OTHERS
                    .iter()
                    .find(|(other, _)| *other == id)
                    .map_or_else(String::new, |(_, word)| format!(" ({word})")),
                known.join(", ")
            ))
        }
    }
}

/// Types that are not read, by name.
const OTHERS: [(u32, &str); 16] = [
    (9, "Q8_1"),
    (10, "Q2_K"),
    (11, "Q3_K"),
    (15, "Q8_K"),
    (16, "IQ2_XXS"),
    (17, "IQ2_XS"),
    (18, "IQ3_XXS"),
    (19, "IQ1_S"),
    (20, "IQ4_NL"),
    (21, "IQ3_S"),
    (22, "IQ2_S"),
    (23, "IQ4_XS"),
    (29, "IQ1_M"),
    (34, "TQ1_0"),
    (35, "TQ2_0"),
    (39, "MXFP4"),
];

/// The shortest decimal of an f32, which was 1e-5 and no 9.99999975e-6 where it came from.
fn decimal(number: f32) -> Value {
    let shortest = number.to_string().parse::<f64>();
    shortest.unwrap_or(f64::from(number)).into()
}
