//! What `torch.save` wrote before PyTorch 1.6, and writes on request: pickles one after another
//! (a number, a version, the system, what was saved, the keys of storages), and then the storages,
//! each after the number of its elements.

use std::collections::HashMap;
use std::fs::File;

use serde_json::Value;

use super::super::stored::read_exact_at;
use super::MAX_PICKLE;
use crate::pickle::{Machine, Refusal, StateDict, find_model, items, key_of, plain, storages};

/// How such a file begins, a pickle of one number, in protocols 0 and 1, and in 2 and later ones behind what
/// names the protocol.
const NUMBER: [&[u8]; 2] = [
    b"L119547037146038801333356L\n.",
    b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.",
];
/// Bytes of the frame in which protocol 4 and later ones lay it.
const FRAME: usize = 9;
/// Pickles before that of what was saved.
const BEFORE: usize = 3;
/// Bytes that are read at first; more where the pickles are longer.
const FIRST: u64 = 1 << 20;

/// First byte and bytes of each storage, by key.
type Places = HashMap<String, (u64, u64)>;

/// Whether a file begins so.
pub(super) fn begins(head: &[u8]) -> bool {
    let [text, binary] = NUMBER;
    let rest = match head {
        [0x80, 4 | 5, 0x95, ..] => head.get(2 + FRAME..).unwrap_or_default(),
        [0x80, 2 | 3, rest @ ..] => rest,
        _ => return head.starts_with(text),
    };
    rest.starts_with(binary)
}

/// The model in a file of `length` bytes, what is said beside it, and where its storages lie.
pub(super) fn read(
    file: &File,
    length: u64,
    is_shard: bool,
) -> Result<(StateDict, Value, Places), Refusal> {
    let most = length.min(MAX_PICKLE);
    let mut size = FIRST.min(most);
    loop {
        let mut bytes = vec![0; size as usize];
        read_exact_at(file, &mut bytes, 0).map_err(|e| Refusal::Other(e.to_string()))?;
        match pickles(&bytes, (file, length), is_shard) {
            Err(Refusal::CutShort) if size < most => size = most.min(4 * size),
            read => return read,
        }
    }
}

fn pickles(
    bytes: &[u8],
    (file, length): (&File, u64),
    is_shard: bool,
) -> Result<(StateDict, Value, Places), Refusal> {
    let mut at = 0;
    for _ in 0..BEFORE {
        let mut machine = Machine::new(&bytes[at..]);
        machine.run()?;
        at += machine.read();
    }
    let mut saved = Machine::new(&bytes[at..]);
    let root = saved.run()?;
    at += saved.read();
    let mut keys = Machine::new(&bytes[at..]);
    let list = keys.run()?;
    at += keys.read();
    let lengths = storages(&saved)?;
    let mut places = Places::new();
    let mut at = at as u64;
    for key in items(&keys, list)? {
        let key = key_of(&keys, *key)?;
        let unknown = || Refusal::Other(format!("no tensor is in its storage `{key}`"));
        let (bytes, size) = *lengths.get(&key).ok_or_else(unknown)?;
        let end = at.checked_add(8).and_then(|at| at.checked_add(bytes));
        if end.is_none_or(|end| end > length) {
            let reason = format!("its storage `{key}` reaches beyond the file, which is cut short");
            return Err(Refusal::Other(reason));
        }
        let mut elements = [0; 8];
        read_exact_at(file, &mut elements, at).map_err(|e| Refusal::Other(e.to_string()))?;
        if u64::from_le_bytes(elements).checked_mul(size) != Some(bytes) {
            let reason =
                format!("its storage `{key}` has not the {bytes} bytes that its pickle says");
            return Err(Refusal::Other(reason));
        }
        at += 8;
        places.insert(key, (at, bytes));
        at += bytes;
    }
    let model = find_model(&saved, root, is_shard)?;
    Ok((model, plain(&saved, root), places))
}
