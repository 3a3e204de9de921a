//! Rotary embedding (Su et al. 2021), channels paired as in GPT-NeoX or as in GPT-J.

use crate::vectorised;

/// Cosines and sines [positions, frequencies] of the angles that positions 0, 1, ... turn by at these frequencies
/// (radians a position), times `scale`, in the precision in which transformers computes them: angles, position times
/// frequency, are rounded to f32. At position 32768 one is off by some 0.001 from that of f64: models are trained with
/// the rounded ones.
///
/// ```
/// let [cosines, sines] = outcrop_vector::rotary_tables(&[1.0, 0.01], 1.0, 2);
/// assert_eq!((cosines.len(), sines[..2].to_vec()), (4, vec![0.0, 0.0]));
/// assert_eq!(sines[2..], [1.0f32.sin(), 0.01f32.sin()]);
/// ```
pub fn rotary_tables(frequencies: &[f32], scale: f32, positions: usize) -> [Vec<f32>; 2] {
    // rounded to f32 each, but cosine and sine are those of f64 of the angle: the same on every machine
    let angles = (0..positions).flat_map(|position| {
        let angle = move |frequency: &f32| f64::from(position as f32 * frequency);
        frequencies.iter().map(angle)
    });
    let (cosines, sines) = angles
        .map(|angle| (angle.cos() as f32 * scale, angle.sin() as f32 * scale))
        .unzip();
    [cosines, sines]
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

/// Rotates the first channels of a head: channel 2i with channel 2i + 1 by the angles whose cosines and sines are
/// given; `direction` is 1, or -1 for gradients.
///
/// # Panics
/// Where the head has fewer channels than twice as many.
#[inline(always)]
pub fn rotate_neighbours(head: &mut [f32], cosines: &[f32], sines: &[f32], direction: f32) {
    let channels = &mut head[..2 * cosines.len()];
    let (pairs, _) = channels.as_chunks_mut::<2>();
    for ([a, b], (cosine, sine)) in pairs.iter_mut().zip(cosines.iter().zip(sines)) {
        let sine = direction * sine;
        (*a, *b) = (*a * cosine - *b * sine, *b * cosine + *a * sine);
    }
}

/// Gives `turn` the rotated channels of each head that begins at `starts` in each row, with its position's cosines and
/// sines.
#[inline(always)]
fn for_each_head(
    rows: &mut [f32],
    width: usize,
    starts: &[usize],
    tables: [&[f32]; 2],
    half: usize,
    turn: impl Fn(&mut [f32], [&[f32]; 2]),
) {
    for (position, row) in rows.chunks_exact_mut(width).enumerate() {
        let turns = tables.map(|table| &table[position * half..][..half]);
        for start in starts {
            turn(&mut row[*start..][..2 * half], turns);
        }
    }
}

vectorised! {
    /// Rotates heads as [`rotate_heads`] does, each as [`rotate_neighbours`].
    ///
    /// # Panics
    /// Where the tables have fewer positions than there are rows, or a row ends before a head.
    pub fn rotate_neighbours_of_heads<'a>(
        rows: &'a mut [f32],
        width: usize,
        starts: &'a [usize],
        tables: [&'a [f32]; 2],
        half: usize,
        direction: f32,
    ) -> () {
        for_each_head(rows, width, starts, tables, half, |head, [cosines, sines]| {
            rotate_neighbours(head, cosines, sines, direction);
        });
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
        for_each_head(rows, width, starts, tables, half, |head, [cosines, sines]| {
            rotate(head, cosines, sines, direction);
        });
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
    fn neighbours_turn_as_halves_do_in_another_order() {
        let (half, positions) = (3, 4);
        let (before, _) = waves(positions * 2 * half, 3);
        let (angles, _) = waves(positions * half, 4);
        let cosines: Vec<f32> = angles.iter().map(|a| a.cos()).collect();
        let sines: Vec<f32> = angles.iter().map(|a| a.sin()).collect();
        let tables = [&cosines[..], &sines[..]];
        let order = |rows: &[f32]| -> Vec<f32> {
            let channel =
                |at: usize| at / (2 * half) * 2 * half + at % half * 2 + at % (2 * half) / half;
            (0..rows.len()).map(|at| rows[channel(at)]).collect()
        };
        let (mut neighbours, mut halves) = (before.clone(), order(&before));
        rotate_neighbours_of_heads(&mut neighbours, 2 * half, &[0], tables, half, 1.0);
        rotate_heads(&mut halves, 2 * half, &[0], tables, half, 1.0);
        assert_eq!(order(&neighbours), halves);
        assert_ne!(neighbours, before);
    }

    #[test]
    fn angles_are_those_in_f64_but_for_roundings_to_position_32768() {
        for (dims, base) in [
            (16, 10_000.0f64),
            (24, 10_000.0),
            (128, 1e6),
            (80, 500_000.0),
        ] {
            let half = dims / 2;
            let exponent = |i: usize| (2 * i) as f32 / dims as f32;
            let power = |i: usize| base.powf(f64::from(exponent(i))) as f32;
            let frequencies: Vec<f32> = (0..half).map(|i| 1.0 / power(i)).collect();
            let [cosines, sines] = rotary_tables(&frequencies, 1.0, 32_769);
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
