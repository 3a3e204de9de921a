//! Shards as llm.c writes them (`dev/data/data_common.py`): 256 words of 32 bits (magic number, version,
//! count of ids), then the ids.

use super::dtype::DType;
use super::{Layout, Shape};

const HEADER: u64 = 1024;

/// What magic numbers say of the ids.
const MAGIC: [(u32, DType); 2] = [(20_240_520, DType::U16), (20_240_801, DType::U32)];

/// Files of llm.c that hold no stream of ids.
const OTHERS: [(u32, &str); 3] = [
    (20_240_522, "questions of an evaluation"),
    (20_240_326, "the weights of a model"),
    (20_240_327, "the state of a model for debugging"),
];

/// Where the ids are, in a file of `length` bytes that begins as llm.c's do; the error is the reason why
/// there are none.
pub(super) fn layout(start: &[u8], length: u64) -> Option<Result<Layout, String>> {
    let word = |i: usize| {
        let bytes = start.get(4 * i..4 * i + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    };
    let (magic, count) = (word(0)?, word(2));
    if let Some((_, what)) = OTHERS.iter().find(|(known, _)| *known == magic) {
        return Some(Err(format!(
            "it is a file of llm.c with {what}, not with tokens"
        )));
    }
    let (_, dtype) = MAGIC.iter().find(|(known, _)| *known == magic)?;
    let count = u64::from(count.unwrap_or(0));
    let bytes = HEADER + count * dtype.size() as u64;
    if bytes != length {
        return Some(Err(format!(
            "its header is llm.c's and counts {count} {} ids, which makes {bytes} bytes, and it has \
             {length}; was it cut short?",
            dtype.name()
        )));
    }
    Some(Ok(Layout {
        start: HEADER,
        dtype: *dtype,
        shape: Shape::Stream(count),
        stated: Some("llm.c's header".into()),
    }))
}
