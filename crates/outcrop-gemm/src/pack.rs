use std::ops::Range;

use rayon::prelude::*;

use crate::amx;
use crate::copy::Lines;
use crate::kernel::{Right, Tile};
use crate::tile::Apart;
use crate::transpose::transpose;
use crate::{Aligned, ProductKernel};

/// Depth of a slice: a panel of B, 32 KiB, and one of A stay in the first-level cache.
pub(crate) const DEPTH: usize = 256;

/// Numbers that are packed sooner than another thread wakes up.
pub(crate) const SMALL: usize = 1 << 15;

/// The right-hand matrix B, k x n, in the order in which the kernel reads it.
#[derive(Clone, Debug, Default)]
pub struct Packed {
    /// The kernel that was asked for; none where the size decides.
    asked: Option<ProductKernel>,
    /// The one it is packed for, and what that reads.
    kernel: ProductKernel,
    /// Slices of [`DEPTH`] rows of B, each in panels: panel, row, column.
    vectors: Aligned,
    pub(crate) tiles: amx::Right,
    k: usize,
    n: usize,
}

impl Packed {
    /// Nothing yet, for this kernel whatever the size.
    pub fn of(kernel: ProductKernel) -> Self {
        Self {
            asked: Some(kernel),
            ..Self::default()
        }
    }

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
    /// that is there, in parallel on the current rayon pool.
    pub fn pack(&mut self, b: &[f32], k: usize, n: usize, row_stride: usize, column_stride: usize) {
        if k * n < SMALL {
            return self.pack_serial(b, k, n, row_stride, column_stride);
        }
        let strides = [row_stride, column_stride];
        if let Some(panels) = self.tiles(b, [k, n], strides) {
            let panels = panels.collect::<Vec<_>>().into_par_iter();
            return panels.for_each(|panel| panel.split());
        }
        for (first, slice) in self.slices(k, n) {
            let panels = slice
                .par_chunks_exact_mut(slice_panel(k, first))
                .enumerate();
            panels.for_each(|(j0, panel)| {
                pack_panel(&b[first * row_stride..], strides, n, j0, panel)
            });
        }
    }

    /// As [`Packed::pack`], on this thread: for what is itself one of many tasks.
    pub fn pack_serial(
        &mut self,
        b: &[f32],
        k: usize,
        n: usize,
        row_stride: usize,
        column_stride: usize,
    ) {
        let strides = [row_stride, column_stride];
        if let Some(panels) = self.tiles(b, [k, n], strides) {
            return panels.for_each(|panel| panel.split());
        }
        for (first, slice) in self.slices(k, n) {
            let panels = slice.chunks_exact_mut(slice_panel(k, first)).enumerate();
            panels.for_each(|(j0, panel)| {
                pack_panel(&b[first * row_stride..], strides, n, j0, panel)
            });
        }
    }

    /// Makes room for k x n in tiles: the panels that are to be split; none for vectors.
    fn tiles<'a>(
        &'a mut self,
        b: &'a [f32],
        [k, n]: [usize; 2],
        strides: [usize; 2],
    ) -> Option<impl Iterator<Item = amx::Panel<'a>>> {
        let kernel = self.size(k, n);
        (kernel == ProductKernel::Tiles).then(|| self.tiles.panels(b, [k, n], strides))
    }

    /// It becomes k x n, for the kernel that was asked for or fits the size.
    pub(crate) fn size(&mut self, k: usize, n: usize) -> ProductKernel {
        (self.k, self.n) = (k, n);
        self.kernel = self.kernel_for(k, n);
        self.kernel
    }

    pub(crate) fn kernel_for(&self, k: usize, n: usize) -> ProductKernel {
        self.asked.unwrap_or_else(|| ProductKernel::for_size(k, n))
    }

    /// Makes room for k x n: its slices, each with its first row; none for tiles.
    pub(crate) fn slices(
        &mut self,
        k: usize,
        n: usize,
    ) -> impl Iterator<Item = (usize, &mut [f32])> {
        let padded = n.next_multiple_of(Tile::new().columns);
        let slices = self.room(k, n).chunks_mut((padded * DEPTH).max(1));
        slices.enumerate().map(|(i, slice)| (i * DEPTH, slice))
    }

    /// The first `k` rows and `n` columns of B, as an attention head needs them of its past.
    ///
    /// # Panics
    /// Where B has fewer.
    pub fn part(&self, k: usize, n: usize) -> PackedPart<'_> {
        assert!(k <= self.k && n <= self.n, "a part of {k} x {n} of B");
        let first = 0;
        PackedPart {
            whole: self,
            first,
            k,
            n,
        }
    }

    /// Makes room for the first `k` rows of `n` columns, to be packed later.
    pub(crate) fn room(&mut self, k: usize, n: usize) -> &mut [f32] {
        (self.k, self.n) = (k, n);
        self.vectors
            .resize(n.next_multiple_of(Tile::new().columns) * k);
        &mut self.vectors
    }

    /// Whether k x n would be packed for tiles, to be used once, for m rows of A.
    pub(crate) fn fits_tiles(&mut self, m: usize, k: usize, n: usize) -> bool {
        self.size(k, n);
        if self.asked.is_none() && ProductKernel::for_size(k, m) == ProductKernel::Vectors {
            self.kernel = ProductKernel::Vectors;
        }
        self.kernel == ProductKernel::Tiles
    }

    /// Where the panel of the columns from `j` on lies in the slice that begins at row `first`.
    fn place(&self, first: usize, j: usize) -> Range<usize> {
        let width = Tile::new().columns;
        let depth = DEPTH.min(self.k - first);
        let start = self.n.next_multiple_of(width) * first + j * depth;
        start..start + width * depth
    }

    /// That panel before it is packed, of a slice whose rows are `values`: it is packed as it is read, but one
    /// that is narrower is packed here.
    pub(crate) fn fresh<'a>(&'a mut self, values: &'a [f32], first: usize, j: usize) -> Right<'a> {
        let (n, place) = (self.n, self.place(first, j));
        let to = &mut self.vectors[place];
        let width = Tile::new().columns;
        if j + width > n {
            pack_panel(values, [n, 1], n, j / width, to);
            return Right::Panel(to);
        }
        let (values, stride) = (&values[j..], n);
        Right::Apart(Apart { values, stride, to })
    }

    /// How many numbers of 32 bits are kept for k x n: see [`Packed::capacity`].
    pub fn numbers(k: usize, n: usize) -> usize {
        match ProductKernel::for_size(k, n) {
            ProductKernel::Vectors => n.next_multiple_of(Tile::new().columns) * k,
            ProductKernel::Tiles => amx::Right::numbers(k, n),
        }
    }

    /// How many numbers of 32 bits it can keep without fresh memory.
    pub fn capacity(&self) -> usize {
        self.vectors.capacity() + self.tiles.capacity()
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

/// Numbers in a panel of the slice that begins at row `first`.
pub(crate) fn slice_panel(k: usize, first: usize) -> usize {
    Tile::new().columns * DEPTH.min(k - first)
}

/// Packs panel `j0` of a slice of B.
pub(crate) fn pack_panel(b: &[f32], strides: [usize; 2], n: usize, j0: usize, panel: &mut [f32]) {
    let [row_stride, column_stride] = strides;
    let width = Tile::new().columns;
    let columns = width.min(n - j0 * width);
    if columns < width {
        panel.fill(0.0);
    }
    let from = &b[j0 * width * column_stride..];
    let depth = panel.len() / width;
    if row_stride == 1 {
        return transpose(from, column_stride, [columns, depth], panel, width);
    }
    if column_stride == 1 {
        let lines = Lines {
            values: from,
            stride: row_stride,
            there: columns,
            high: width,
            to: panel,
        };
        return lines.copy();
    }
    for (p, line) in panel.chunks_exact_mut(width).enumerate() {
        let from = from[p * row_stride..].iter().step_by(column_stride);
        let places = line[..columns].iter_mut();
        places.zip(from).for_each(|(place, x)| *place = *x);
    }
}

/// The first rows and columns of a packed matrix.
#[derive(Clone, Copy, Debug)]
pub struct PackedPart<'a> {
    whole: &'a Packed,
    /// Where a slice begins.
    first: usize,
    pub(crate) k: usize,
    pub(crate) n: usize,
}

impl<'a> PackedPart<'a> {
    /// Some of its rows, from the beginning of a slice on.
    pub(crate) fn rows(self, rows: Range<usize>) -> Self {
        let (first, k) = (self.first + rows.start, rows.len());
        Self { first, k, ..self }
    }

    /// The panel of the columns from `j` on in the slice that begins at its row `first`.
    pub(crate) fn panel(&self, first: usize, j: usize) -> Right<'a> {
        Right::Panel(&self.whole.vectors[self.whole.place(self.first + first, j)])
    }

    /// What tiles read, if it is packed for them.
    pub(crate) fn tiles(&self) -> Option<amx::Part<'a>> {
        let (b, k, n) = (&self.whole.tiles, self.k, self.n);
        (self.whole.kernel == ProductKernel::Tiles).then_some(amx::Part { b, k, n })
    }
}

impl<'a> From<&'a Packed> for PackedPart<'a> {
    fn from(whole: &'a Packed) -> Self {
        whole.part(whole.k, whole.n)
    }
}
