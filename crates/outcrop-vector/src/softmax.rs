//! Softmax of a row, and down the columns of a panel, forward and backward.

use crate::elementary::exp;
use crate::sums::{maximum, sum};
use crate::vectorised;

/// Keys whose weights are added up before the sum is added to that of others: fewer roundings.
const KEYS: usize = 64;

vectorised! {
    /// x becomes exp(scale x) / sum over the row of exp(scale x'), for a `scale` of 0 or more.
    pub fn softmax<'a>(row: &'a mut [f32], scale: f32) -> () {
        let most = maximum(row);
        row.iter_mut().for_each(|x| *x = exp(scale * (*x - most)));
        let factor = 1.0 / sum(row, row, |x, _| x);
        row.iter_mut().for_each(|x| *x *= factor);
    }
}

/// Runs a function of the width of panels for the one that is there, known to the compiler.
macro_rules! by_width {
    ($width:expr, $function:ident($($given:expr),*)) => {
        match $width {
            32 => $function::<32>($($given),*),
            16 => $function::<16>($($given),*),
            8 => $function::<8>($($given),*),
            4 => $function::<4>($($given),*),
            2 => $function::<2>($($given),*),
            width => panic!("panels of {width} columns"),
        }
    };
}

vectorised! {
    /// Makes softmax weights of a panel of scores [keys, queries], but for the division by their sums: in
    /// each column, which is a query, becomes score s of a key, which is a row, exp(s - largest). Column c
    /// sees the rows to `first` + c; the others become 0. `sums` are those of the columns; where they are asked for,
    /// `log_sums` are ln sum exp(s), and `depths` sum exp(s - largest) (largest - s): of sums S and depths D is the
    /// entropy of a column ln S + D / S.
    ///
    /// # Panics
    /// Where the number of sums is not 2, 4, 8, 16 or 32: two vectors of some machine.
    pub fn soften_panel<'a>(
        scores: &'a mut [f32],
        first: usize,
        sums: &'a mut [f32],
        log_sums: Option<&'a mut [f32]>,
        depths: Option<&'a mut [f32]>,
    ) -> () {
        by_width!(sums.len(), soften(scores, first, sums, log_sums, depths));
    }
}

#[inline(always)]
fn soften<const W: usize>(
    scores: &mut [f32],
    first: usize,
    sums: &mut [f32],
    log_sums: Option<&mut [f32]>,
    mut depths: Option<&mut [f32]>,
) {
    let rows = scores.as_chunks_mut::<W>().0;
    // hidden from column c: the rows after first + c
    let hidden = |key: usize| key.saturating_sub(first).min(W);
    for (key, row) in rows.iter_mut().enumerate().skip(first) {
        row[..hidden(key)].fill(f32::NEG_INFINITY);
    }
    let mut most = [f32::NEG_INFINITY; W];
    for row in rows.iter() {
        for (most, x) in most.iter_mut().zip(row) {
            *most = if *x > *most { *x } else { *most };
        }
    }
    sums.fill(0.0);
    for block in rows.chunks_mut(KEYS) {
        let partial = match &mut depths {
            None => weigh(block, &most),
            Some(depths) => weigh_deep(block, &most, depths),
        };
        let sums = sums.iter_mut().zip(partial);
        sums.for_each(|(sum, part)| *sum += part);
    }
    for (key, row) in rows.iter_mut().enumerate().skip(first) {
        row[..hidden(key)].fill(0.0);
    }
    let logs = log_sums.into_iter().flatten();
    for ((log, sum), most) in logs.zip(sums).zip(most) {
        *log = most + sum.ln();
    }
}

/// The scores of some keys become exp(s - largest); the sums of the columns.
#[inline(always)]
fn weigh<const W: usize>(rows: &mut [[f32; W]], most: &[f32; W]) -> [f32; W] {
    let mut sums = [0.0f32; W];
    for row in rows {
        for c in 0..W {
            row[c] = exp(row[c] - most[c]);
            sums[c] += row[c];
        }
    }
    sums
}

/// As [`weigh`], and adds exp(s - largest) (largest - s) to `depths`.
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
    /// Where the width `panel` is not 2, 4, 8, 16 or 32.
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
            let (mut plain, mut depths) = (weights.clone(), vec![0.0; width]);
            soften_panel(&mut plain, first, &mut vec![0.0; width], None, None);
            soften_panel(
                &mut weights,
                first,
                &mut sums,
                Some(&mut logs),
                Some(&mut depths),
            );
            assert_eq!(weights, plain, "the same bits");
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
    fn a_panel_back_is_the_derivative_of_softmax() {
        for width in [32, 16, 8, 4, 2] {
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
