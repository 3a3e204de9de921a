use std::f64::consts::PI;

use crate::{Found, Missing};

/// The differential entropy of points in nats by Kozachenko and Leonenko:
/// psi(N) - psi(k) + ln V_d + d mean(ln r), where r is the distance of a point to its `k`-th neighbour and V_d the volume
/// of the unit ball of `dimensions`. `points` are [N, dimensions], row-major.
///
/// Computes all N^2 distances, in memory for N of them.
///
/// # Errors
/// [`Missing::TooShort`] for `k` points or fewer, or without dimensions; [`Missing::Coincident`] where `k` neighbours
/// coincide with a point; [`Missing::NotFinite`].
///
/// ```
/// // Evenly spaced points at distance 1: those inside have their nearest neighbour there.
/// let points: Vec<f64> = (0..1000).map(f64::from).collect();
/// let found = outcrop_observe::differential_entropy(&points, 1, 1).expect("they are apart");
/// // psi(1000) - psi(1) + ln 2: that of 1000 points at random is ln 1000
/// assert!((found - (6.9072553 + 0.5772157 + 0.6931472)).abs() < 1e-6);
/// ```
pub fn differential_entropy(points: &[f64], dimensions: usize, k: usize) -> Found {
    if dimensions == 0 || k == 0 {
        return Err(Missing::TooShort);
    }
    let rows: Vec<usize> = (0..points.len() / dimensions).collect();
    of_rows(points, dimensions, &rows, k)
}

/// The mutual information of two variables of the same N points: H(x) + H(y) - H(x, y), each entropy by
/// [`differential_entropy`]. A Gaussian pair with correlation rho has -ln(1 - rho^2) / 2.
///
/// # Errors
/// As [`differential_entropy`]; [`Missing::NotGiven`] where there are not as many x as y.
pub fn mutual_information(x: (&[f64], usize), y: (&[f64], usize), k: usize) -> Found {
    let [of_x, of_y] = [
        differential_entropy(x.0, x.1, k)?,
        differential_entropy(y.0, y.1, k)?,
    ];
    if x.0.len() / x.1 != y.0.len() / y.1 {
        return Err(Missing::NotGiven);
    }
    let both = x.0.chunks_exact(x.1).zip(y.0.chunks_exact(y.1));
    let both: Vec<f64> = both.flat_map(|(x, y)| x.iter().chain(y)).copied().collect();
    Ok(of_x + of_y - differential_entropy(&both, x.1 + y.1, k)?)
}

/// The entropy of some of the points.
pub(super) fn of_rows(points: &[f64], dimensions: usize, rows: &[usize], k: usize) -> Found {
    let n = rows.len();
    if n <= k {
        return Err(Missing::TooShort);
    }
    let point = |row: usize| &points[row * dimensions..][..dimensions];
    let mut sum = 0.0;
    let mut nearest = Vec::with_capacity(n - 1);
    for row in rows {
        nearest.clear();
        let others = rows.iter().filter(|other| *other != row);
        nearest.extend(others.map(|other| squared_distance(point(*row), point(*other))));
        let (_, square, _) = nearest.select_nth_unstable_by(k - 1, f64::total_cmp);
        match *square {
            0.0 => return Err(Missing::Coincident),
            square if !square.is_finite() => return Err(Missing::NotFinite),
            square => sum += square.ln() / 2.0,
        }
    }
    let d = dimensions as f64;
    Ok(digamma(n) - digamma(k) + ln_ball(dimensions) + d * sum / n as f64)
}

fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// psi of a whole number from 1: the harmonic number before it, less Euler's constant.
fn digamma(n: usize) -> f64 {
    const EULER: f64 = 0.577_215_664_901_532_9;
    (1..n).map(|i| 1.0 / i as f64).sum::<f64>() - EULER
}

/// ln of the volume of the unit ball: V_d = V_(d - 2) 2 pi / d.
fn ln_ball(dimensions: usize) -> f64 {
    match dimensions {
        0 => 0.0,
        1 => 2f64.ln(),
        d => ln_ball(d - 2) + (2.0 * PI / d as f64).ln(),
    }
}
