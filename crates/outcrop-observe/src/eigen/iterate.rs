use super::Tridiagonal;
use crate::Missing;

/// How often one eigenvalue may be refined.
const ROUNDS: usize = 60;

/// The eigenvalues of two tridiagonal matrices, each in no order, by the QL method without square roots (Pal, Walker and
/// Kahan; Parlett, The Symmetric Eigenvalue Problem, 8.15). Their error is of the order of the rounding error of the
/// largest. Each number of a sweep waits for the one before, so that two sweeps at once take little longer than one.
///
/// # Errors
/// [`Missing::NotConverged`].
pub(crate) fn eigenvalues_of_two(a: Tridiagonal, b: Tridiagonal) -> Result<[Vec<f64>; 2], Missing> {
    let (mut a, mut b) = (Values::new(a), Values::new(b));
    loop {
        match (a.sweep()?, b.sweep()?) {
            (None, None) => return Ok([a.diagonal, b.diagonal]),
            (Some(sweep), None) => a.run(sweep),
            (None, Some(sweep)) => b.run(sweep),
            (Some(mut one), Some(mut two)) => {
                for _ in 0..one.left().min(two.left()) {
                    one.step(&mut a.diagonal, &mut a.squares);
                    two.step(&mut b.diagonal, &mut b.squares);
                }
                a.run(one);
                b.run(two);
            }
        }
    }
}

/// What becomes the eigenvalues.
struct Values {
    diagonal: Vec<f64>,
    /// The squares beside it, and a 0.
    squares: Vec<f64>,
    /// The first that is not found.
    first: usize,
    rounds: usize,
    /// A square beside two entries that are smaller is compared with this.
    floor: f64,
}

impl Values {
    fn new(of: Tridiagonal) -> Self {
        let largest = of.diagonal.iter().fold(0.0f64, |most, x| most.max(x.abs()));
        let mut squares = of.squares;
        squares.push(0.0);
        Self {
            floor: (0.1 * largest).powi(2),
            diagonal: of.diagonal,
            squares,
            first: 0,
            rounds: 0,
        }
    }

    /// The next sweep; none where all eigenvalues are found.
    fn sweep(&mut self) -> Result<Option<Sweep>, Missing> {
        let last = self.diagonal.len() - 1;
        while self.first < last {
            let small = |m: &usize| {
                let size = (self.diagonal[*m] * self.diagonal[*m + 1]).abs() + self.floor;
                self.squares[*m] <= f64::EPSILON * f64::EPSILON * size
            };
            let end = (self.first..last).find(small).unwrap_or(last);
            self.squares[end] = 0.0;
            if end > self.first {
                self.rounds += 1;
                return match self.rounds > ROUNDS {
                    true => Err(Missing::NotConverged),
                    false => Ok(Some(Sweep::new(self, end))),
                };
            }
            self.first += 1;
            self.rounds = 0;
        }
        Ok(None)
    }

    /// The rest of a sweep.
    fn run(&mut self, mut sweep: Sweep) {
        for _ in 0..sweep.left() {
            sweep.step(&mut self.diagonal, &mut self.squares);
        }
        self.squares[sweep.first] = sweep.s * sweep.p;
        self.diagonal[sweep.first] = sweep.shift + sweep.gamma;
    }
}

/// One QL step with Wilkinson's shift on a block, from its end to its first row.
struct Sweep {
    first: usize,
    /// The row above the next.
    at: usize,
    shift: f64,
    c: f64,
    s: f64,
    gamma: f64,
    p: f64,
}

impl Sweep {
    fn new(of: &Values, end: usize) -> Self {
        let first = of.first;
        let root = of.squares[first].sqrt();
        let half = (of.diagonal[first + 1] - of.diagonal[first]) / (2.0 * root);
        let far = half + half.hypot(1.0).copysign(half);
        let shift = of.diagonal[first] - root / far;
        let gamma = of.diagonal[end] - shift;
        Self {
            first,
            at: end,
            shift,
            c: 1.0,
            s: 0.0,
            gamma,
            p: gamma * gamma,
        }
    }

    /// How many rows are left.
    fn left(&self) -> usize {
        self.at - self.first
    }

    #[inline(always)]
    fn step(&mut self, diagonal: &mut [f64], squares: &mut [f64]) {
        let i = self.at - 1;
        let (square, alpha) = (squares[i], diagonal[i]);
        let r = self.p + square;
        squares[i + 1] = self.s * r;
        let (c, s) = (self.p / r, square / r);
        let gamma = c * (alpha - self.shift) - s * self.gamma;
        diagonal[i + 1] = self.gamma + (alpha - gamma);
        // gamma^2 / c, in the order in which it is known first; where p is next to nothing, what that becomes
        self.p = match self.p > 1e-200 {
            true => gamma * gamma * (r / self.p),
            false => self.c * square,
        };
        (self.c, self.s, self.gamma, self.at) = (c, s, gamma, i);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eigenvalues(of: Tridiagonal) -> Result<Vec<f64>, Missing> {
        let [found, one] = eigenvalues_of_two(of, Tridiagonal::one())?;
        assert_eq!(one, [1.0]);
        Ok(found)
    }

    fn sorted(of: Tridiagonal) -> Vec<f64> {
        let mut found = eigenvalues(of).unwrap();
        found.sort_by(f64::total_cmp);
        found
    }

    /// The second difference of n points has the eigenvalues 2 - 2 cos(k pi / (n + 1)).
    fn second_difference(n: usize) -> (Tridiagonal, Vec<f64>) {
        let value = |k: usize| 2.0 - 2.0 * (k as f64 * std::f64::consts::PI / (n + 1) as f64).cos();
        let of = Tridiagonal {
            diagonal: vec![2.0; n],
            squares: vec![1.0; n - 1],
        };
        (of, (1..=n).map(value).collect())
    }

    #[test]
    fn of_the_second_difference() {
        for n in [2, 3, 40, 301] {
            let (of, known) = second_difference(n);
            for (found, known) in sorted(of).into_iter().zip(known) {
                assert!((found - known).abs() < 1e-13, "{n}");
            }
        }
    }

    #[test]
    fn of_two_are_those_of_each() {
        let (a, b) = (second_difference(17).0, second_difference(40).0);
        let both = eigenvalues_of_two(a.clone(), b.clone()).unwrap();
        assert_eq!(both, [eigenvalues(a).unwrap(), eigenvalues(b).unwrap()]);
    }

    #[test]
    fn of_a_diagonal_of_zeros_and_of_one_number() {
        let of = |diagonal: &[f64]| Tridiagonal {
            diagonal: diagonal.to_vec(),
            squares: vec![0.0; diagonal.len() - 1],
        };
        assert_eq!(eigenvalues(of(&[3.0, 1.0, 2.0])), Ok(vec![3.0, 1.0, 2.0]));
        assert_eq!(eigenvalues(of(&[0.0; 4])), Ok(vec![0.0; 4]));
        assert_eq!(eigenvalues(of(&[5.0])), Ok(vec![5.0]));
    }

    /// Entries from 1 to 1e-12: as close as the largest rounds.
    #[test]
    fn of_a_graded_matrix() {
        let of = Tridiagonal {
            diagonal: (0..13).map(|k| 10f64.powi(-k)).collect(),
            squares: vec![0.0; 12],
        };
        let mut turned = of.clone();
        turned.squares = (0..12).map(|k| 10f64.powi(-2 * k - 2) * 0.09).collect();
        let (plain, turned) = (sorted(of).iter().sum::<f64>(), sorted(turned));
        assert!((turned.iter().sum::<f64>() - plain).abs() < 1e-15);
        assert!(turned.iter().all(|x| *x > 0.0));
    }

    #[test]
    fn what_is_not_finite_does_not_converge() {
        let of = Tridiagonal {
            diagonal: vec![1.0, f64::NAN, 1.0],
            squares: vec![1.0, 1.0],
        };
        assert_eq!(eigenvalues(of), Err(Missing::NotConverged));
    }
}
