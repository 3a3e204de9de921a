use crate::eigen::{Tridiagonal, eigenvalues_of_two};
use crate::gram;
use crate::observable::{Column, Compute, Observable};
use crate::{Found, Missing, Sample, Site, View, sums};

use super::entropy;

const fn nats(name: &'static str, meaning: &'static str) -> Column {
    Column {
        name,
        unit: "nats",
        range: [0.0, f64::INFINITY],
        meaning,
    }
}

const fn rank(name: &'static str, meaning: &'static str) -> Column {
    Column {
        name,
        unit: "directions",
        range: [1.0, f64::INFINITY],
        meaning,
    }
}

const fn share(name: &'static str, meaning: &'static str) -> Column {
    Column {
        name,
        unit: "",
        range: [0.0, 1.0],
        meaning,
    }
}

/// How many numbers a spectrum gives.
const NUMBERS: usize = 6;

/// Entropy, effective rank, stable rank and top share.
pub(crate) const VALUES: Observable = Observable {
    name: "singular_values",
    family: "spectrum",
    columns: &[
        nats("entropy_sigma", "entropy of p = sigma / sum sigma"),
        rank(
            "effective_rank_sigma",
            "exp of `entropy_sigma`: the effective rank of Roy and Vetterli",
        ),
        nats("entropy_sigma2", "entropy of p = sigma^2 / sum sigma^2"),
        rank("effective_rank_sigma2", "exp of `entropy_sigma2`"),
        rank("stable_rank", "sum sigma^2 / sigma_1^2"),
        share("top_share", "sigma_1^2 / sum sigma^2"),
        nats("entropy_sigma_later", "`entropy_sigma` without position 0"),
        rank(
            "effective_rank_sigma_later",
            "`effective_rank_sigma` without position 0",
        ),
        nats(
            "entropy_sigma2_later",
            "`entropy_sigma2` without position 0",
        ),
        rank(
            "effective_rank_sigma2_later",
            "`effective_rank_sigma2` without position 0",
        ),
        rank("stable_rank_later", "`stable_rank` without position 0"),
        share("top_share_later", "`top_share` without position 0"),
    ],
    sites: &[
        Site::ResidualStream,
        Site::Embedding,
        Site::AttentionInput,
        Site::MlpInput,
        Site::FinalNorm,
        Site::Queries,
        Site::Keys,
        Site::Values,
        Site::AttentionWrite,
        Site::MlpWrite,
    ],
    needs: "",
    convention: "singular values of the tensor as it is, not centred. Names say whether p is of sigma or of sigma^2: \
                 sigma = (3, 1) has the effective ranks 1.7548 and 1.3841. From the Gram matrix of the smaller side in \
                 f64; a sigma below sqrt(min(n, d) 2.2e-16) times the largest counts as 0",
    cost: "O(n d m + m^3) time and O(n d + m^2) memory with m = min(n, d). One reduction serves both, with position 0 and \
           without. A forward pass takes 2 to 3.5 times as long at d = 512, 1.1 to 1.5 times at d = 2048",
    source: "Roy and Vetterli 2007 (sigma); arXiv 2510.06477 (sigma^2)",
    compute: Compute::Tensor(compute),
};

/// Squares of singular values in descending order, over their sum.
type Squares = Result<Vec<f64>, Missing>;

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let squares = squares(sample.tensor()).into_iter();
    squares.flat_map(numbers).collect()
}

/// Of all rows and of those from 1 on.
fn squares(tensor: View<'_>) -> [Squares; 2] {
    let one = match sums::squares(tensor.row(0)) > 0.0 {
        true => Ok(vec![1.0]),
        false => Err(Missing::Zero),
    };
    let Some(later) = tensor.later() else {
        return [one, Err(Missing::OnePosition)];
    };
    let size = sums::squares(later.values());
    if size == 0.0 {
        return [one, Err(Missing::Zero)];
    }
    let [all, later] = tridiagonals(tensor, later, size);
    let size = all.trace();
    match eigenvalues_of_two(all.over(size), later) {
        Err(missing) => [Err(missing), Err(missing)],
        Ok(both) => both.map(|found| Ok(gram::descending(found))),
    }
}

/// Two tridiagonal matrices from one reduction, which never touches the last row, that of position 0: of its own tensor
/// without it, and of what is left when it is removed.
fn tridiagonals(tensor: View<'_>, later: View<'_>, size: f64) -> [Tridiagonal; 2] {
    if tensor.rows() <= tensor.columns() {
        let all = gram::of_reversed_rows(tensor).tridiagonal(size);
        let later = all.without_last();
        return [all, later];
    }
    // X'X is x x' more than without position 0, whose row is x; reflections make x one number in the last row
    let border: Vec<f64> = tensor.row(0).iter().map(|x| f64::from(*x)).collect();
    let zero = vec![0.0; tensor.columns()];
    let bordered = gram::of_columns(later, &zero).bordered(&border, size.sqrt());
    let bordered = bordered.tridiagonal(size);
    let later = bordered.without_last();
    let mut all = later.clone();
    let last = all.diagonal.len() - 1;
    all.diagonal[last] += bordered.squares[last];
    [all, later]
}

fn numbers(squares: Squares) -> Vec<Found> {
    let squares = match squares {
        Err(missing) => return vec![Err(missing); NUMBERS],
        Ok(squares) => squares,
    };
    let of_sigma = entropy(squares.iter().map(|square| square.sqrt()));
    let of_squares = entropy(squares.iter().copied());
    let top = squares[0] / squares.iter().sum::<f64>();
    vec![
        Ok(of_sigma),
        Ok(of_sigma.exp()),
        Ok(of_squares),
        Ok(of_squares.exp()),
        Ok(1.0 / top),
        Ok(top),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DMatrix;

    /// Scalars between -1 and 1 that follow no rule.
    fn tensor(rows: usize, columns: usize, first: f32) -> Vec<f32> {
        let mut state = (rows * 1000 + columns) as u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        let mut values: Vec<f32> = (0..rows * columns).map(|_| next()).collect();
        values[..columns].iter_mut().for_each(|x| *x *= first);
        values
    }

    fn assert_singular(found: &Squares, rows: View<'_>) {
        let found = found.as_ref().unwrap();
        let values = rows.values().iter().map(|x| f64::from(*x));
        let matrix = DMatrix::from_row_iterator(rows.rows(), rows.columns(), values);
        let known = matrix.singular_values();
        let sum: f64 = known.iter().map(|sigma| sigma * sigma).sum();
        assert_eq!(found.len(), known.len());
        for (found, sigma) in found.iter().zip(&known) {
            let known = sigma * sigma / sum;
            assert!((found - known).abs() < 1e-13, "{found}, expected {known}");
        }
    }

    /// Wide, square and tall, with a first row that is like the others, larger by far, and zero.
    #[test]
    fn squares_are_those_of_a_decomposition() {
        for (rows, columns) in [(2, 1), (2, 5), (9, 31), (20, 20), (21, 20), (70, 33)] {
            for first in [1.0, 3e4, 0.0] {
                let values = tensor(rows, columns, first);
                let view = View::new(&values, columns).unwrap();
                let [all, later] = squares(view);
                assert_singular(&all, view);
                assert_singular(&later, view.later().unwrap());
            }
        }
    }

    #[test]
    fn of_nothing_but_zeros() {
        let of = |values: &[f32]| squares(View::new(values, 2).unwrap());
        let one = || Ok(vec![1.0]);
        assert_eq!(of(&[3.0, 4.0]), [one(), Err(Missing::OnePosition)]);
        assert_eq!(
            of(&[0.0; 2]),
            [Err(Missing::Zero), Err(Missing::OnePosition)]
        );
        assert_eq!(of(&[0.0; 6]), [Err(Missing::Zero), Err(Missing::Zero)]);
        assert_eq!(of(&[3.0, 4.0, 0.0, 0.0]), [one(), Err(Missing::Zero)]);
    }
}
