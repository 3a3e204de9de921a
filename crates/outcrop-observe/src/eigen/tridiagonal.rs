use crate::wide::vectorised;

/// A symmetric tridiagonal matrix, but for the signs beside its diagonal, which no eigenvalue depends on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tridiagonal {
    /// The diagonal.
    pub(crate) diagonal: Vec<f64>,
    /// The squares of the numbers beside it, one fewer.
    pub(crate) squares: Vec<f64>,
}

/// Below this the square of a row is taken for 0: what is left beside a diagonal of the order of 1 is 1e-140 at most.
const NOTHING: f64 = 1e-280;

impl Tridiagonal {
    /// The tridiagonal matrix that is similar to a symmetric matrix, of whose n rows of n entries the lower triangle is
    /// read (Golub and Van Loan, Matrix Computations, 8.3.1). Its first n - 1 rows and columns are similar to the first
    /// n - 1 of that matrix: no reflection touches the last.
    ///
    /// Rows are eliminated from the last to the second. One pass over what is left applies the reflection of the row before
    /// and multiplies with that of the next.
    pub(crate) fn of(mut matrix: Vec<f64>, n: usize) -> Self {
        let mut found = Self {
            diagonal: vec![0.0; n],
            squares: vec![0.0; n.saturating_sub(1)],
        };
        let [mut before, mut next] = [Reflection::new(n), Reflection::new(n)];
        for i in (1..n).rev() {
            let (rest, row) = matrix.split_at_mut(i * n);
            let row = &mut row[..=i];
            before.apply(row);
            found.diagonal[i] = row[i];
            found.squares[i - 1] = next.eliminate(&row[..i]);
            pass(rest, &before, &mut next);
            next.finish(i);
            std::mem::swap(&mut before, &mut next);
        }
        found.diagonal[0] = matrix[0];
        found
    }

    /// The 1 x 1 matrix of 1.
    pub(crate) fn one() -> Self {
        Self {
            diagonal: vec![1.0],
            squares: Vec::new(),
        }
    }

    /// The first rows and columns, all but one.
    pub(crate) fn without_last(&self) -> Self {
        let n = self.diagonal.len() - 1;
        Self {
            diagonal: self.diagonal[..n].to_vec(),
            squares: self.squares[..n.saturating_sub(1)].to_vec(),
        }
    }

    /// The sum of the diagonal.
    pub(crate) fn trace(&self) -> f64 {
        self.diagonal.iter().sum()
    }

    /// This over `scale`.
    pub(crate) fn over(mut self, scale: f64) -> Self {
        self.diagonal.iter_mut().for_each(|x| *x /= scale);
        let squares = self.squares.iter_mut();
        squares.for_each(|x| *x = *x / scale / scale);
        self
    }
}

/// A <- H A H with H = I - v v' / half: A - v q' - q v'.
struct Reflection {
    v: Vec<f64>,
    q: Vec<f64>,
    half: f64,
}

impl Reflection {
    /// None yet: it changes nothing.
    fn new(n: usize) -> Self {
        Self {
            v: vec![0.0; n],
            q: vec![0.0; n],
            half: 1.0,
        }
    }

    /// Applies it to the last row, of which the entries up to the diagonal are given.
    fn apply(&self, row: &mut [f64]) {
        let at = row.len() - 1;
        let (vi, qi) = (self.v[at], self.q[at]);
        for ((x, v), q) in row.iter_mut().zip(&self.v).zip(&self.q) {
            *x -= vi * q + qi * v;
        }
    }

    /// Becomes the reflection that leaves of a row only its last entry; the square of what is left there.
    fn eliminate(&mut self, row: &[f64]) -> f64 {
        let last = row.len() - 1;
        self.q[..=last].fill(0.0);
        let square: f64 = row.iter().map(|x| x * x).sum();
        if last == 0 || square < NOTHING {
            self.v[..=last].fill(0.0);
            self.half = 1.0;
            return if last == 0 { square } else { 0.0 };
        }
        self.v[..=last].copy_from_slice(row);
        let kept = -square.sqrt().copysign(row[last]);
        self.v[last] -= kept;
        self.half = square - row[last] * kept;
        square
    }

    /// Makes q of the products A v of the first `n` rows.
    fn finish(&mut self, n: usize) {
        let (v, q) = (&self.v[..n], &mut self.q[..n]);
        q.iter_mut().for_each(|q| *q /= self.half);
        let inner: f64 = v.iter().zip(&*q).map(|(v, q)| v * q).sum();
        let part = inner / (2.0 * self.half);
        q.iter_mut().zip(v).for_each(|(q, v)| *q -= part * v);
    }
}

/// Rows that are treated together: what is read of v, q, w and the sums serves them all.
const ROWS: usize = 4;

vectorised! {
    /// Applies the reflection `before` to rows, each up to the diagonal, and adds to q of `next` their products with v.
    fn pass<'a>(rows: &'a mut [f64], before: &'a Reflection, next: &'a mut Reflection) -> () {
        let (w, sums) = (&next.v, &mut next.q);
        let n = w.len();
        let factors = |j: usize| [before.v[j], before.q[j], w[j]];
        for (group, rows) in rows.chunks_mut(ROWS * n).enumerate() {
            let first = group * ROWS;
            let mut lines = rows.chunks_exact_mut(n);
            let mut lines: [&mut [f64]; ROWS] =
                std::array::from_fn(|_| lines.next().unwrap_or_default());
            let vectors = [&before.v[..first], &before.q[..first], &w[..first]];
            let mut inner = [0.0; ROWS];
            if lines[ROWS - 1].is_empty() {
                let there = lines.iter_mut().zip(&mut inner).enumerate();
                for (r, (line, inner)) in there.filter(|(_, (line, _))| !line.is_empty()) {
                    let one = [&mut line[..first]];
                    [*inner] = together(one, vectors, [factors(first + r)], &mut sums[..first]);
                }
            } else {
                let parts = lines.each_mut().map(|line| &mut line[..first]);
                let of_rows = std::array::from_fn(|r| factors(first + r));
                inner = together(parts, vectors, of_rows, &mut sums[..first]);
            }
            let there = lines.iter_mut().zip(inner).enumerate();
            for (r, (line, inner)) in there.filter(|(_, (line, _))| !line.is_empty()) {
                let j = first + r;
                let [vj, qj, wj] = factors(j);
                let mut own = inner;
                for k in first..j {
                    line[k] -= vj * before.q[k] + qj * before.v[k];
                    own += line[k] * w[k];
                    sums[k] += wj * line[k];
                }
                line[j] -= 2.0 * vj * qj;
                sums[j] += own + line[j] * wj;
            }
        }
    }
}

/// Of some rows a -= v_j q + q_j v; returns the inner products of a and w, and adds w_j a to `sums`. Eight numbers at a
/// time, then four: there are four times some.
#[inline(always)]
fn together<const R: usize>(
    a: [&mut [f64]; R],
    vectors: [&[f64]; 3],
    factors: [[f64; 3]; R],
    sums: &mut [f64],
) -> [f64; R] {
    let at = sums.len() / 8 * 8;
    let (sums, sums_rest) = sums.split_at_mut(at);
    let both = a.map(|a| a.split_at_mut(at));
    let mut parts: [&mut [f64]; R] = std::array::from_fn(|_| Default::default());
    let rests = both.into_iter().zip(&mut parts);
    let mut rests = rests.map(|((part, rest), place)| {
        *place = part;
        rest
    });
    let rests = std::array::from_fn(|_| rests.next().unwrap_or_default());
    let wide = by_lanes::<R, 8>(parts, vectors.map(|x| &x[..at]), factors, sums);
    let rest = by_lanes::<R, 4>(rests, vectors.map(|x| &x[at..]), factors, sums_rest);
    std::array::from_fn(|r| wide[r] + rest[r])
}

#[inline(always)]
fn by_lanes<const R: usize, const LANES: usize>(
    a: [&mut [f64]; R],
    vectors: [&[f64]; 3],
    factors: [[f64; 3]; R],
    sums: &mut [f64],
) -> [f64; R] {
    let sums = sums.as_chunks_mut::<LANES>().0;
    let [v, q, w] = vectors.map(|x| &x.as_chunks::<LANES>().0[..sums.len()]);
    let a = a.map(|a| &mut a.as_chunks_mut::<LANES>().0[..sums.len()]);
    let mut inner = [[0.0; LANES]; R];
    for (i, sums) in sums.iter_mut().enumerate() {
        let mut all = *sums;
        for r in 0..R {
            let [vj, qj, wj] = factors[r];
            // each array whole before the next, so that it is one vector
            let x: [f64; LANES] = std::array::from_fn(|k| (-vj).mul_add(q[i][k], a[r][i][k]));
            let x: [f64; LANES] = std::array::from_fn(|k| (-qj).mul_add(v[i][k], x[k]));
            all = std::array::from_fn(|k| wj.mul_add(x[k], all[k]));
            inner[r] = std::array::from_fn(|k| w[i][k].mul_add(x[k], inner[r][k]));
            a[r][i] = x;
        }
        *sums = all;
    }
    std::array::from_fn(|r| inner[r].iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2 x 2 and 3 x 3 by hand: (3, 4) is reflected to a vector of the length 5.
    #[test]
    fn small_matrices() {
        let two = Tridiagonal::of(vec![2.0, 9.0, -3.0, 1.0], 2);
        assert_eq!((two.diagonal, two.squares), (vec![2.0, 1.0], vec![9.0]));
        #[rustfmt::skip]
        let three = Tridiagonal::of(vec![
            1.0, 0.0, 0.0,
            0.0, 1.0, 0.0,
            3.0, 4.0, 7.0,
        ], 3);
        assert_eq!(three.diagonal[2], 7.0);
        assert!((three.squares[1] - 25.0).abs() < 1e-13 && three.squares[0] < 1e-30);
        assert!((three.trace() - 9.0).abs() < 1e-14);
        assert_eq!(
            Tridiagonal::of(vec![0.0; 9], 3).squares,
            vec![0.0; 2],
            "zeros"
        );
        assert_eq!(Tridiagonal::of(vec![4.0], 1).diagonal, [4.0]);
    }

    /// Trace and Frobenius norm stay, of all rows and of all but the last.
    #[test]
    fn what_reflections_keep() {
        let n = 37;
        let at = |i: usize, j: usize| ((i * j + i + j) as f64 * 0.7).sin();
        let matrix: Vec<f64> = (0..n * n).map(|k| at(k / n, k % n)).collect();
        let found = Tridiagonal::of(matrix, n);
        for (rows, found) in [(n, found.clone()), (n - 1, found.without_last())] {
            let trace: f64 = (0..rows).map(|i| at(i, i)).sum();
            let squares: f64 = (0..rows * rows)
                .map(|k| at(k / rows, k % rows).powi(2))
                .sum();
            assert!((found.trace() - trace).abs() < 1e-12);
            let of_diagonal: f64 = found.diagonal.iter().map(|x| x * x).sum();
            let all = of_diagonal + 2.0 * found.squares.iter().sum::<f64>();
            assert!((all - squares).abs() < 1e-11);
        }
    }
}
