//! Patches that token ids name.

/// sqrt(12): the standard deviation of numbers that are uniform in a range of this width is 1.
const WIDTH: f32 = 3.464_101_6;

/// The patch that a token id names in a model of images: `numbers` numbers drawn from a uniform distribution of mean 0 and
/// standard deviation 1, as normalised pixels have about. Number i is `WIDTH` (u - 1/2) with u the upper 24 bits of
/// splitmix64 of 2^32 `id` + i (Steele et al. 2014), as a share of 2^24: the same on every machine.
///
/// ```
/// use outcrop_forward::random_patch;
///
/// let patch = random_patch(7, 48);
/// assert_eq!(patch, random_patch(7, 48));
/// assert_ne!(patch, random_patch(8, 48));
/// assert!(patch.iter().all(|x| x.abs() < 1.74));
/// ```
pub fn random_patch(id: u32, numbers: usize) -> Vec<f32> {
    let number = |i: usize| {
        let index = (u64::from(id) << 32) + i as u64 + 1;
        let mut z = index.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        WIDTH * ((z >> 40) as f32 / (1u32 << 24) as f32 - 0.5)
    };
    (0..numbers).map(number).collect()
}
