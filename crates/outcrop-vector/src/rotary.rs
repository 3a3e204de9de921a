//! Rotary embedding (Su et al. 2021), channels paired as in GPT-NeoX.

use crate::vectorised;

/// Cosines and sines [positions, dims / 2] of the rotary embedding of `dims` channels, an even number,
/// possibly 0, in the precision in which transformers computes them: frequencies base^(-2i / dims) and
/// angles, position times frequency, are rounded to f32. At position 32768 an angle is off by
/// some 0.001 from that of f64: models are trained with the rounded ones.
///
/// ```
/// let [cosines, sines] = outcrop_vector::rotary_tables(4, 10_000.0, 2);
/// assert_eq!((cosines.len(), sines[..2].to_vec()), (4, vec![0.0, 0.0]));
/// assert_eq!(sines[2..], [1.0f32.sin(), 0.01f32.sin()]);
/// ```
pub fn rotary_tables(dims: usize, base: f64, positions: usize) -> [Vec<f32>; 2] {
    let half = dims / 2;
    let frequencies: Vec<f32> = (0..half).map(|i| frequency(i, dims, base)).collect();
    // rounded to f32 each, but cosine and sine are those of f64 of the angle: the same on every machine
    let angles = (0..positions).flat_map(|position| {
        let angle = move |frequency: &f32| f64::from(position as f32 * frequency);
        frequencies.iter().map(angle)
    });
    let (cosines, sines) = angles
        .map(|angle| (angle.cos() as f32, angle.sin() as f32))
        .unzip();
    [cosines, sines]
}

/// 1 / base^(2i / dims), every step of it rounded to f32.
fn frequency(i: usize, dims: usize, base: f64) -> f32 {
    let exponent = (2 * i) as f32 / dims as f32;
    let power = f64::from(base as f32).powf(f64::from(exponent));
    1.0 / power as f32
}

/// Rotates the first channels of a head: channel i with channel i + half by the angles whose `half`
/// cosines and sines are given; `direction` is 1, or -1 for gradients.
///
/// # Panics
/// Where the head has fewer than 2 half channels.
#[inline(always)]
pub fn rotate(head: &mut [f32], cosines: &[f32], sines: &[f32], direction: f32) {
    let half = cosines.len();
    let (low, rest) = head.split_at_mut(half);
    let pairs = low.iter_mut().zip(&mut rest[..half]);
    for ((a, b), (cosine, sine)) in pairs.zip(cosines.iter().zip(sines)) {
        let sine = direction * sine;
        (*a, *b) = (*a * cosine - *b * sine, *b * cosine + *a * sine);
    }
}

vectorised! {
    /// Rotates the heads that begin at `starts` in each row of `width` numbers, at positions 0, 1, ..., as [`rotate`]
    /// does. `tables` are cosines and sines [positions, half].
    ///
    /// # Panics
    /// Where the tables have fewer positions than there are rows, or a row ends before a head.
    pub fn rotate_heads<'a>(
        rows: &'a mut [f32],
        width: usize,
        starts: &'a [usize],
        tables: [&'a [f32]; 2],
        half: usize,
        direction: f32,
    ) -> () {
        for (position, row) in rows.chunks_exact_mut(width).enumerate() {
            let [cosines, sines] = tables.map(|t| &t[position * half..][..half]);
            for start in starts {
                rotate(&mut row[*start..][..2 * half], cosines, sines, direction);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::{assert_close, waves};

    #[test]
    fn pairs_of_channels_turn_as_complex_numbers_and_back() {
        let (heads, d_head, half, positions) = (2, 7, 3, 5);
        let (before, exact) = waves(positions * heads * 3 * d_head, 1);
        let (angles, angles64) = waves(positions * half, 2);
        let cosines: Vec<f32> = angles.iter().map(|a| a.cos()).collect();
        let sines: Vec<f32> = angles.iter().map(|a| a.sin()).collect();
        let mut rows = before.clone();
        // queries and keys of rows [heads, q | k | v]
        let (width, starts) = (heads * 3 * d_head, [0, 1, 3, 4].map(|part| part * d_head));
        let tables = [&cosines[..], &sines[..]];
        rotate_heads(&mut rows, width, &starts, tables, half, 1.0);
        let expected = (0..rows.len()).map(|at| {
            let (position, part) = (at / (heads * 3 * d_head), at / d_head % 3);
            let (channel, turns) = (at % d_head, at % d_head < 2 * half && part < 2);
            let (sine, cosine) = angles64[position * half + channel % half].sin_cos();
            match (turns, channel < half) {
                (false, _) => exact[at],
                (true, true) => exact[at] * cosine - exact[at + half] * sine,
                (true, false) => exact[at] * cosine + exact[at - half] * sine,
            }
        });
        assert_close(&rows, &expected.collect::<Vec<_>>(), 1e-6);
        rotate_heads(&mut rows, width, &starts, tables, half, -1.0);
        assert_close(&rows, &exact, 1e-6);
    }

    #[test]
    fn angles_are_those_in_f64_but_for_roundings_to_position_32768() {
        for (dims, base) in [(16, 10_000.0), (24, 10_000.0), (128, 1e6), (80, 500_000.0)] {
            let [cosines, sines] = rotary_tables(dims, base, 32_769);
            let half = dims / 2;
            for position in [0, 1, 7, 511, 2047, 8191, 32_768] {
                for i in 0..half {
                    let frequency = base.powf(-2.0 * i as f64 / dims as f64);
                    let angle = position as f64 * frequency;
                    // of the exponent, times ln base; of power, inverse and product
                    let roundings = 6e-8 * (base.ln() + 3.0) * angle + 6e-8;
                    let at = position * half + i;
                    let ours = [cosines[at], sines[at]].map(f64::from);
                    for (ours, exact) in ours.into_iter().zip([angle.cos(), angle.sin()]) {
                        let error = (ours - exact).abs();
                        assert!(error <= roundings, "{dims} {base} {position} {i}: {error}");
                    }
                }
            }
        }
    }
}
