//! Whether ids were read by halves: ids of 32 or 64 bits, taken for shorter ones, are every second time
//! nothing, or a number as small as their upper half.

/// Upper halves of ids end here: a vocabulary of 2^20.
const HIGHEST: u64 = 15;
/// Lower halves beyond [`HIGHEST`], and none among the upper ones, that tell a large vocabulary from chance.
const TELLING: usize = 8;
/// In files of so many words, one of [`EXCEPTIONS`] may be no half: those of a header that is not known.
const LONG: usize = 1024;
const EXCEPTIONS: usize = 64;

/// What makes words of `size` bytes look as halves of longer ids: each second word is 0 and the others mostly are
/// not, or only every second word is ever above 15. None if they do not, as words of 8 bytes never do.
pub(super) fn halves(bytes: &[u8], size: usize) -> Option<String> {
    if size > 4 {
        return None;
    }
    let words: Vec<u64> = bytes.chunks_exact(size).map(word).collect();
    let (low, high): (Vec<u64>, Vec<u64>) =
        words.chunks_exact(2).map(|pair| (pair[0], pair[1])).unzip();
    let bits = 8 * size;
    if nothing(&high, &low) {
        let (every, longer) = match longer(&low, &high, size) {
            64 if size == 2 => ("three of four", 64),
            longer => ("every second", longer),
        };
        return Some(format!(
            "{every} of its words of {bits} bits are 0, as in ids of {longer} bits"
        ));
    }
    if nothing(&low, &high) {
        return Some(format!(
            "every second of its words of {bits} bits, from the first on, is 0, as in ids of {} bits with the \
             highest byte first, which a.astype(\"<i4\") of NumPy turns round",
            2 * bits
        ));
    }
    let negative = (1u64 << bits) - 1;
    let telling = low.iter().filter(|word| **word > HIGHEST).count() >= TELLING;
    let upper = |word: &u64| *word <= HIGHEST || *word == negative;
    (telling && high.iter().all(upper)).then(|| {
        format!(
            "every second of its words of {bits} bits is below {}, as the upper halves of ids of {} bits are",
            HIGHEST + 1,
            longer(&low, &high, size)
        )
    })
}

/// Whether all of `halves` are 0, but for a few in a long file, and `others` are not.
fn nothing(halves: &[u64], others: &[u64]) -> bool {
    let some = |words: &[u64]| words.iter().filter(|word| **word != 0).count();
    let (here, there) = (some(halves), some(others));
    let allowed = match halves.len() {
        LONG.. => halves.len() / EXCEPTIONS,
        _ => 0,
    };
    halves.len() > 1 && here <= allowed && there > 2 * here
}

/// The bits of the ids of which these words are the halves, or the quarters.
fn longer(low: &[u64], high: &[u64], size: usize) -> usize {
    let none = |words: &[u64]| words.chunks_exact(2).all(|pair| pair[1] == 0);
    match size == 2 && low.len() > 3 && none(low) && none(high) {
        true => 64,
        false => 16 * size,
    }
}

fn word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b))
}
