/// The integers, all little-endian, in which ids are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DType {
    U8,
    U16,
    U32,
    U64,
    I16,
    I32,
    I64,
}

/// By what NumPy calls them, with the order of bytes.
const NAMES: [(&str, DType); 7] = [
    ("|u1", DType::U8),
    ("<u2", DType::U16),
    ("<u4", DType::U32),
    ("<u8", DType::U64),
    ("<i2", DType::I16),
    ("<i4", DType::I32),
    ("<i8", DType::I64),
];

impl DType {
    /// The type that NumPy calls so; the error is the reason, in words.
    pub(super) fn parse(descr: &str) -> Result<Self, String> {
        let found = NAMES.iter().find(|(name, _)| *name == descr);
        found.map(|(_, dtype)| *dtype).ok_or_else(|| {
            let known = NAMES.map(|(name, _)| name).join(", ");
            let shown: String = descr.chars().take(20).collect();
            format!("dtype {shown:?} is none of {known}; convert it with a.astype(\"<u4\")")
        })
    }

    pub(super) fn name(self) -> &'static str {
        let found = NAMES.iter().find(|(_, dtype)| *dtype == self);
        found.map_or("", |(name, _)| name)
    }

    /// Bytes of one id.
    pub(super) fn size(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 => 4,
            Self::U64 | Self::I64 => 8,
        }
    }

    /// The ids in `bytes`, of which the first has the number `first`; the error names the first value that is
    /// none, by its number.
    pub(super) fn ids(self, bytes: &[u8], first: u64) -> Result<Vec<u32>, String> {
        let values = bytes.chunks_exact(self.size()).map(|b| self.value(b));
        let ids = (first..).zip(values).map(|(at, value)| {
            u32::try_from(value).map_err(|_| match value {
                ..0 => format!("value {at} is {value}, and ids are not negative"),
                _ => format!("value {at} is {value}, and ids end at {}", u32::MAX),
            })
        });
        ids.collect()
    }

    fn value(self, bytes: &[u8]) -> i128 {
        let unsigned = bytes.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
        match self {
            Self::U8 | Self::U16 | Self::U32 | Self::U64 => i128::from(unsigned),
            Self::I16 => i128::from(unsigned as i16),
            Self::I32 => i128::from(unsigned as i32),
            Self::I64 => i128::from(unsigned as i64),
        }
    }
}
