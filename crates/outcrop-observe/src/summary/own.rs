//! What each of a few rows comes to, of what its lanes do: for rows of a few vectors this costs more than the vectors.

#[cfg(all(target_arch = "x86_64", feature = "avx512"))]
mod avx512;

use super::ROWS;
use crate::sums::{LANES, larger};

/// Lanes in which a row is added up.
pub(super) const HALF: usize = LANES / 2;

/// By row and lane: the largest magnitudes and the sums of squares.
#[derive(Default)]
#[repr(align(64))]
pub(super) struct Own {
    pub(super) most: [[f32; HALF]; ROWS],
    pub(super) squares: [[f32; HALF]; ROWS],
}

impl Own {
    /// By row: the largest magnitude, the sum of the squares. The same bits in every way.
    #[inline(always)]
    pub(super) fn reduce(&self) -> [[f32; ROWS]; 2] {
        #[cfg(all(target_arch = "x86_64", feature = "avx512"))]
        if let Some(reduced) = avx512::reduce(self) {
            return reduced;
        }
        self.plain()
    }

    fn plain(&self) -> [[f32; ROWS]; 2] {
        [
            self.most.each_ref().map(|lanes| in_pairs(lanes, larger)),
            self.squares
                .each_ref()
                .map(|lanes| in_pairs(lanes, |a, b| a + b)),
        ]
    }
}

/// In the order in which vectors of four times four lanes are shuffled.
fn in_pairs(lanes: &[f32; HALF], of: impl Fn(f32, f32) -> f32) -> f32 {
    let mut quarters = [0.0; 4];
    for (quarter, lanes) in quarters.iter_mut().zip(lanes.as_chunks::<4>().0) {
        let [a, b, c, d] = *lanes;
        *quarter = of(of(a, c), of(b, d));
    }
    let [a, b, c, d] = quarters;
    of(of(a, b), of(c, d))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_gives_the_same_bits() {
        let at = |row: usize, lane: usize| ((row * 37 + lane * 101) % 83) as f32 / 7.0;
        let lanes = |row: usize| std::array::from_fn(|lane| at(row, lane));
        let own = Own {
            most: std::array::from_fn(lanes),
            squares: std::array::from_fn(|row| lanes(row + 3)),
        };
        let found = own.reduce();
        assert_eq!(found, own.plain());
        for (squares, found) in own.squares.iter().zip(found[1]) {
            assert!((found / squares.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        }
        for (most, found) in own.most.iter().zip(found[0]) {
            assert_eq!(found, most.iter().copied().fold(0.0, f32::max));
        }
    }
}
