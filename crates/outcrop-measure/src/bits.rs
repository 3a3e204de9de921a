//! Magnitudes as integers. The bit patterns of |h| are in the order of |h|, with infinity and NaN
//! above all that is finite; integers are compared faster, and have a total order.

/// The bit pattern of infinity; every finite magnitude is below.
pub(crate) const INFINITE: u32 = f32::INFINITY.to_bits();

/// Scalars looked at together: few enough to stay in the first cache, many enough to vectorise.
pub(crate) const BLOCK: usize = 1024;

/// The bit pattern of |h|.
#[inline]
pub(crate) fn magnitude(h: f32) -> u32 {
    h.to_bits() & 0x7fff_ffff
}

/// The largest magnitude of a block.
pub(crate) fn max(block: &[f32]) -> u32 {
    block.iter().fold(0, |max, h| max.max(magnitude(*h)))
}
