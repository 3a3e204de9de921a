//! Whether ids were read by halves: ids of 32 or 64 bits, taken for shorter ones, are every second time
//! nothing, or a number as small as their upper half.

/// Upper halves of ids end here: a vocabulary of 2^20.
const HIGHEST: u64 = 15;
/// Lower halves beyond [`HIGHEST`], and none among the upper ones, that tell a large vocabulary from chance.
const TELLING: usize = 8;

/// What makes words of `size` bytes look as halves of longer ids: each second word is 0 and not all are, or only
/// every second word is ever above 15. None if they do not, as words of 8 bytes never do.
pub(super) fn halves(bytes: &[u8], size: usize) -> Option<String> {
    if size > 4 {
        return None;
    }
    let words: Vec<u64> = bytes.chunks_exact(size).map(word).collect();
    let (low, high): (Vec<u64>, Vec<u64>) =
        words.chunks_exact(2).map(|pair| (pair[0], pair[1])).unzip();
    let negative = (1u64 << (8 * size)) - 1;
    let some = high.len() > 1 && low.iter().any(|word| *word != 0);
    let telling = low.iter().filter(|word| **word > HIGHEST).count() >= TELLING;
    let bits = 8 * size;
    if some && high.iter().all(|word| *word == 0) {
        let fourth = size == 2 && low.len() > 3 && low.chunks_exact(2).all(|pair| pair[1] == 0);
        let (every, longer) = if fourth {
            ("three of four", 64)
        } else {
            ("every second", 2 * bits)
        };
        return Some(format!(
            "{every} of its words of {bits} bits are 0, as in ids of {longer} bits"
        ));
    }
    let upper = |word: &u64| *word <= HIGHEST || *word == negative;
    (telling && high.iter().all(upper)).then(|| {
        format!(
            "every second of its words of {bits} bits is below {}, as the upper halves of ids of {} bits are",
            HIGHEST + 1,
            2 * bits
        )
    })
}

fn word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b))
}
