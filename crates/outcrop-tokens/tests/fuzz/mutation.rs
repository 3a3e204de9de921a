use proptest::prelude::*;
use proptest::sample::Index;

/// A change to a file.
#[derive(Clone, Debug)]
pub(crate) enum Mutation {
    Set(Index, u8),
    Flip(Index, u8),
    Number(Index, u64, usize),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Copy(Index, Index, usize),
    Cut(Index),
}

/// Numbers at which sizes and offsets go wrong.
pub(crate) fn edge() -> impl Strategy<Value = u64> {
    prop_oneof![
        (0u32..64, -2i64..3).prop_map(|(bit, near)| (1u64 << bit).wrapping_add_signed(near)),
        Just(u64::MAX),
        any::<u64>(),
        0u64..300,
    ]
}

pub(crate) fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let at = any::<Index>;
    let one = prop_oneof![
        6 => (at(), any::<u8>()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        3 => (at(), 0u8..8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        4 => (at(), edge(), prop::sample::select(vec![1usize, 2, 4, 8]))
            .prop_map(|(at, number, width)| Mutation::Number(at, number, width)),
        1 => (at(), prop::collection::vec(any::<u8>(), 1..20))
            .prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        1 => (at(), 1usize..40).prop_map(|(at, n)| Mutation::Remove(at, n)),
        2 => (at(), at(), 1usize..60).prop_map(|(from, to, n)| Mutation::Copy(from, to, n)),
        1 => at().prop_map(Mutation::Cut),
    ];
    prop::collection::vec(one, 1..5)
}

pub(crate) fn mutate(bytes: &mut Vec<u8>, mutations: &[Mutation]) {
    for mutation in mutations {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        match mutation {
            Mutation::Set(at, byte) => bytes[at.index(length)] = *byte,
            Mutation::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
            Mutation::Number(at, number, width) => {
                let at = at.index(length);
                let end = length.min(at + width);
                bytes[at..end].copy_from_slice(&number.to_le_bytes()[..end - at]);
            }
            Mutation::Insert(at, new) => {
                let at = at.index(length);
                bytes.splice(at..at, new.iter().copied());
            }
            Mutation::Remove(at, n) => {
                let at = at.index(length);
                bytes.drain(at..length.min(at + n));
            }
            Mutation::Copy(from, to, n) => {
                let (from, to) = (from.index(length), to.index(length));
                let copied = bytes[from..length.min(from + n)].to_vec();
                bytes.splice(to..to, copied);
            }
            Mutation::Cut(at) => bytes.truncate(at.index(length)),
        }
    }
}
