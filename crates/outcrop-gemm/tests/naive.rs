//! Against sums in f64, by every kernel that this machine has.

use outcrop_gemm::{
    Left, LeftMatrix, Onto, Packed, ProductKernel, multiply, multiply_beside, multiply_packing,
    multiply_serial, panel_width,
};
use proptest::prelude::*;

/// Numbers that look random, between -1 and 1.
fn numbers(n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

/// B by rows, packed for a kernel.
fn by_rows(kernel: ProductKernel, b: &[f32], k: usize, n: usize) -> Packed {
    let mut packed = Packed::of(kernel);
    packed.pack(b, k, n, n, 1);
    packed
}

/// B = W', packed for a kernel.
fn transposed(kernel: ProductKernel, w: &[f32], n: usize, k: usize) -> Packed {
    let mut packed = Packed::of(kernel);
    packed.pack(w, k, n, 1, k);
    packed
}

/// One of the kernels of this machine, by chance.
fn kernel() -> impl Strategy<Value = ProductKernel> {
    prop::sample::select(vec![ProductKernel::Vectors, ProductKernel::best()])
}

proptest! {
    #[test]
    fn products_of_any_shape(kernel in kernel(), m in 1usize..150, k in 0usize..80, n in 1usize..100, pad in 0usize..5, seed in 0u32..1000) {
        let (sa, sc) = (k + pad + 1, n + pad);
        let (a, w) = (numbers(m * sa, seed), numbers(n * k, seed + 1));
        let start = numbers(m * sc, seed + 2);
        let lines: Vec<f32> = (0..k * n).map(|i| w[(i % n) * k + i / n]).collect();
        let bias = numbers(n, seed + 3);
        let packs = [transposed(kernel, &w, n, k), by_rows(kernel, &lines, k, n)];
        for (kind, packed) in packs.iter().cycle().enumerate().take(4) {
            let bias = (kind > 1).then_some(bias.as_slice());
            let onto = Onto { c: kind % 2 == 1, bias };
            let mut c = start.clone();
            multiply(LeftMatrix::new(&a, sa), packed, &mut c, sc, onto);
            let mut serial = start.clone();
            multiply_serial(LeftMatrix::new(&a, sa), packed, &mut serial, sc, onto);
            prop_assert_eq!(&c, &serial);
            for i in 0..m {
                for j in 0..sc {
                    let terms = (0..k).map(|p| f64::from(a[i * sa + p]) * f64::from(w[(j.min(n - 1)) * k + p]));
                    let mut expected: f64 = terms.sum();
                    if onto.c {
                        expected += f64::from(start[i * sc + j]);
                    }
                    expected += bias.map_or(0.0, |bias| f64::from(bias[j.min(n - 1)]));
                    if j >= n {
                        expected = f64::from(start[i * sc + j]); // beside C nothing is touched
                    }
                    prop_assert!((f64::from(c[i * sc + j]) - expected).abs() < 1e-5, "{i} {j}");
                }
            }
        }
    }
}

proptest! {
    /// A' B with A read by columns is that with A laid out, bit for bit, and so is B packed on one thread.
    #[test]
    fn transposed_products_are_those_of_what_is_laid_out(kernel in kernel(), m in 1usize..150, k in 1usize..600, n in 1usize..70, pad in 0usize..3, seed in 0u32..1000) {
        let (stride, b) = (m + pad, numbers(k * n, seed + 1));
        let by_columns = numbers(k * stride, seed);
        let lines: Vec<f32> = (0..m * k).map(|i| by_columns[i % k * stride + i / k]).collect();
        let mut packed = Packed::of(kernel);
        packed.pack_serial(&b, k, n, n, 1);
        let (mut ours, mut expected) = (vec![0.5; m * n], vec![0.5; m * n]);
        multiply(LeftMatrix::transposed(&by_columns, stride), &packed, &mut ours, n, Onto::C);
        multiply_serial(LeftMatrix::new(&lines, k), &by_rows(kernel, &b, k, n), &mut expected, n, Onto::C);
        prop_assert_eq!(ours, expected);
    }
}

proptest! {
    /// Packed on the way or before, on one thread or some: the same bits, over slabs of B too.
    #[test]
    fn products_that_pack_are_those_of_what_is_packed(kernel in kernel(), m in 1usize..250, k in 0usize..1300, n in 1usize..150, pad in 0usize..3, seed in 0u32..1000) {
        let (a, b) = (numbers((m + pad) * (k + pad), seed), numbers(k * n, seed + 1));
        let (bias, start, stride) = (numbers(n, seed + 2), numbers(m * (n + pad), seed + 3), n + pad);
        let mut memory = by_rows(kernel, &a, k + pad, m + pad);
        for a in [LeftMatrix::new(&a, k + pad), LeftMatrix::transposed(&a, m + pad)] {
            for onto in [Onto::ZERO, Onto::C, Onto { c: true, bias: Some(&bias) }] {
                let [mut ours, mut serial, mut parallel] = [&start, &start, &start].map(Vec::clone);
                multiply_packing(a, &b, n, &mut memory, &mut ours, stride, onto);
                multiply_serial(a, &by_rows(kernel, &b, k, n), &mut serial, stride, onto);
                multiply(a, &by_rows(kernel, &b, k, n), &mut parallel, stride, onto);
                prop_assert_eq!(&ours, &serial);
                prop_assert_eq!(&parallel, &serial);
            }
        }
    }
}

proptest! {
    /// A product and what it is added to are those of two calls, bit for bit, and nothing beside them is touched.
    #[test]
    fn products_beside_are_those_of_two_calls(kernel in kernel(), m in 1usize..250, k in 0usize..1300, n in 1usize..150, pad in 0usize..3, seed in 0u32..1000) {
        let (a, stride) = (numbers(m * k + 1, seed), n + pad);
        let packed = by_rows(kernel, &numbers(k * n, seed + 1), k, n);
        let (bias, start) = (numbers(n, seed + 2), numbers(m * stride, seed + 3));
        for bias in [None, Some(&bias[..])] {
            let [mut ours, mut onto, mut beside, mut alone] = [&start; 4].map(Vec::clone);
            multiply_beside(LeftMatrix::new(&a, k), &packed, &mut ours, &mut beside, stride, bias);
            multiply_serial(LeftMatrix::new(&a, k), &packed, &mut onto, stride, Onto { c: true, bias });
            multiply_serial(LeftMatrix::new(&a, k), &packed, &mut alone, stride, Onto { c: false, bias });
            prop_assert_eq!(&ours, &onto);
            prop_assert_eq!(&beside, &alone);
        }
    }
}

proptest! {
    #[test]
    fn panels_of_any_part(kernel in kernel(), m in 1usize..40, k in 0usize..600, less in 0usize..30, seed in 0u32..1000) {
        let width = panel_width();
        let (a, b) = (numbers(m * k, seed), numbers(k * width, seed + 1));
        let by_columns: Vec<f32> = (0..m * k).map(|i| a[(i % m) * k + i / m]).collect();
        let (rows, depth) = (m - less.min(m - 1), k - (less * 9).min(k));
        for (values, strides) in [(&a, [k, 1]), (&by_columns, [1, m])] {
            let mut left = Left::of(kernel);
            left.pack(values, m, k, strides[0], strides[1]);
            let mut c = vec![9.0; rows * width + 1];
            left.multiply(rows, depth, &b, &mut c);
            prop_assert_eq!(c.pop(), Some(9.0)); // beyond C nothing is touched
            for (i, line) in c.chunks(width).enumerate() {
                for (j, c) in line.iter().enumerate() {
                    let term = |p: usize| f64::from(a[i * k + p]) * f64::from(b[p * width + j]);
                    let expected: f64 = (0..depth).map(term).sum();
                    prop_assert!((f64::from(*c) - expected).abs() < 1e-4, "{i} {j}");
                }
            }
        }
    }
}

#[test]
fn a_deep_product_is_summed_over_slices() {
    let (m, k, n) = (7, 1_700, 33);
    let (a, w) = (numbers(m * k, 5), numbers(n * k, 6));
    for kernel in [ProductKernel::Vectors, ProductKernel::best()] {
        let mut c = vec![9.0; m * n];
        let packed = transposed(kernel, &w, n, k);
        multiply(LeftMatrix::new(&a, k), &packed, &mut c, n, Onto::ZERO);
        for i in 0..m {
            for j in 0..n {
                let terms = (0..k).map(|p| f64::from(a[i * k + p]) * f64::from(w[j * k + p]));
                assert!((f64::from(c[i * n + j]) - terms.sum::<f64>()).abs() < 1e-4);
            }
        }
    }
}

#[test]
fn a_part_is_the_product_of_the_first_rows_and_columns() {
    let (m, k, n) = (9, 1_300, 90);
    let (a, w) = (numbers(m * k, 7), numbers(n * k, 8));
    let cases = [(1_300, 1), (700, 33), (512, 64), (3, 90)];
    let kernels = [ProductKernel::Vectors, ProductKernel::best()];
    for ((k_part, n_part), kernel) in cases
        .into_iter()
        .flat_map(|case| kernels.map(|kernel| (case, kernel)))
    {
        let packed = transposed(kernel, &w, n, k);
        let mut c = vec![9.0; m * n];
        multiply(
            LeftMatrix::new(&a, k),
            packed.part(k_part, n_part),
            &mut c,
            n,
            Onto::ZERO,
        );
        for i in 0..m {
            for j in 0..n {
                let terms = (0..k_part).map(|p| f64::from(a[i * k + p]) * f64::from(w[j * k + p]));
                let expected = if j < n_part { terms.sum::<f64>() } else { 9.0 };
                assert!((f64::from(c[i * n + j]) - expected).abs() < 1e-4);
            }
        }
    }
}

#[test]
fn the_same_bits_on_any_number_of_threads() {
    let (m, k, n) = (700, 130, 70);
    let (a, w) = (numbers(m * k, 1), numbers(n * k, 2));
    let run = |kernel: ProductKernel, threads: usize| {
        let packed = transposed(kernel, &w, n, k);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let mut c = vec![0.0; m * n];
        pool.map(|pool| {
            pool.install(|| multiply(LeftMatrix::new(&a, k), &packed, &mut c, n, Onto::ZERO))
        })
        .ok();
        c
    };
    for kernel in [ProductKernel::Vectors, ProductKernel::best()] {
        for threads in [2, 3, 8, 16] {
            assert_eq!(run(kernel, threads), run(kernel, 1), "{threads} threads");
        }
    }
}

/// Numbers of f32, of f16 and of bf16, and products of sums that cancel: within what rounding in f32 allows.
#[test]
fn each_kernel_is_as_exact_as_f32() {
    let (m, k, n) = (64, 512, 96);
    let a = numbers(m * k, 11);
    let kept = |bits: u32| move |x: f32| f32::from_bits(x.to_bits() & (u32::MAX << bits));
    for bits in [0, 13, 16] {
        let w: Vec<f32> = numbers(n * k, 12).into_iter().map(kept(bits)).collect();
        for kernel in [ProductKernel::Vectors, ProductKernel::best()] {
            let mut c = vec![0.0; m * n];
            multiply(
                LeftMatrix::new(&a, k),
                &transposed(kernel, &w, n, k),
                &mut c,
                n,
                Onto::ZERO,
            );
            for (at, c) in c.iter().enumerate() {
                let (a, w) = (&a[at / n * k..][..k], &w[at % n * k..][..k]);
                let terms = a.iter().zip(w).map(|(a, w)| f64::from(*a) * f64::from(*w));
                let (sum, size) =
                    terms.fold((0.0, 0.0), |(sum, size), x| (sum + x, size + x.abs()));
                assert!(
                    (f64::from(*c) - sum).abs() < 1e-6 * size,
                    "{kernel:?}, {bits} bits: {c} for {sum}"
                );
            }
        }
    }
}

/// What is not finite is never lost, the largest numbers do not overflow, and zeros stay zeros.
#[test]
fn numbers_at_the_ends_of_their_range() {
    let k = 40;
    for kernel in [ProductKernel::Vectors, ProductKernel::best()] {
        let product = |a: f32, b: f32| {
            let (mut line, mut column) = (vec![0.0; k], vec![1.0; k]);
            (line[33], column[33]) = (a, b);
            let mut c = [9.0];
            multiply_serial(
                LeftMatrix::new(&line, k),
                &transposed(kernel, &column, 1, k),
                &mut c,
                1,
                Onto::ZERO,
            );
            c[0]
        };
        let odd = [
            f32::NAN,
            f32::from_bits(0x7fff_ffff),
            f32::from_bits(0x7f80_0001),
            f32::INFINITY,
            f32::NEG_INFINITY,
        ];
        for x in odd {
            assert!(
                !product(x, 1.0).is_finite() && !product(0.5, x).is_finite(),
                "{kernel:?}: {x}"
            );
        }
        for x in [f32::MAX, -f32::MAX, 1.0 + f32::EPSILON, 1e-30, 0.0] {
            assert_eq!([product(x, 1.0), product(1.0, x)], [x, x], "{kernel:?}");
        }
        assert_eq!(product(f32::MAX, 2.0), f32::INFINITY);
    }
}

#[test]
fn no_rows_are_no_product() {
    let packed = Packed::new(&[1.0; 6], 2, 3);
    for product in [multiply, multiply_serial] {
        product(LeftMatrix::new(&[], 2), &packed, &mut [], 3, Onto::ZERO);
    }
}

#[test]
#[should_panic(expected = "A has 3 rows of 2")]
fn rows_that_are_missing_are_not_made_up() {
    let packed = Packed::new(&[1.0; 6], 2, 3);
    multiply_serial(
        LeftMatrix::new(&[1.0; 5], 2),
        &packed,
        &mut [0.0; 9],
        3,
        Onto::ZERO,
    );
}

#[test]
#[should_panic(expected = "A has 3 rows of 2")]
fn columns_that_are_missing_are_not_made_up() {
    let packed = Packed::new(&[1.0; 6], 2, 3);
    multiply_serial(
        LeftMatrix::transposed(&[1.0; 5], 3),
        &packed,
        &mut [0.0; 9],
        3,
        Onto::ZERO,
    );
}

/// Rows that are given a few at a time make the product of rows that are there, whatever their numbers need; also into memory
/// that held another matrix.
#[test]
fn given_rows_make_the_same_product() {
    let keep = |digits: u32, x: f32| f32::from_bits(x.to_bits() & !0 << (24 - digits));
    for kernel in [ProductKernel::Vectors, ProductKernel::best()] {
        let mut packed = Packed::of(kernel);
        for (n, k, digits) in [
            (100, 600, 8),
            (96, 520, 11),
            (97, 513, 24),
            (33, 2000, 24),
            (5, 3, 24),
            (300, 0, 24),
        ] {
            for kept in [8, digits] {
                let w: Vec<f32> = numbers(n * k, 5).iter().map(|x| keep(kept, *x)).collect();
                let given = packed.pack_given(n, k, digits, |rows, to| {
                    to.extend_from_slice(&w[rows.start * k..rows.end * k]);
                    Ok::<_, String>(())
                });
                given.unwrap();
                let (a, whole) = (numbers(70 * k, 6), transposed(kernel, &w, n, k));
                let product = |b: &Packed| {
                    let mut c = vec![0.0; 70 * n];
                    multiply(LeftMatrix::new(&a, k), b, &mut c, n, Onto::ZERO);
                    c
                };
                assert_eq!(product(&packed), product(&whole), "{n} x {k} of {kept}");
            }
        }
    }
}

#[test]
fn a_row_that_cannot_be_given_is_an_error() {
    for kernel in [ProductKernel::Vectors, ProductKernel::best()] {
        let given = Packed::of(kernel).pack_given(200, 300, 24, |rows, to| {
            to.resize(rows.len() * 300, 0.5);
            match rows.contains(&150) {
                true => Err("row 150"),
                false => Ok(()),
            }
        });
        assert_eq!(given, Err("row 150"));
    }
}
