use crate::kernel::Tile;

/// Depth of a slice: its panels of B stay in the second-level cache.
pub(crate) const DEPTH: usize = 512;

/// The right-hand matrix B, k x n, in the order in which the kernel reads it.
#[derive(Clone, Debug, Default)]
pub struct Packed {
    /// Slices of [`DEPTH`] rows of B, each in panels: panel, row, column.
    pub(crate) values: Vec<f32>,
    k: usize,
    n: usize,
}

impl Packed {
    /// Packs B, given by rows.
    pub fn new(b: &[f32], k: usize, n: usize) -> Self {
        let mut packed = Self::default();
        packed.pack(b, k, n, n, 1);
        packed
    }

    /// Packs B = W', W given by its n rows of k, as a linear layer stores it.
    pub fn transposed(w: &[f32], n: usize, k: usize) -> Self {
        let mut packed = Self::default();
        packed.pack(w, k, n, 1, k);
        packed
    }

    /// Packs B, whose element (p, j) is `b[p * row_stride + j * column_stride]`, into the memory
    /// that is there.
    pub fn pack(&mut self, b: &[f32], k: usize, n: usize, row_stride: usize, column_stride: usize) {
        let width = Tile::new().columns;
        (self.k, self.n) = (k, n);
        let panels = n.div_ceil(width);
        self.values.clear();
        self.values.resize(panels * width * k, 0.0);
        let mut rest = self.values.as_mut_slice();
        for first in (0..k).step_by(DEPTH) {
            let depth = DEPTH.min(k - first);
            let (slice, after) = rest.split_at_mut(panels * width * depth);
            rest = after;
            for (j0, panel) in slice.chunks_exact_mut(width * depth).enumerate() {
                let columns = width.min(n - j0 * width);
                let start = first * row_stride + j0 * width * column_stride;
                if column_stride == 1 {
                    for (p, line) in panel.chunks_exact_mut(width).enumerate() {
                        let from = start + p * row_stride;
                        line[..columns].copy_from_slice(&b[from..from + columns]);
                    }
                } else {
                    for j in 0..columns {
                        let column = b[start + j * column_stride..].iter().step_by(row_stride);
                        let places = panel[j..].iter_mut().step_by(width);
                        places
                            .zip(column)
                            .for_each(|(place, value)| *place = *value);
                    }
                }
            }
        }
    }

    /// The first `k` rows and `n` columns of B, as an attention head needs them of its past.
    ///
    /// # Panics
    /// Where B has fewer.
    pub fn part(&self, k: usize, n: usize) -> Part<'_> {
        assert!(k <= self.k && n <= self.n, "a part of {k} x {n} of B");
        Part { whole: self, k, n }
    }

    /// Number of rows of B: the depth of the product.
    pub fn k(&self) -> usize {
        self.k
    }

    /// Number of columns of B and C.
    pub fn n(&self) -> usize {
        self.n
    }
}

/// The first rows and columns of a packed matrix.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    pub(crate) whole: &'a Packed,
    pub(crate) k: usize,
    pub(crate) n: usize,
}

impl<'a> From<&'a Packed> for Part<'a> {
    fn from(whole: &'a Packed) -> Self {
        whole.part(whole.k, whole.n)
    }
}
