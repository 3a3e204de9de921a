use std::sync::LazyLock;

use crate::amx;

/// How products are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kernel {
    /// On the widest vectors of the machine, in f32.
    #[default]
    Vectors,
    /// On the tiles of AMX (Intel, since 2023; Linux): numbers of f32 are the sums of three of bf16, and products are as
    /// exact as rounding in f32 is.
    Tiles,
}

impl Kernel {
    /// Tiles where the machine has them, and vectors elsewhere. `OUTCROP_AMX=0` in the environment asks for vectors: results
    /// then have the bits of a machine without tiles.
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

    /// The best for a right-hand side of k x n: in small ones tiles are padded, and splitting costs what they spare.
    pub(crate) fn for_size(k: usize, n: usize) -> Self {
        static SMALL: LazyLock<[usize; 2]> = LazyLock::new(|| {
            let f = |n| {
                std::env::var(n)
                    .ok()
                    .and_then(|x| x.parse().ok())
                    .unwrap_or(0)
            };
            [f("AMX_K"), f("AMX_N")]
        });
        match k < SMALL[0] || n < SMALL[1] {
            true => Self::Vectors,
            false => Self::best(),
        }
    }

    /// The best for a left-hand side that meets panels.
    pub(crate) fn for_panels(m: usize, k: usize) -> Self {
        static SMALL: LazyLock<usize> = LazyLock::new(|| {
            std::env::var("AMX_L")
                .ok()
                .and_then(|x| x.parse().ok())
                .unwrap_or(0)
        });
        match m.min(k) < *SMALL {
            true => Self::Vectors,
            false => Self::best(),
        }
    }

    /// Its name in `provenance.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vectors => "vectors",
            Self::Tiles => "tiles",
        }
    }
}
