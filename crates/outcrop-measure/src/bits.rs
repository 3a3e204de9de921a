//! Magnitudes as integers. The bit patterns of |h| are in the order of |h|, with infinity and NaN
//! above all that is finite; integers are compared faster, and have a total order.

/// The bit pattern of infinity; every finite magnitude is below.
pub(crate) const INFINITE: u32 = f32::INFINITY.to_bits();

/// All bits but the sign: the largest magnitude.
pub(crate) const MAGNITUDE: u32 = 0x7fff_ffff;

/// The bit pattern of |h|.
#[inline(always)]
pub(crate) fn magnitude(h: f32) -> u32 {
    h.to_bits() & MAGNITUDE
}
