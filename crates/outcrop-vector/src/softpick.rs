//! Softpick (Zuhri et al. 2025, arXiv 2504.20966): weights max(x, 0) / (sum over the keys of |x| + 1e-8) with
//! x = exp(s) - 1 of scores s. Scores of minus infinity are those of keys that are not seen: their weights are 0, and they
//! are no part of the sum.

use crate::elementary::exp_less_one;
use crate::panel::{KEYS, by_width, hide};
use crate::sums::{maximum, sum};
use crate::vectorised;

/// What is added to the sum, as in the authors' code: it matters where all scores are 0.
const EPS: f32 = 1e-8;

/// Scores up to which x is taken as it is; beyond, all of a query are divided by the same power.
const LARGE: f32 = 60.0;

/// (exp(s) - 1) exp(-c), with `rest` = 1 - exp(-c).
#[inline(always)]
fn picked(s: f32, c: f32, rest: f32) -> f32 {
    exp_less_one(s - c) + rest
}

/// |x|, or 0 where the key of score `s` is not seen.
#[inline(always)]
fn size(x: f32, s: f32) -> f32 {
    if s == f32::NEG_INFINITY { 0.0 } else { x.abs() }
}

#[inline(always)]
fn positive(x: f32) -> f32 {
    if x > 0.0 { x } else { 0.0 }
}

vectorised! {
    /// Makes weights of a panel of scores [keys, queries], but for the division by their sums: in each column, which is a
    /// query, max(x, 0). Column c sees the rows to `first` + c, but for scores of minus infinity; the others become 0.
    /// `sums` are those of the columns, `log_sums` ln (sum |x| + 1e-8) where they are asked for. Where there is an `extra`
    /// score of each column, its part takes its place and is part of the sums.
    ///
    /// # Panics
    /// Where the number of sums is not 1, 2, 4, 8, 16 or 32.
    pub fn softpick_panel<'a>(
        scores: &'a mut [f32],
        first: usize,
        extra: Option<&'a mut [f32]>,
        sums: &'a mut [f32],
        log_sums: Option<&'a mut [f32]>,
    ) -> () {
        by_width!(sums.len(), pick(scores, first, extra, sums, log_sums));
    }
}

#[inline(always)]
fn pick<const W: usize>(
    scores: &mut [f32],
    first: usize,
    mut extra: Option<&mut [f32]>,
    sums: &mut [f32],
    log_sums: Option<&mut [f32]>,
) {
    let rows = scores.as_chunks_mut::<W>().0;
    hide(rows, first, f32::NEG_INFINITY);
    let mut most = [LARGE; W];
    let extra_scores = extra.iter().flat_map(|z| z.iter());
    for (most, z) in most.iter_mut().zip(extra_scores) {
        *most = if *z > *most { *z } else { *most };
    }
    for row in rows.iter() {
        for (most, x) in most.iter_mut().zip(row) {
            *most = if *x > *most { *x } else { *most };
        }
    }
    let shifts = most.map(|most| most - LARGE);
    let rests = shifts.map(|c| -exp_less_one(-c));
    sums.fill(0.0);
    for block in rows.chunks_mut(KEYS) {
        let mut partial = [0.0f32; W];
        for row in block {
            for c in 0..W {
                let x = picked(row[c], shifts[c], rests[c]);
                partial[c] += size(x, row[c]);
                row[c] = positive(x);
            }
        }
        let sums = sums.iter_mut().zip(partial);
        sums.for_each(|(sum, part)| *sum += part);
    }
    for (c, z) in extra.iter_mut().flat_map(|z| z.iter_mut()).enumerate() {
        let x = picked(*z, shifts[c], rests[c]);
        sums[c] += size(x, *z);
        *z = positive(x);
    }
    for (sum, rest) in sums.iter_mut().zip(rests) {
        *sum += EPS * (1.0 - rest);
    }
    let logs = log_sums.into_iter().flatten();
    for ((log, sum), shift) in logs.zip(sums).zip(shifts) {
        *log = shift + sum.ln();
    }
}

vectorised! {
    /// Makes weights of the scores of a row, with an `extra` score in the sum where there is one.
    ///
    /// ```
    /// let mut row = [2f32.ln(), -1.0, 0.0];
    /// outcrop_vector::softpick_row(&mut row, Some(0.5f32.ln()));
    /// let exact = 1.0 / (1.0 + (1.0 - (-1f32).exp()) + 0.5);
    /// assert!((row[0] - exact).abs() < 1e-6 && row[1..] == [0.0, 0.0]);
    /// ```
    pub fn softpick_row<'a>(row: &'a mut [f32], extra: Option<f32>) -> () {
        let largest = extra.map_or(LARGE, |z| z.max(LARGE)).max(maximum(row));
        let shift = largest - LARGE;
        let rest = -exp_less_one(-shift);
        for s in row.iter_mut() {
            let seen = *s != f32::NEG_INFINITY;
            *s = if seen { picked(*s, shift, rest) } else { 0.0 };
        }
        let own = extra.map_or(0.0, |z| picked(z, shift, rest).abs());
        let sum = sum(row, row, |x, _| x.abs());
        let factor = 1.0 / (sum + own + EPS * (1.0 - rest));
        row.iter_mut().for_each(|x| *x = positive(*x) * factor);
    }
}

vectorised! {
    /// What [`softpick_panel_backward`] needs of each query, from its log sum L: a power c, 1 - exp(-c) and exp(c - L).
    pub fn softpick_known<'a>(log_sums: &'a [f32], known: [&'a mut [f32]; 3]) -> () {
        let [shifts, rests, factors] = known;
        let places = shifts.iter_mut().zip(rests).zip(factors);
        for (log_sum, ((shift, rest), factor)) in log_sums.iter().zip(places) {
            let c = positive(log_sum - LARGE);
            *shift = c;
            *rest = -exp_less_one(-c);
            *factor = crate::exp(c - log_sum);
        }
    }
}

vectorised! {
    /// Panels [queries, keys]: scores, minus infinity where a key is not seen, become weights w, and what they get from the
    /// `gradients` of the weights becomes that of the scores: exp(s) / sum times (dw - level) where s > 0, times level
    /// where s < 0, with the `levels` of queries, sum w dw, and what [`softpick_known`] says of them.
    ///
    /// # Panics
    /// Where the width `panel` is not 1, 2, 4, 8, 16 or 32.
    pub fn softpick_panel_backward<'a>(
        scores: &'a mut [f32],
        gradients: &'a mut [f32],
        known: [&'a [f32]; 3],
        levels: &'a [f32],
        panel: usize,
    ) -> () {
        by_width!(panel, backward(scores, gradients, known, levels));
    }
}

#[inline(always)]
fn backward<const W: usize>(
    scores: &mut [f32],
    gradients: &mut [f32],
    [shifts, rests, factors]: [&[f32]; 3],
    levels: &[f32],
) {
    let rows = scores.as_chunks_mut::<W>().0.iter_mut();
    let rows = rows.zip(gradients.as_chunks_mut::<W>().0);
    let known = shifts.iter().zip(rests).zip(factors.iter().zip(levels));
    for ((s, g), ((shift, rest), (factor, level))) in rows.zip(known) {
        for c in 0..W {
            let y = exp_less_one(s[c] - shift);
            let x = y + rest;
            s[c] = positive(x) * factor;
            let below = if x < 0.0 { *level } else { 0.0 };
            let toward = if x > 0.0 { g[c] - level } else { below };
            g[c] = (y + 1.0) * factor * toward;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::{assert_close, difference, waves};

    fn exact(scores: &[f64]) -> Vec<f64> {
        let sum: f64 = scores.iter().map(|s| s.exp_m1().abs()).sum();
        let weight = |s: &f64| s.exp_m1().max(0.0) / (sum + f64::from(EPS));
        scores.iter().map(weight).collect()
    }

    /// Scores around 0, and some far above what an f32 holds the exponential of.
    fn scores(count: usize, seed: usize) -> [(Vec<f32>, Vec<f64>); 3] {
        let (small, small64) = waves(count, seed);
        let large: Vec<f32> = small.iter().map(|x| 60.0 * x).collect();
        let faint: Vec<f32> = small.iter().map(|x| 1e-4 * x).collect();
        let double = |x: &[f32]| x.iter().map(|x| f64::from(*x)).collect();
        let (large64, faint64) = (double(&large), double(&faint));
        [(small, small64), (large, large64), (faint, faint64)]
    }

    #[test]
    fn a_panel_and_a_row_are_the_formula() {
        for width in [32, 16, 8, 4, 2] {
            let (first, keys) = (70, 70 + width);
            for (mut weights, scores) in scores(keys * width, 5) {
                let (mut extra, extra64) = waves(width, 6);
                let (mut sums, mut logs) = (vec![0.0; width], vec![0.0; width]);
                let own = Some(&mut *extra);
                softpick_panel(&mut weights, first, own, &mut sums, Some(&mut logs));
                for c in 0..width {
                    let seen = first + c + 1;
                    let mut column: Vec<f64> =
                        (0..seen).map(|key| scores[key * width + c]).collect();
                    let mut row: Vec<f32> = column.iter().map(|s| *s as f32).collect();
                    softpick_row(&mut row, Some(extra64[c] as f32));
                    column.push(extra64[c]);
                    let sum: f64 = column.iter().map(|s| s.exp_m1().abs()).sum();
                    assert_close(&[logs[c]], &[(sum + f64::from(EPS)).ln()], 1e-6);
                    let exact = exact(&column);
                    let ours = (0..seen).map(|key| weights[key * width + c] / sums[c]);
                    let ours: Vec<f32> = ours.chain([extra[c] / sums[c]]).collect();
                    assert_close(&ours, &exact, 1e-6);
                    assert_close(&row, &exact[..seen], 1e-6);
                    let later = weights.iter().skip(seen * width + c).step_by(width);
                    assert_eq!(later.filter(|w| **w != 0.0).count(), 0);
                }
            }
        }
    }

    #[test]
    fn no_score_above_zero_gives_zero() {
        for scores in [[0.0; 4], [-1.0, 0.0, -90.0, -1e30], [f32::NEG_INFINITY; 4]] {
            let (mut row, mut panel, mut sums) = (scores, scores, [0.0; 2]);
            softpick_row(&mut row, None);
            softpick_panel(&mut panel, 2, None, &mut sums, None);
            assert_eq!((row, panel), ([0.0; 4], [0.0; 4]));
            assert!(sums.iter().all(|sum| *sum > 0.0));
        }
    }

    #[test]
    fn panels_back_are_the_derivatives() {
        let (width, queries) = (4, 6);
        for (scores, scores64) in scores(queries * width, 1) {
            let (mut dw, dw64) = waves(queries * width, 2);
            let sums = scores64.chunks(width);
            let sums = sums.map(|row| row.iter().map(|s| s.exp_m1().abs()).sum::<f64>() + 1e-8);
            let logs: Vec<f32> = sums.map(|sum| sum.ln() as f32).collect();
            let rows = scores64.chunks(width).zip(dw64.chunks(width));
            let value =
                |s: &[f64], g: &[f64]| -> f64 { exact(s).iter().zip(g).map(|(w, g)| w * g).sum() };
            let levels: Vec<f32> = rows.clone().map(|(s, g)| value(s, g) as f32).collect();
            let mut known = [(); 3].map(|()| vec![0.0; queries]);
            softpick_known(&logs, known.each_mut().map(Vec::as_mut_slice));
            let known = known.each_ref().map(Vec::as_slice);
            let mut w = scores;
            softpick_panel_backward(&mut w, &mut dw, known, &levels, width);
            for (query, (s, g)) in rows.enumerate() {
                let row = query * width..(query + 1) * width;
                assert_close(&w[row.clone()], &exact(s), 1e-5);
                if s.iter().all(|s| s.abs() > 1e-3) {
                    assert_close(&dw[row], &difference(s, |s| value(s, g)), 1e-5);
                }
            }
        }
    }
}
