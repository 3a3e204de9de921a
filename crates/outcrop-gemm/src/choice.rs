use std::sync::OnceLock;

use crate::amx;

/// Rows and columns of right-hand sides from which on tiles are faster, and those of left-hand sides that meet panels.
const SMALL: usize = 96;
const SMALL_LEFT: usize = 64;

static BEST: OnceLock<ProductKernel> = OnceLock::new();

/// How products are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProductKernel {
    /// On the widest vectors of the machine, in f32.
    #[default]
    Vectors,
    /// On the tiles of AMX (Intel, since 2023; Linux): numbers of f32 are the sums of three of bf16, and products are as
    /// exact as rounding in f32 is.
    Tiles,
}

impl ProductKernel {
    /// Tiles where the machine has them, and vectors elsewhere or where [`ProductKernel::avoid_tiles`] asked for them.
    pub fn best() -> Self {
        let own = || match amx::available() {
            true => Self::Tiles,
            false => Self::Vectors,
        };
        *BEST.get_or_init(own)
    }

    /// Asks for vectors in this process: results then have the bits of a machine without tiles. Whether there will be no
    /// tiles: products that were computed before have chosen already. The command asks where its environment has
    /// `OUTCROP_AMX=0`.
    pub fn avoid_tiles() -> bool {
        *BEST.get_or_init(|| Self::Vectors) == Self::Vectors
    }

    /// The best for a right-hand side of k x n: with small ones splitting numbers costs what tiles spare.
    pub(crate) fn for_size(k: usize, n: usize) -> Self {
        match k.min(n) < SMALL {
            true => Self::Vectors,
            false => Self::best(),
        }
    }

    /// The best for a left-hand side of m x k that meets panels of 32 columns, which are split each time.
    pub(crate) fn for_panels(m: usize, k: usize) -> Self {
        match m.min(k) < SMALL_LEFT {
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
