//! Softmax down the columns of a panel, forward and backward.

use pulp::{Arch, Simd, WithSimd};

use super::vector::{exp, vectorised};

/// Keys whose weights are added up before the sum is added to that of others: fewer roundings.
const KEYS: usize = 64;

/// Runs a function of the width of panels for the one that is there, known to the compiler.
macro_rules! by_width {
    ($width:expr, $function:ident($($given:expr),*)) => {
        match $width {
            32 => $function::<32>($($given),*),
            16 => $function::<16>($($given),*),
            8 => $function::<8>($($given),*),
            4 => $function::<4>($($given),*),
            2 => $function::<2>($($given),*),
            width => unreachable!("panels of {width} columns"),
        }
    };
}

vectorised! {
    /// Makes softmax weights of a panel of scores [keys, queries], but for the division by their sums: in
    /// each column, which is a query, becomes score s of a key, which is a row, exp(s - largest). Column c
    /// sees the rows to `first` + c; the others become 0. `sums` are those of the columns, `log_sums`
    /// ln sum exp(s).
    fn soften_panel<'a>(
        scores: &'a mut [f32],
        first: usize,
        sums: &'a mut [f32],
        log_sums: &'a mut [f32],
    ) -> () {
        by_width!(sums.len(), soften(scores, first, sums, log_sums));
    }
}

#[inline(always)]
fn soften<const W: usize>(
    scores: &mut [f32],
    first: usize,
    sums: &mut [f32],
    log_sums: &mut [f32],
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
        let mut partial = [0.0f32; W];
        for row in block {
            for c in 0..W {
                row[c] = exp(row[c] - most[c]);
                partial[c] += row[c];
            }
        }
        let sums = sums.iter_mut().zip(partial);
        sums.for_each(|(sum, part)| *sum += part);
    }
    for (key, row) in rows.iter_mut().enumerate().skip(first) {
        row[..hidden(key)].fill(0.0);
    }
    for ((log, sum), most) in log_sums.iter_mut().zip(sums).zip(most) {
        *log = most + sum.ln();
    }
}

vectorised! {
    /// Panels [queries, keys], the last query first: scores become weights p = exp(s - log sum), and what
    /// they get from the gradients, dp, becomes the gradient of the scores p (dp - level), with `known`
    /// log sums and levels by query. The last row sees one key, the row before it two, and so on.
    fn soften_panel_backward<'a>(
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
