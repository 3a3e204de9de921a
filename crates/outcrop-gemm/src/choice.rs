use std::sync::LazyLock;

use crate::amx;

/// How products are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// On the widest vectors of the machine, in f32.
    Vectors,
    /// On the tiles of AMX (Intel, since 2023; Linux): numbers of f32 are the sums of three of bf16, and products are as
    /// exact as rounding in f32 is.
    Tiles,
}

impl Kernel {
    /// Tiles where the machine has them, and vectors elsewhere. `OUTCROP_AMX=0` in the environment asks for vectors: results then have the
    /// bits of a machine without tiles.
    pub fn best() -> Self {
        static BEST: LazyLock<Kernel> = LazyLock::new(|| {
            let refused = std::env::var_os("OUTCROP_AMX").is_some_and(|value| value == "0");
            match amx::available() && !refused {
                true => Kernel::Tiles,
                false => Kernel::Vectors,
            }
        });
        *BEST
    }
}
