//! Files that are almost right, for tests of readers: drawn changes of bytes, of text and of JSON.
//!
//! ```
//! use mutation::{mutate, mutations};
//! use proptest::prelude::*;
//!
//! proptest!(|(changes in mutations())| {
//!     let mut bytes = b"a file of 24 bytes, whole".to_vec();
//!     mutate(&mut bytes, &changes);
//!     // a reader returns `Ok` or `Err`, without a panic
//! });
//! ```

pub mod json;

use proptest::prelude::*;

/// A change of a file. Places count round and round, so that each is in the file, or at its end.
#[derive(Clone, Debug)]
pub enum Mutation {
    /// A byte is set.
    Set(usize, u8),
    /// The bits of the number that are 1 are flipped in a byte.
    Flip(usize, u8),
    /// As many of the number's bytes as the width says are written over what is there, lowest first.
    Number(usize, u64, usize),
    /// Bytes are inserted.
    Insert(usize, Vec<u8>),
    /// So many bytes are lost.
    Remove(usize, usize),
    /// So many bytes from the first place are inserted at the second.
    Copy(usize, usize, usize),
    /// Everything from there on is lost.
    Cut(usize),
}

/// What trips readers of text.
const TRAPS: [&[u8]; 32] = [
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
    b"9",
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
    b"}",
    b"null",
    b"\\",
    b"model,layer,step,ratio,sem\n",
    b";",
    b"\xCE\xBB",
];

/// Numbers at which sizes and offsets go wrong.
pub fn edge() -> impl Strategy<Value = u64> {
    prop_oneof![
        (0u32..64, -2i64..3).prop_map(|(bit, near)| (1u64 << bit).wrapping_add_signed(near)),
        Just(u64::MAX),
        any::<u64>(),
        0u64..300,
    ]
}

/// One to five changes of any file.
pub fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let one = prop_oneof![
        9 => bytes(),
        4 => (at(), edge(), prop::sample::select(vec![1usize, 2, 4, 8]))
            .prop_map(|(at, number, width)| Mutation::Number(at, number, width)),
        1 => (at(), prop::collection::vec(any::<u8>(), 1..20))
            .prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        4 => pieces(),
    ];
    prop::collection::vec(one, 1..6)
}

/// One to five changes of a file of text: most of them insert what trips readers.
pub fn text_mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let trap = prop_oneof![
        5 => (prop::sample::select(TRAPS.to_vec()), 1..4usize).prop_map(|(trap, n)| trap.repeat(n)),
        1 => edge().prop_map(|number| number.to_string().into_bytes()),
    ];
    let one = prop_oneof![
        3 => bytes(),
        6 => (at(), trap).prop_map(|(at, trap)| Mutation::Insert(at, trap)),
        5 => pieces(),
    ];
    prop::collection::vec(one, 1..6)
}

fn at() -> impl Strategy<Value = usize> {
    any::<usize>()
}

/// Single bytes.
fn bytes() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        2 => (at(), any::<u8>()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        1 => (at(), 1..=255u8).prop_map(|(at, bits)| Mutation::Flip(at, bits)),
    ]
}

/// Pieces that are lost or stand twice.
fn pieces() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        2 => (at(), 1..40usize).prop_map(|(at, n)| Mutation::Remove(at, n)),
        1 => (at(), at(), 1..60usize).prop_map(|(from, to, n)| Mutation::Copy(from, to, n)),
        1 => (at(), 1..200usize).prop_map(|(at, n)| Mutation::Copy(at, at, n)),
        1 => at().prop_map(Mutation::Cut),
    ]
}

/// Changes `bytes`, one change after the other.
pub fn mutate(bytes: &mut Vec<u8>, mutations: &[Mutation]) {
    for mutation in mutations {
        apply(bytes, mutation);
    }
}

fn apply(bytes: &mut Vec<u8>, mutation: &Mutation) {
    let length = bytes.len();
    let place = |at: usize| at % (length + 1);
    let piece = |at: usize, n: usize| place(at)..length.min(place(at) + n);
    match *mutation {
        Mutation::Set(at, byte) => bytes[piece(at, 1)].fill(byte),
        Mutation::Flip(at, bits) => bytes[piece(at, 1)]
            .iter_mut()
            .for_each(|byte| *byte ^= bits),
        Mutation::Number(at, number, width) => {
            let old = &mut bytes[piece(at, width)];
            old.copy_from_slice(&number.to_le_bytes()[..old.len()]);
        }
        Mutation::Insert(at, ref new) => {
            bytes.splice(place(at)..place(at), new.iter().copied());
        }
        Mutation::Remove(at, n) => {
            bytes.drain(piece(at, n));
        }
        Mutation::Copy(from, to, n) => {
            let copied = bytes[piece(from, n)].to_vec();
            bytes.splice(place(to)..place(to), copied);
        }
        Mutation::Cut(at) => bytes.truncate(place(at)),
    }
}
