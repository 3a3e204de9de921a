//! What is multiplied, and what should come out.

use std::str::FromStr;

/// C = A B, or of a weight's gradient C += X' B, with C of m x n, A of m x k and B of k x n, all by rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product {
    pub(crate) gradient: bool,
    pub(crate) m: usize,
    pub(crate) k: usize,
    pub(crate) n: usize,
}

impl FromStr for Product {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let mut parts = text.split(':');
            let gradient = match parts.next()? {
                "gradient" => true,
                "product" => false,
                _ => return None,
            };
            let mut size = || parts.next()?.parse().ok();
            let (m, k, n) = (size()?, size()?, size()?);
            Some(Self { gradient, m, k, n })
        };
        read().ok_or_else(|| format!("read KIND:M:K:N from `{text}`"))
    }
}

impl Product {
    /// From one row of A to the next, and from one column to the next.
    pub(crate) fn strides(&self) -> [usize; 2] {
        if self.gradient {
            [1, self.m]
        } else {
            [self.k, 1]
        }
    }

    /// # Panics
    /// Where `c` is farther from `expected` than rounding can put it.
    pub(crate) fn check(&self, name: &str, c: &[f32], expected: &[f64]) {
        let differences = c
            .iter()
            .zip(expected)
            .map(|(c, e)| (f64::from(*c) - e).abs());
        let worst = differences.fold(0.0, f64::max);
        // terms are below 1, so sums below k, each of k additions off by half a unit in the last place
        let limit = self.k as f64 * f64::from(f32::EPSILON) * (self.k as f64).sqrt();
        assert!(worst <= limit, "{name} is off by {worst:e} in {self:?}");
    }
}

/// A B in f64, added to `start` where it is a gradient.
pub(crate) fn naive(product: Product, a: &[f32], b: &[f32], start: &[f32]) -> Vec<f64> {
    let Product { gradient, m, k, n } = product;
    let [row, column] = product.strides();
    let start = start
        .iter()
        .map(|c| if gradient { f64::from(*c) } else { 0.0 });
    let mut c: Vec<f64> = start.collect();
    for i in 0..m {
        let line = &mut c[i * n..][..n];
        for p in 0..k {
            let a = f64::from(a[i * row + p * column]);
            let b = &b[p * n..][..n];
            line.iter_mut()
                .zip(b)
                .for_each(|(c, b)| *c += a * f64::from(*b));
        }
    }
    c
}

/// Numbers that look random, between -1 and 1.
pub(crate) fn numbers(n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..n).map(|_| next()).collect()
}
