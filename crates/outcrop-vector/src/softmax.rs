//! Softmax of a row, and down the columns of a panel, forward and backward.

use crate::elementary::{exp, exp_or_zero};
use crate::panel::{KEYS, by_width, hide};
use crate::sums::{maximum, sum};
use crate::vectorised;

vectorised! {
    /// x becomes exp(scale x) / sum over the row of exp(scale x'), for a `scale` of 0 or more.
    pub fn softmax<'a>(row: &'a mut [f32], scale: f32) -> () {
        let most = maximum(row);
        row.iter_mut().for_each(|x| *x = exp(scale * (*x - most)));
        let factor = 1.0 / sum(row, row, |x, _| x);
        row.iter_mut().for_each(|x| *x *= factor);
    }
}

vectorised! {
    /// x becomes exp(x) / (exp(z) + sum over the row of exp(x')), z the `extra` score: 0 where x is minus infinity. What z
    /// itself gets is returned.
    ///
    /// ```
    /// let mut row = [0.0, f32::NEG_INFINITY];
    /// assert_eq!(outcrop_vector::softmax_beside(&mut row, 0.0), 0.5);
    /// assert_eq!(row, [0.5, 0.0]);
    /// ```
    pub fn softmax_beside<'a>(row: &'a mut [f32], extra: f32) -> f32 {
        let most = maximum(row).max(extra);
        row.iter_mut().for_each(|x| *x = exp_or_zero(*x - most));
        let own = exp_or_zero(extra - most);
        let factor = 1.0 / (sum(row, row, |x, _| x) + own);
        row.iter_mut().for_each(|x| *x *= factor);
        own * factor
    }
}

vectorised! {
    /// Makes softmax weights of a panel of scores [keys, queries], but for the division by their sums: in
    /// each column, which is a query, becomes score s of a key, which is a row, exp(s - largest). Column c
    /// sees the rows to `first` + c; the others become 0. `sums` are those of the columns, `log_sums`
    /// ln sum exp(s) where they are asked for. Where there is an `extra` score z of each column, exp(z - largest) takes its
    /// place and is part of the sums; the largest is then that of the scores and z, and scores of minus infinity become 0.
    ///
    /// # Panics
    /// Where the number of sums is not 2, 4, 8, 16 or 32: two vectors of some machine.
    pub fn soften_panel<'a>(
        scores: &'a mut [f32],
        first: usize,
        extra: Option<&'a mut [f32]>,
        sums: &'a mut [f32],
        log_sums: Option<&'a mut [f32]>,
    ) -> () {
        match extra {
            None => by_width!(
                sums.len(),
                soften::<false>(scores, first, &mut [], sums, log_sums, None)
            ),
            Some(z) => by_width!(
                sums.len(),
                soften::<true>(scores, first, z, sums, log_sums, None)
            ),
        }
    }
}

vectorised! {
    /// As [`soften_panel`] without an extra score, with the same bits; `depths` becomes sum exp(s - largest) (largest - s): of
    /// sums S and depths D is the entropy of a column ln S + D / S.
    ///
    /// # Panics
    /// As [`soften_panel`].
    pub fn soften_panel_deep<'a>(
        scores: &'a mut [f32],
        first: usize,
        sums: &'a mut [f32],
        depths: &'a mut [f32],
    ) -> () {
        by_width!(
            sums.len(),
            soften::<false>(scores, first, &mut [], sums, None, Some(&mut *depths))
        );
    }
}

#[inline(always)]
fn soften<const W: usize, const EXTRA: bool>(
    scores: &mut [f32],
    first: usize,
    extra: &mut [f32],
    sums: &mut [f32],
    log_sums: Option<&mut [f32]>,
    mut depths: Option<&mut [f32]>,
) {
    let rows = scores.as_chunks_mut::<W>().0;
    hide(rows, first, f32::NEG_INFINITY);
    let mut most = [f32::NEG_INFINITY; W];
    if EXTRA {
        most.copy_from_slice(&extra[..W]);
    }
    for row in rows.iter() {
        for (most, x) in most.iter_mut().zip(row) {
            *most = if *x > *most { *x } else { *most };
        }
    }
    sums.fill(0.0);
    if let Some(depths) = &mut depths {
        depths.fill(0.0);
    }
    for block in rows.chunks_mut(KEYS) {
        let partial = match &mut depths {
            None => weigh::<W, EXTRA>(block, &most),
            Some(depths) => weigh_deep(block, &most, depths),
        };
        let sums = sums.iter_mut().zip(partial);
        sums.for_each(|(sum, part)| *sum += part);
    }
    if EXTRA {
        for ((z, sum), most) in extra.iter_mut().zip(&mut *sums).zip(most) {
            *z = exp_or_zero(*z - most);
            *sum += *z;
        }
    }
    hide(rows, first, 0.0);
    let logs = log_sums.into_iter().flatten();
    for ((log, sum), most) in logs.zip(sums).zip(most) {
        *log = most + sum.ln();
    }
}

/// The scores of some keys become exp(s - largest); the sums of the columns.
#[inline(always)]
fn weigh<const W: usize, const EXTRA: bool>(rows: &mut [[f32; W]], most: &[f32; W]) -> [f32; W] {
    let mut sums = [0.0f32; W];
    for row in rows {
        for c in 0..W {
            row[c] = match EXTRA {
                true => exp_or_zero(row[c] - most[c]),
                false => exp(row[c] - most[c]),
            };
            sums[c] += row[c];
        }
    }
    sums
}

/// As [`weigh`] without an extra score, and adds exp(s - largest) (largest - s) to `depths`.
#[inline(always)]
fn weigh_deep<const W: usize>(
    rows: &mut [[f32; W]],
    most: &[f32; W],
    depths: &mut [f32],
) -> [f32; W] {
    /// Deeper down exp is 0, and 0 times a depth that is infinite is no number.
    const DEEPEST: f32 = -87.0;
    let (mut sums, mut deep) = ([0.0f32; W], [0.0f32; W]);
    for row in rows {
        for c in 0..W {
            let from = row[c] - most[c];
            row[c] = exp(from);
            sums[c] += row[c];
            let from = if from < DEEPEST { DEEPEST } else { from };
            deep[c] = from.mul_add(-row[c], deep[c]);
        }
    }
    let depths = depths.iter_mut().zip(deep);
    depths.for_each(|(depth, part)| *depth += part);
    sums
}

vectorised! {
    /// Adds to each of `sums` what a row of the panel, as wide as there are `factors`, gives when its numbers are
    /// multiplied by them and added up.
    ///
    /// # Panics
    /// As [`soften_panel`].
    pub fn add_weighted_rows<'a>(panel: &'a [f32], factors: &'a [f32], sums: &'a mut [f64]) -> () {
        by_width!(factors.len(), add_rows(panel, factors, sums));
    }
}

#[inline(always)]
fn add_rows<const W: usize>(panel: &[f32], factors: &[f32], sums: &mut [f64]) {
    let Some(factors) = factors.first_chunk::<W>() else {
        return;
    };
    for (row, sum) in panel.as_chunks::<W>().0.iter().zip(sums) {
        let mut all: [f32; W] = std::array::from_fn(|c| row[c] * factors[c]);
        let mut half = W / 2;
        while half > 0 {
            for c in 0..half {
                all[c] += all[c + half];
            }
            half /= 2;
        }
        *sum += f64::from(all[0]);
    }
}

vectorised! {
    /// Panels [queries, keys], the last query first: scores become weights p = exp(s - log sum), and what
    /// they get from the gradients, dp, becomes the gradient of the scores p (dp - level), with `known`
    /// log sums and levels by query. The last row sees one key, the row before it two, and so on.
    ///
    /// # Panics
    /// Where the width `panel` is not 1 (one score of each query), 2, 4, 8, 16 or 32.
    pub fn soften_panel_backward<'a>(
        p: &'a mut [f32],
        dp: &'a mut [f32],
        known: [&'a [f32]; 2],
        panel: usize,
    ) -> () {
        by_width!(panel, backward(p, dp, known));
    }
}

#[inline(always)]
fn backward<const W: usize>(p: &mut [f32], dp: &mut [f32], [log_sums, levels]: [&[f32]; 2]) {
    let (p, dp) = (p.as_chunks_mut::<W>().0, dp.as_chunks_mut::<W>().0);
    let known = log_sums.iter().zip(levels);
    for ((p, dp), (log_sum, level)) in p.iter_mut().zip(&mut *dp).zip(known) {
        for c in 0..W {
            p[c] = exp(p[c] - log_sum);
            dp[c] = p[c] * (dp[c] - level);
        }
    }
    for (seen, (p, dp)) in p.iter_mut().zip(dp).rev().take(W).enumerate() {
        p[seen + 1..].fill(0.0);
        dp[seen + 1..].fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::{assert_close, waves};

    #[test]
    fn a_row_becomes_its_softmax() {
        let (mut row, row64) = waves(37, 1);
        let total: f64 = row64.iter().map(|x| (4.0 * x).exp()).sum();
        let exact: Vec<f64> = row64.iter().map(|x| (4.0 * x).exp() / total).collect();
        softmax(&mut row, 4.0);
        assert_close(&row, &exact, 1e-6);
    }

    #[test]
    fn a_softened_panel_is_a_softmax_of_what_each_column_sees() {
        for width in [32, 16, 8, 4, 2] {
            let (first, keys) = (70, 70 + width);
            let (mut weights, scores) = waves(keys * width, 5);
            let (mut sums, mut logs) = (vec![0.0; width], vec![0.0; width]);
            let (mut same, mut depths) = (weights.clone(), vec![5.0; width]);
            soften_panel(&mut weights, first, None, &mut sums, Some(&mut logs));
            soften_panel_deep(&mut same, first, &mut vec![0.0; width], &mut depths);
            assert_eq!(weights, same, "the same bits");
            for c in 0..width {
                let seen = first + c + 1;
                let score = |key: usize| scores[key * width + c].exp();
                let total: f64 = (0..seen).map(score).sum();
                assert_close(&[logs[c]], &[total.ln()], 1e-6);
                let terms = (0..seen).map(|key| score(key) / total * (score(key) / total).ln());
                let entropy = sums[c].ln() + depths[c] / sums[c];
                assert_close(&[entropy], &[-terms.sum::<f64>()], 2e-6);
                for key in 0..keys {
                    let weight = weights[key * width + c] / sums[c];
                    let expected = if key < seen { score(key) / total } else { 0.0 };
                    assert_close(&[weight], &[expected], 1e-6);
                }
            }
        }
    }

    #[test]
    fn rows_are_added_with_their_factors() {
        for width in [32, 16, 8, 4, 2] {
            let (panel, panel64) = waves(7 * width, 3);
            let (factors, factors64) = waves(width, 4);
            let mut sums = vec![1.0; 7];
            add_weighted_rows(&panel, &factors, &mut sums);
            for (row, sum) in panel64.chunks_exact(width).zip(sums) {
                let exact: f64 = row.iter().zip(&factors64).map(|(x, f)| x * f).sum();
                assert!((sum - 1.0 - exact).abs() < 1e-5, "{width}");
            }
        }
    }

    #[test]
    fn an_extra_score_is_part_of_the_sum() {
        for width in [32, 16, 8, 4, 2] {
            let (first, keys) = (70, 70 + width);
            let (mut weights, scores) = waves(keys * width, 5);
            let (mut extra, extra64) = waves(width, 6);
            let (mut sums, mut logs) = (vec![0.0; width], vec![0.0; width]);
            let own = Some(&mut *extra);
            soften_panel(&mut weights, first, own, &mut sums, Some(&mut logs));
            for c in 0..width {
                let seen = 0..=first + c;
                let column: Vec<f64> = seen.map(|key| scores[key * width + c]).collect();
                let z = extra64[c].exp();
                let total = z + column.iter().map(|s| s.exp()).sum::<f64>();
                assert_close(
                    &[logs[c], extra[c] / sums[c]],
                    &[total.ln(), z / total],
                    1e-6,
                );
                let mut row: Vec<f32> = column.iter().map(|s| *s as f32).collect();
                let own = softmax_beside(&mut row, extra64[c] as f32);
                assert_close(&[own], &[z / total], 1e-6);
                for (key, score) in column.iter().enumerate() {
                    let weight = weights[key * width + c] / sums[c];
                    let exact = [score.exp() / total; 2];
                    assert_close(&[weight, row[key]], &exact, 1e-6);
                }
            }
        }
    }

    #[test]
    fn scores_of_minus_infinity_beside_another_give_zero_and_no_nan() {
        let mut scores = [f32::NEG_INFINITY; 8];
        let (mut extra, mut sums, mut logs) = ([0.0; 2], [5.0; 2], [5.0; 2]);
        soften_panel(&mut scores, 3, Some(&mut extra), &mut sums, Some(&mut logs));
        assert_eq!((scores, extra), ([0.0; 8], [1.0; 2]));
        assert_eq!((sums, logs), ([1.0; 2], [0.0; 2]));
        // far below, too, and far above
        for (z, weight) in [(-1e30, 1.0), (1e30, 0.0)] {
            let mut row = [3.0];
            assert_eq!(softmax_beside(&mut row, z), 1.0 - weight);
            assert_eq!(row, [weight]);
        }
    }

    #[test]
    fn a_panel_back_is_the_derivative_of_softmax() {
        for width in [32, 16, 8, 4, 2, 1] {
            let queries = width + 5;
            let (mut p, scores) = waves(queries * width, 1);
            let (mut dp, dp64) = waves(queries * width, 2);
            let [(logs, logs64), (levels, levels64)] = [waves(queries, 3), waves(queries, 4)];
            soften_panel_backward(&mut p, &mut dp, [&logs, &levels], width);
            for at in 0..queries * width {
                let (query, key) = (at / width, at % width);
                let seen = key < queries - query;
                let weight = if seen {
                    (scores[at] - logs64[query]).exp()
                } else {
                    0.0
                };
                let slope = weight * (dp64[at] - levels64[query]);
                assert_close(&[p[at], dp[at]], &[weight, slope], 1e-5);
            }
        }
    }
}
