//! The sequence of Sobol with the direction numbers of Joe & Kuo.

/// Dimensions for which there are direction numbers.
pub(super) const DIMENSIONS: usize = DIRECTIONS.len();

/// Bits of a coordinate.
const BITS: usize = 32;

/// Primitive polynomial (its coefficients as bits) and first direction numbers m_1, m_2, ... of each dimension: file
/// `new-joe-kuo-6.21201` of Joe & Kuo 2008, "Constructing Sobol sequences with better two-dimensional projections", SIAM
/// J. Sci. Comput. 30, 2635, <https://web.maths.unsw.edu.au/~fkuo/sobol/>.
const DIRECTIONS: [(u32, &[u32]); 32] = [
    (1, &[1]),
    (3, &[1]),
    (7, &[1, 3]),
    (11, &[1, 3, 1]),
    (13, &[1, 1, 1]),
    (19, &[1, 1, 3, 3]),
    (25, &[1, 3, 5, 13]),
    (37, &[1, 1, 5, 5, 17]),
    (41, &[1, 1, 5, 5, 5]),
    (47, &[1, 1, 7, 11, 19]),
    (55, &[1, 1, 5, 1, 1]),
    (59, &[1, 1, 1, 3, 11]),
    (61, &[1, 3, 5, 5, 31]),
    (67, &[1, 3, 3, 9, 7, 49]),
    (91, &[1, 1, 1, 15, 21, 21]),
    (97, &[1, 3, 1, 13, 27, 49]),
    (103, &[1, 1, 1, 15, 7, 5]),
    (109, &[1, 3, 1, 15, 13, 25]),
    (115, &[1, 1, 5, 5, 19, 61]),
    (131, &[1, 3, 7, 11, 23, 15, 103]),
    (137, &[1, 3, 7, 13, 13, 15, 69]),
    (143, &[1, 1, 3, 13, 7, 35, 63]),
    (145, &[1, 3, 5, 9, 1, 25, 53]),
    (157, &[1, 3, 1, 13, 9, 35, 107]),
    (167, &[1, 3, 1, 5, 27, 61, 31]),
    (171, &[1, 1, 5, 11, 19, 41, 61]),
    (185, &[1, 3, 5, 3, 3, 13, 69]),
    (191, &[1, 1, 7, 13, 1, 19, 1]),
    (193, &[1, 3, 7, 5, 13, 19, 59]),
    (203, &[1, 1, 3, 9, 25, 29, 41]),
    (211, &[1, 3, 5, 13, 23, 1, 55]),
    (213, &[1, 3, 7, 3, 13, 59, 17]),
];

/// The sequence in as many dimensions as it was asked for, at most [`DIMENSIONS`].
pub(super) struct Sobol {
    directions: Vec<[u32; BITS]>,
}

impl Sobol {
    pub(super) fn new(dimensions: usize) -> Self {
        let rows = DIRECTIONS.iter().take(dimensions);
        Self {
            directions: rows.map(|(poly, first)| directions(*poly, first)).collect(),
        }
    }

    /// Point `n` in the order of the Gray code, each coordinate in units of 2^-32.
    pub(super) fn point(&self, n: u32) -> impl Iterator<Item = u32> {
        let gray = n ^ (n >> 1);
        let bits = move |v: &[u32; BITS]| {
            let set = (0..BITS).filter(|k| gray >> k & 1 == 1);
            set.fold(0, |x, k| x ^ v[k])
        };
        self.directions.iter().map(bits)
    }
}

/// v_k = m_k 2^(32 - k) by the recurrence of the polynomial x^s + a_1 x^(s-1) + ... + 1:
/// v_k = a_1 v_(k-1) xor ... xor a_(s-1) v_(k-s+1) xor v_(k-s) xor v_(k-s) / 2^s.
fn directions(polynomial: u32, first: &[u32]) -> [u32; BITS] {
    let degree = polynomial.ilog2() as usize;
    let mut v = [0; BITS];
    for k in 0..BITS {
        let given = first.get(k).copied().or((degree == 0).then_some(1));
        v[k] = match given {
            Some(m) => m << (BITS - 1 - k),
            None => {
                let before = v[k - degree];
                let inner = (1..degree).filter(|i| polynomial >> (degree - i) & 1 == 1);
                inner.fold(before ^ (before >> degree), |x, i| x ^ v[k - i])
            }
        };
    }
    v
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.qmc.Sobol(32, scramble=False).random(1024)`, of which some rows: `tests/fixtures/sobol/export.py`.
    const SCIPY: &str = include_str!("../../../tests/fixtures/sobol/points.csv");

    #[test]
    fn points_are_those_of_scipy() {
        let sobol = Sobol::new(DIMENSIONS);
        let mut seen = 0;
        for line in SCIPY.lines().skip(1) {
            let mut cells = line.split(',');
            let n: u32 = cells.next().unwrap().parse().unwrap();
            let expected: Vec<f64> = cells.map(|cell| cell.parse().unwrap()).collect();
            let found: Vec<f64> = sobol
                .point(n)
                .map(|x| f64::from(x) / 2f64.powi(32))
                .collect();
            assert_eq!(found, expected, "point {n}");
            seen += 1;
        }
        assert!(seen > 20);
    }
}
