//! Five Newton-Schulz steps towards the nearest orthogonal matrix.
//!
//! With m rows and n columns, m <= n (a taller matrix is transposed), X' X = G and q(G) = a + b G + c G^2, a step is
//! X <- q(G) X. All q(G) are polynomials of the first G, so they commute and are symmetric: half of such a product is
//! computed. A matrix that is much longer than wide is multiplied only once, by the product of the five q(G), while
//! G <- q(G) G q(G) follows; in f32 this keeps four digits of X where its singular values span seven orders of
//! magnitude, and five to six where they span three. bfloat16, in which others compute this, has two.
//!
//! Multiplications of an m x n matrix, of whole products: 5 (2 m^2 n + m^3), here 5 (1.5 m^2 n + m^3 / 2), and
//! 1.5 m^2 n + 8.5 m^3 where n >= 2 m.

use burn::tensor::Tensor;
use outcrop_gemm::{LeftMatrix, Onto, Packed, multiply_serial, transpose};

/// a, b and c of q.
const COEFFICIENTS: [f64; 3] = [3.4445, -4.7750, 2.0315];
const STEPS: usize = 5;
/// Rows of a symmetric product that are computed together, up to its diagonal.
const ROWS: usize = 48;

/// Memory of the steps.
#[derive(Default)]
pub(super) struct NewtonSchulz {
    x: Vec<f32>,
    y: Vec<f32>,
    gram: Vec<f32>,
    /// G^2, or q(G) G.
    square: Vec<f32>,
    polynomial: Vec<f32>,
    product: Vec<f32>,
    packed: Packed,
}

impl NewtonSchulz {
    /// Replaces a matrix of Frobenius norm 1, row-major.
    pub(super) fn apply(&mut self, matrix: &mut [f32], [rows, columns]: [usize; 2]) {
        let (m, n) = (rows.min(columns), rows.max(columns));
        self.x.resize(m * n, 0.0);
        self.y.resize(m * n, 0.0);
        for square in [
            &mut self.gram,
            &mut self.square,
            &mut self.polynomial,
            &mut self.product,
        ] {
            square.resize(m * m, 0.0);
        }
        match rows <= columns {
            true => self.x.copy_from_slice(matrix),
            false => transpose(matrix, columns, [rows, columns], &mut self.x, rows),
        }
        match n < 2 * m {
            true => self.step_by_step(m, n),
            false => self.at_once(m, n),
        }
        match rows <= columns {
            true => matrix.copy_from_slice(&self.x),
            false => transpose(&self.x, n, [m, n], matrix, m),
        }
    }

    fn step_by_step(&mut self, m: usize, n: usize) {
        for _ in 0..STEPS {
            self.gram(m, n);
            self.polynomial(m);
            std::mem::swap(&mut self.product, &mut self.polynomial);
            self.multiply(m, n);
        }
    }

    fn at_once(&mut self, m: usize, n: usize) {
        self.gram(m, n);
        for step in 1..=STEPS {
            self.polynomial(m);
            self.packed.pack_serial(&self.polynomial, m, m, m, 1);
            if step == 1 {
                self.product.copy_from_slice(&self.polynomial);
            } else {
                symmetric(&self.product, m, &self.packed, &mut self.square);
                std::mem::swap(&mut self.product, &mut self.square);
            }
            if step < STEPS {
                symmetric(&self.gram, m, &self.packed, &mut self.square);
                symmetric(&self.square, m, &self.packed, &mut self.gram);
            }
        }
        self.multiply(m, n);
    }

    /// G = X X'.
    fn gram(&mut self, m: usize, n: usize) {
        self.packed.pack_serial(&self.x, n, m, 1, n);
        symmetric(&self.x, n, &self.packed, &mut self.gram);
    }

    /// q(G).
    fn polynomial(&mut self, m: usize) {
        self.packed.pack_serial(&self.gram, m, m, m, 1);
        symmetric(&self.gram, m, &self.packed, &mut self.square);
        let [a, b, c] = COEFFICIENTS.map(|x| x as f32);
        let given = self.gram.iter().zip(&self.square);
        for (q, (g, h)) in self.polynomial.iter_mut().zip(given) {
            *q = b * g + c * h;
        }
        self.polynomial
            .iter_mut()
            .step_by(m + 1)
            .for_each(|q| *q += a);
    }

    /// X <- product X.
    fn multiply(&mut self, m: usize, n: usize) {
        self.packed.pack_serial(&self.x, m, n, n, 1);
        let left = LeftMatrix::new(&self.product, m);
        multiply_serial(left, &self.packed, &mut self.y, n, Onto::ZERO);
        std::mem::swap(&mut self.x, &mut self.y);
    }
}

/// C = A B, which is symmetric; A has rows of `depth` numbers.
fn symmetric(a: &[f32], depth: usize, b: &Packed, c: &mut [f32]) {
    let m = b.n();
    for first in (0..m).step_by(ROWS) {
        let last = (first + ROWS).min(m);
        let rows = LeftMatrix::new(&a[first * depth..], depth);
        let c = &mut c[first * m..last * m];
        multiply_serial(rows, b.part(depth, last), c, m, Onto::ZERO);
    }
    for first in (0..m).step_by(ROWS) {
        let last = (first + ROWS).min(m);
        let (above, below) = c.split_at_mut(last * m);
        if !below.is_empty() {
            let shape = [m - last, last - first];
            transpose(&below[first..], m, shape, &mut above[first * m + last..], m);
        }
    }
}

/// The same by operations of a backend, step by step.
pub(super) fn composed(matrix: Tensor<2>) -> Tensor<2> {
    let [rows, columns] = matrix.dims();
    let mut x = match rows <= columns {
        true => matrix,
        false => matrix.transpose(),
    };
    let [a, b, c] = COEFFICIENTS;
    for _ in 0..STEPS {
        let gram = x.clone().matmul(x.clone().transpose());
        let square = gram.clone().matmul(gram.clone());
        x = x.clone() * a + (gram * b + square * c).matmul(x);
    }
    match rows <= columns {
        true => x,
        false => x.transpose(),
    }
}
