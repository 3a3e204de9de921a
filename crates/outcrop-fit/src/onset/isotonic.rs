//! The best monotone fit of a sequence.

/// Whether values rise or fall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Up,
    Down,
}

/// A monotone fit by least squares.
#[derive(Clone, Debug)]
pub(super) struct Monotone {
    pub(super) direction: Direction,
    pub(super) fitted: Vec<f64>,
    /// 1 - SSE / sum of squares about the mean, 0 to 1.
    pub(super) r2: f64,
}

/// The rising or the falling fit, whichever is closer; the rising one where both are.
pub(super) fn monotone(values: &[f64]) -> Monotone {
    let (up, down) = (
        towards(values, Direction::Up),
        towards(values, Direction::Down),
    );
    match down.r2 > up.r2 {
        true => down,
        false => up,
    }
}

pub(super) fn towards(values: &[f64], direction: Direction) -> Monotone {
    let fitted = match direction {
        Direction::Up => rising(values.iter().copied(), values.len()),
        Direction::Down => {
            let mut fitted = rising(values.iter().rev().copied(), values.len());
            fitted.reverse();
            fitted
        }
    };
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let about: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    let error: f64 = values
        .iter()
        .zip(&fitted)
        .map(|(v, f)| (v - f).powi(2))
        .sum();
    Monotone {
        direction,
        fitted,
        r2: match about > 0.0 {
            true => (1.0 - error / about).clamp(0.0, 1.0),
            false => 0.0,
        },
    }
}

/// The rising fit by pooling adjacent violators.
fn rising(values: impl Iterator<Item = f64>, n: usize) -> Vec<f64> {
    let mut blocks: Vec<(f64, usize)> = Vec::with_capacity(n);
    for value in values {
        blocks.push((value, 1));
        while let [.., (a, n), (b, m)] = blocks[..]
            && a >= b
        {
            blocks.pop();
            let last = blocks.len() - 1;
            blocks[last] = ((a * n as f64 + b * m as f64) / (n + m) as f64, n + m);
        }
    }
    let pooled = blocks
        .into_iter()
        .flat_map(|(mean, n)| std::iter::repeat_n(mean, n));
    pooled.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `sklearn.isotonic.IsotonicRegression` has it for these values.
    #[test]
    fn pooling_by_hand() {
        let fit = towards(&[1.0, 3.0, 2.0, 2.0, 5.0, 4.0], Direction::Up);
        let third = 7.0 / 3.0;
        assert_eq!(fit.fitted, [1.0, third, third, third, 4.5, 4.5]);
        assert_eq!(towards(&[3.0, 2.0, 1.0], Direction::Down).r2, 1.0);
        assert_eq!(towards(&[3.0, 2.0, 1.0], Direction::Up).r2, 0.0);
        assert_eq!(monotone(&[3.0, 2.0, 1.0]).direction, Direction::Down);
    }
}
