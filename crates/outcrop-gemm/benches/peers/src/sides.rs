//! outcrop-gemm and its peers, each called as it is best for it: no copies, C overwritten or added to in the
//! product itself.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use gemm::{Parallelism, gemm};
use matrixmultiply::sgemm;
use outcrop_gemm::{Onto, Packed, LeftMatrix, multiply, multiply_packing, multiply_serial};

use crate::product::Product;

/// One that multiplies.
pub(crate) struct Side<'a> {
    pub(crate) name: &'static str,
    /// Is given A, B and C.
    pub(crate) multiply: Multiply<'a>,
}

type Multiply<'a> = Box<dyn FnMut(&[f32], &[f32], &mut [f32]) + Send + 'a>;

/// All of them; `b` is packed here for the one that has it packed before.
pub(crate) fn sides(product: Product, b: &[f32], threads: usize) -> Vec<Side<'static>> {
    let before = Packed::new(b, product.k, product.n);
    let mut packed = before.clone();
    let one = threads == 1;
    let side = |name, multiply| Side { name, multiply };
    vec![
        side(
            "packed",
            Box::new(move |a, _, c| ours(product, one, a, &before, c)),
        ),
        side(
            "packing",
            Box::new(move |a, b, c| {
                let Product { k, n, .. } = product;
                if one {
                    let (a, onto) = left(product, a);
                    return multiply_packing(a, b, n, &mut packed, c, n, onto);
                }
                packed.pack(b, k, n, n, 1);
                ours(product, one, a, &packed, c);
            }),
        ),
        side(
            "gemm",
            Box::new(move |a, b, c| with_gemm(product, threads, a, b, c)),
        ),
        // its threads are set by MATMUL_NUM_THREADS
        side(
            "matrixmultiply",
            Box::new(move |a, b, c| with_matrixmultiply(product, a, b, c)),
        ),
        side(
            "faer",
            Box::new(move |a, b, c| with_faer(product, threads, a, b, c)),
        ),
    ]
}

fn left(product: Product, a: &[f32]) -> (LeftMatrix<'_>, Onto<'static>) {
    if product.gradient {
        (LeftMatrix::transposed(a, product.m), Onto::C)
    } else {
        (LeftMatrix::new(a, product.k), Onto::ZERO)
    }
}

fn ours(product: Product, one: bool, a: &[f32], b: &Packed, c: &mut [f32]) {
    let (a, onto) = left(product, a);
    if one {
        multiply_serial(a, b, c, product.n, onto);
    } else {
        multiply(a, b, c, product.n, onto);
    }
}

/// # Panics
/// Where a matrix is smaller than `product` says, which those who take pointers would not see.
fn fits(product: Product, a: &[f32], b: &[f32], c: &[f32]) {
    let Product { m, k, n, .. } = product;
    assert_eq!([a.len(), b.len(), c.len()], [m * k, k * n, m * n]);
}

fn with_gemm(product: Product, threads: usize, a: &[f32], b: &[f32], c: &mut [f32]) {
    fits(product, a, b, c);
    let Product { gradient, m, k, n } = product;
    let [row, column] = product.strides().map(|stride| stride as isize);
    let parallelism = match threads {
        1 => Parallelism::None,
        _ => Parallelism::Rayon(threads),
    };
    let (no, n_stride) = (false, n as isize);
    // SAFETY: the slices hold these matrices, and C is borrowed alone
    unsafe {
        gemm(
            m,
            n,
            k,
            c.as_mut_ptr(),
            1,
            n_stride,
            gradient,
            a.as_ptr(),
            column,
            row,
            b.as_ptr(),
            1,
            n_stride,
            1.0,
            1.0,
            no,
            no,
            no,
            parallelism,
        );
    }
}

fn with_matrixmultiply(product: Product, a: &[f32], b: &[f32], c: &mut [f32]) {
    fits(product, a, b, c);
    let Product { gradient, m, k, n } = product;
    let [row, column] = product.strides().map(|stride| stride as isize);
    let (beta, n_stride) = (f32::from(u8::from(gradient)), n as isize);
    // SAFETY: the slices hold these matrices, and C is borrowed alone
    unsafe {
        sgemm(
            m,
            k,
            n,
            1.0,
            a.as_ptr(),
            row,
            column,
            b.as_ptr(),
            n_stride,
            1,
            beta,
            c.as_mut_ptr(),
            n_stride,
            1,
        );
    }
}

fn with_faer(product: Product, threads: usize, a: &[f32], b: &[f32], c: &mut [f32]) {
    let Product { gradient, m, k, n } = product;
    let (a, accum) = if gradient {
        (MatRef::from_column_major_slice(a, m, k), Accum::Add)
    } else {
        (MatRef::from_row_major_slice(a, m, k), Accum::Replace)
    };
    let par = match threads {
        1 => Par::Seq,
        _ => Par::rayon(threads),
    };
    let b = MatRef::from_row_major_slice(b, k, n);
    let c = MatMut::from_row_major_slice_mut(c, m, n);
    matmul(c, accum, a, b, 1.0, par);
}
