//! Rows to columns through vector registers: what packing does where a matrix is read across its rows.

/// Rows that are turned together.
const ROWS: usize = 4;

/// Some rows of a matrix, `stride` apart, and where their numbers go: that of row r and column c to place
/// c `high` + r.
struct Turn<'a> {
    from: &'a [f32],
    stride: usize,
    rows: usize,
    columns: usize,
    to: &'a mut [f32],
    high: usize,
}

/// Writes number (r, c) of `from`, `rows` rows of `columns` numbers `stride` apart, to place c `high` + r of `to`.
///
/// # Panics
/// Where `from` or `to` is smaller.
pub fn transpose(
    from: &[f32],
    stride: usize,
    [rows, columns]: [usize; 2],
    to: &mut [f32],
    high: usize,
) {
    let turn = Turn {
        from,
        stride,
        rows,
        columns,
        to,
        high,
    };
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V4::try_new() {
        return simd.vectorize(x86::By16(simd, turn));
    } else if let Some(simd) = pulp::x86::V3::try_new() {
        return simd.vectorize(x86::By8(simd, turn));
    }
    turn.one_by_one();
}

/// Turns four rows of N columns. A trait and no closure, which the compiler is free not to inline where
/// the machine is known.
trait Quads<const N: usize>: Copy {
    /// Registers as they come, in parts of four numbers: part p of register q is column 4 p + q.
    fn quads(self, rows: [&[f32; N]; ROWS]) -> [[f32; ROWS]; N];
}

impl Turn<'_> {
    #[inline(always)]
    fn by<const N: usize>(self, simd: impl Quads<N>) {
        match self.high {
            // panels, whose places the compiler then knows
            12 => self.through::<N, 12>(simd),
            32 => self.through::<N, 32>(simd),
            6 => self.through::<N, 6>(simd),
            16 => self.through::<N, 16>(simd),
            _ => self.through::<N, 0>(simd),
        }
    }

    /// Four rows and N columns at a time, the rest one by one. `HIGH` is 0 where it is not known.
    #[inline(always)]
    fn through<const N: usize, const HIGH: usize>(mut self, simd: impl Quads<N>) {
        let (whole, across) = (self.rows / ROWS * ROWS, self.columns / N);
        let high = if HIGH > 0 { HIGH } else { self.high };
        for r in (0..whole).step_by(ROWS) {
            let mut lines: [&[[f32; N]]; ROWS] = [&[]; ROWS];
            for (i, to) in lines.iter_mut().enumerate() {
                let line = &self.from[(r + i) * self.stride..][..self.columns];
                *to = &line.as_chunks::<N>().0[..across];
            }
            let [a, b, c, d] = lines;
            for block in 0..across {
                let quads = simd.quads([&a[block], &b[block], &c[block], &d[block]]);
                let places = &mut self.to[block * N * high + r..][..(N - 1) * high + ROWS];
                for (i, quad) in quads.iter().enumerate() {
                    let column = i % (N / ROWS) * ROWS + i / (N / ROWS);
                    places[column * high..][..ROWS].copy_from_slice(quad);
                }
            }
        }
        self.rest(0..whole, across * N);
        self.rest(whole..self.rows, 0);
    }

    fn one_by_one(mut self) {
        self.rest(0..self.rows, 0);
    }

    /// The columns of some rows from the first on.
    #[inline(always)]
    fn rest(&mut self, rows: std::ops::Range<usize>, first: usize) {
        for r in rows {
            let line = &self.from[r * self.stride..][..self.columns];
            for (c, value) in line.iter().enumerate().skip(first) {
                self.to[c * self.high + r] = *value;
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use pulp::cast;
    use pulp::x86::{V3, V4};
    use std::arch::x86_64::{__m256, __m256d, __m512, __m512d};

    use super::{Quads, Turn};

    pub(super) struct By16<'a>(pub(super) V4, pub(super) Turn<'a>);
    pub(super) struct By8<'a>(pub(super) V3, pub(super) Turn<'a>);

    impl pulp::NullaryFnOnce for By16<'_> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            self.1.by(self.0);
        }
    }

    impl Quads<16> for V4 {
        #[inline(always)]
        fn quads(self, [a, b, c, d]: [&[f32; 16]; 4]) -> [[f32; 4]; 16] {
            let avx = self.avx512f;
            let (a, b, c, d): (__m512, __m512, __m512, __m512) =
                (cast(*a), cast(*b), cast(*c), cast(*d));
            // each quarter of a register: two rows of two columns, then four of one
            let ab = [avx._mm512_unpacklo_ps(a, b), avx._mm512_unpackhi_ps(a, b)];
            let cd = [avx._mm512_unpacklo_ps(c, d), avx._mm512_unpackhi_ps(c, d)];
            let (ab, cd): ([__m512d; 2], [__m512d; 2]) = (cast(ab), cast(cd));
            cast([
                avx._mm512_unpacklo_pd(ab[0], cd[0]),
                avx._mm512_unpackhi_pd(ab[0], cd[0]),
                avx._mm512_unpacklo_pd(ab[1], cd[1]),
                avx._mm512_unpackhi_pd(ab[1], cd[1]),
            ])
        }
    }

    impl pulp::NullaryFnOnce for By8<'_> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            self.1.by(self.0);
        }
    }

    impl Quads<8> for V3 {
        #[inline(always)]
        fn quads(self, [a, b, c, d]: [&[f32; 8]; 4]) -> [[f32; 4]; 8] {
            let avx = self.avx;
            let (a, b, c, d): (__m256, __m256, __m256, __m256) =
                (cast(*a), cast(*b), cast(*c), cast(*d));
            // each part of a register: two rows of two columns, then four of one
            let ab = [avx._mm256_unpacklo_ps(a, b), avx._mm256_unpackhi_ps(a, b)];
            let cd = [avx._mm256_unpacklo_ps(c, d), avx._mm256_unpackhi_ps(c, d)];
            let (ab, cd): ([__m256d; 2], [__m256d; 2]) = (cast(ab), cast(cd));
            cast([
                avx._mm256_unpacklo_pd(ab[0], cd[0]),
                avx._mm256_unpackhi_pd(ab[0], cd[0]),
                avx._mm256_unpacklo_pd(ab[1], cd[1]),
                avx._mm256_unpackhi_pd(ab[1], cd[1]),
            ])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(rows: usize, columns: usize, spare: usize, turn: impl Fn(Turn<'_>)) {
        let (stride, high) = (columns + spare, rows + spare);
        let from: Vec<f32> = (0..rows * stride).map(|i| i as f32).collect();
        let mut to = vec![-1.0; columns * high];
        turn(Turn {
            from: &from,
            stride,
            rows,
            columns,
            to: &mut to,
            high,
        });
        for (place, value) in to.iter().enumerate() {
            let (c, r) = (place / high, place % high);
            let expected = if r < rows { from[r * stride + c] } else { -1.0 };
            assert_eq!(*value, expected, "{rows} x {columns}: row {r}, column {c}");
        }
    }

    proptest! {
        #[test]
        fn each_number_finds_its_place(rows in 1..34usize, columns in 1..50usize, spare in 0..3usize) {
            check(rows, columns, spare, |t| transpose(t.from, t.stride, [t.rows, t.columns], t.to, t.high));
            check(rows, columns, spare, |t| t.one_by_one());
            #[cfg(target_arch = "x86_64")]
            if let Some(simd) = pulp::x86::V3::try_new() {
                check(rows, columns, spare, |t| simd.vectorize(x86::By8(simd, t)));
            }
        }
    }
}
