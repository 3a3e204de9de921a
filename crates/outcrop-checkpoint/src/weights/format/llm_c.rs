//! What llm.c writes: a header of 256 numbers, then the tensors of GPT-2 one after another.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::super::layout::{Format, Layout, Place};
use super::super::opened::Opened;
use super::super::stored::{Source, Stored, TensorInfo, count, read_exact_at};
use super::super::trainers::{Gpt2, Tensors};
use crate::{DType, Error, Result};

pub(super) static LLM_C: Format = Format {
    name: "weights of llm.c",
    is,
    layout,
    open,
    says_config: true,
};

const MAGIC: u32 = 20_240_326;
const HEADER: usize = 256;
const WORDS: &str = "transformer.wte.weight";

/// In a folder they are found by file, as each step is one.
fn is(place: &Place<'_>) -> bool {
    let begins = |path: &Path| {
        let mut head = [0; 4];
        File::open(path).is_ok_and(|mut file| file.read_exact(&mut head).is_ok())
            && u32::from_le_bytes(head) == MAGIC
    };
    place.file().is_some_and(begins)
}

fn layout(place: &Place<'_>) -> Result<Layout> {
    Ok(Layout::single(place.path, &LLM_C))
}

fn open(layout: &Layout) -> Result<Opened> {
    let Some(path) = layout.files.first() else {
        return Ok(Opened::default());
    };
    let refused = |reason: String| Error::Format {
        path: path.clone(),
        format: LLM_C.name,
        reason,
    };
    let io = |e| Error::io("read", path, e);
    let file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    let mut bytes = vec![0; 4 * HEADER];
    if length < bytes.len() as u64 {
        return Err(refused(format!(
            "{length} bytes are too few for its header"
        )));
    }
    read_exact_at(&file, &mut bytes, 0).map_err(io)?;
    let header = bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| u32::from_le_bytes(*bytes) as usize);
    let header: Vec<usize> = header.collect();
    let dtype = match header[1] {
        3 => DType::F32,
        5 => DType::BF16,
        other => {
            let reason = format!("it is of version {other}; 3 (f32) and 5 (bf16) are read");
            return Err(refused(reason));
        }
    };
    let gpt2 = Gpt2 {
        context: header[2],
        layers: header[4],
        heads: header[5],
        d_model: header[6],
        vocab: header[3],
        bias: true,
        tanh: true,
    };
    let tensors = tensors(&gpt2, header[7], dtype, path, length).map_err(refused)?;
    let model = gpt2.model(&tensors).map_err(refused)?;
    Ok(Opened {
        files: vec![(path.clone(), file)],
        tensors: model.tensors.into_iter().collect(),
        config: Some(model.config),
        ..Opened::default()
    })
}

/// The tensors under nanoGPT's names, those of all layers together. Words are padded to `padded` there, which its loss
/// leaves out.
fn tensors(
    of: &Gpt2,
    padded: usize,
    dtype: DType,
    path: &Path,
    length: u64,
) -> Result<Tensors, String> {
    let Some(padding) = padded.checked_sub(of.vocab) else {
        let vocab = of.vocab;
        return Err(format!("its header says {vocab} words, padded to {padded}"));
    };
    let d = of.d_model;
    let times = |n: usize| {
        d.checked_mul(n)
            .ok_or("its header has numbers that are too large")
    };
    let (three, four) = (times(3)?, times(4)?);
    let blocks: [(&str, &[usize]); 12] = [
        ("ln_1.weight", &[d]),
        ("ln_1.bias", &[d]),
        ("attn.c_attn.weight", &[three, d]),
        ("attn.c_attn.bias", &[three]),
        ("attn.c_proj.weight", &[d, d]),
        ("attn.c_proj.bias", &[d]),
        ("ln_2.weight", &[d]),
        ("ln_2.bias", &[d]),
        ("mlp.c_fc.weight", &[four, d]),
        ("mlp.c_fc.bias", &[four]),
        ("mlp.c_proj.weight", &[d, four]),
        ("mlp.c_proj.bias", &[d]),
    ];
    let mut cursor = Cursor {
        at: 4 * HEADER as u64,
        length,
        dtype,
        path,
        tensors: Tensors::new(),
    };
    cursor.add(WORDS.into(), &[padded, d])?;
    cursor.add("transformer.wpe.weight".into(), &[of.context, d])?;
    for (name, shape) in blocks {
        for layer in 0..of.layers {
            cursor.add(format!("transformer.h.{layer}.{name}"), shape)?;
        }
    }
    cursor.add("transformer.ln_f.weight".into(), &[d])?;
    cursor.add("transformer.ln_f.bias".into(), &[d])?;
    if cursor.at != length {
        let asked = cursor.at;
        return Err(format!(
            "its header asks for {asked} bytes, and it has {length}"
        ));
    }
    let mut tensors = cursor.tensors;
    if let Some(words) = tensors.get_mut(WORDS) {
        *words = words.cut(1, &[of.vocab, padding], 0)?;
    }
    Ok(tensors)
}

/// The place of the next tensor.
struct Cursor<'a> {
    at: u64,
    length: u64,
    dtype: DType,
    path: &'a Path,
    tensors: Tensors,
}

impl Cursor<'_> {
    fn add(&mut self, name: String, shape: &[usize]) -> Result<(), String> {
        let bytes = count(shape).and_then(|n| n.checked_mul(self.dtype.size()));
        let end = bytes.and_then(|bytes| self.at.checked_add(bytes as u64));
        // an empty tensor would let a header ask for layers without end
        let fits =
            bytes.is_some_and(|bytes| bytes > 0) && end.is_some_and(|end| end <= self.length);
        let (Some(bytes), Some(end), true) = (bytes, end, fits) else {
            let held = self.length;
            return Err(format!(
                "tensor `{name}` of shape {shape:?} is not in its {held} bytes; it is cut short"
            ));
        };
        let info = TensorInfo {
            shape: shape.to_vec(),
            dtype: self.dtype,
            file: self.path.into(),
            bytes: bytes as u64,
        };
        let source = Source::Run {
            file: 0,
            at: self.at,
            packing: None,
        };
        self.tensors.insert(name, Stored { info, source });
        self.at = end;
        Ok(())
    }
}
