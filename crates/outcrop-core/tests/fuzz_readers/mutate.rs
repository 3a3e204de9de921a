//! What may happen to a file.

use proptest::prelude::*;

#[derive(Clone, Debug)]
pub(crate) enum Mutation {
    /// The bits of the second number are flipped in the byte at the first.
    Flip(usize, u8),
    /// Everything from there on is lost.
    Truncate(usize),
    /// Bytes are put in there.
    Insert(usize, Vec<u8>),
    /// As many bytes are lost there.
    Remove(usize, usize),
    /// As many bytes stand there twice.
    Repeat(usize, usize),
}

/// What trips readers.
const TRAPS: [&[u8]; 30] = [
    b",",
    b"\"",
    b"\"\"",
    b"\0",
    b"\n",
    b"\r\n",
    b"\r",
    b"\xEF\xBB\xBF",
    b"\xFF\xFE",
    b"-",
    b".",
    b"e",
    b"1e400",
    b"-1e400",
    b"99999999999999999999999999",
    b"18446744073709551615",
    b"9007199254740993",
    b"4294967296",
    b"nan",
    b"Infinity",
    b"NaN",
    b"...",
    b"[",
    b"]",
    b"{",
    b"null",
    b"\\",
    b"model,layer,step,ratio,sem\n",
    b";",
    b"\xCE\xBB",
];

/// A few changes in sequence.
pub(crate) fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let at = || any::<usize>();
    let trap = prop::sample::select(TRAPS.to_vec());
    let one = prop_oneof![
        3 => (at(), 1..=255u8).prop_map(|(at, bits)| Mutation::Flip(at, bits)),
        1 => at().prop_map(Mutation::Truncate),
        6 => (at(), trap, 1..4usize).prop_map(|(at, t, n)| Mutation::Insert(at, t.repeat(n))),
        2 => (at(), 1..40usize).prop_map(|(at, n)| Mutation::Remove(at, n)),
        2 => (at(), 1..200usize).prop_map(|(at, n)| Mutation::Repeat(at, n)),
    ];
    prop::collection::vec(one, 1..6)
}

/// Changes `bytes`; places count round, so that each is in them.
pub(crate) fn apply(mutation: &Mutation, bytes: &mut Vec<u8>) {
    let within = |at: usize| at % (bytes.len() + 1);
    let piece = |at: usize, n: usize| within(at)..(within(at) + n).min(bytes.len());
    match mutation {
        Mutation::Flip(at, bits) => {
            let at = within(*at);
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= bits;
            }
        }
        Mutation::Truncate(at) => bytes.truncate(within(*at)),
        Mutation::Insert(at, what) => {
            let at = within(*at);
            bytes.splice(at..at, what.iter().copied());
        }
        Mutation::Remove(at, n) => {
            bytes.drain(piece(*at, *n));
        }
        Mutation::Repeat(at, n) => {
            let piece = piece(*at, *n);
            let again = bytes[piece.clone()].to_vec();
            bytes.splice(piece.start..piece.start, again);
        }
    }
}
