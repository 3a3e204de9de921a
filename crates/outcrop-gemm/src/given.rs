//! Right-hand matrices whose rows are given a few at a time, so that they are never whole in memory before they are packed.

use std::ops::Range;

use rayon::prelude::*;

use crate::amx;
use crate::kernel::Tile;
use crate::pack::{DEPTH, Packed, SMALL, pack_panel, slice_panel};
use crate::{ProductKernel, panel_width};

impl Packed {
    /// Packs B = W', W [n, k], into the memory that is there, in parallel on the current rayon pool. `rows(range, to)` gives these
    /// rows of W: it appends k numbers for each to `to`, which is empty. Numbers have at most `digits` binary digits: 8 those of
    /// bf16, 11 those of f16, 24 those of f32; further digits may be cut off. The result is that of [`Packed::transposed`].
    ///
    /// # Errors
    /// The first that `rows` gives on any thread; B is then not whole.
    ///
    /// # Panics
    /// Where `rows` gives another number of numbers.
    ///
    /// ```
    /// use outcrop_gemm::{Onto, Packed, LeftMatrix, multiply};
    ///
    /// let w = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]; // 2 x 3
    /// let mut packed = Packed::default();
    /// packed.pack_given(2, 3, 24, |rows, to| {
    ///     to.extend_from_slice(&w[3 * rows.start..3 * rows.end]);
    ///     Ok::<_, std::io::Error>(())
    /// })?;
    /// let mut y = [0.0; 2];
    /// multiply(LeftMatrix::new(&[5.0, 6.0, 7.0], 3), &packed, &mut y, 2, Onto::ZERO);
    /// assert_eq!(y, [5.0, 6.0]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn pack_given<E: Send>(
        &mut self,
        n: usize,
        k: usize,
        digits: u32,
        rows: impl Fn(Range<usize>, &mut Vec<f32>) -> Result<(), E> + Sync,
    ) -> Result<(), E> {
        let given = |range: Range<usize>, to: &mut Vec<f32>| {
            let count = range.len() * k;
            to.clear();
            rows(range, to)?;
            assert_eq!(to.len(), count, "rows of {k} numbers");
            Ok(())
        };
        let parts = amx::parts_of(digits);
        // only the numbers tell whether they need fewer parts than they may have
        let mut first = Vec::new();
        if self.kernel_for(k, n) == ProductKernel::Tiles && parts > 1 {
            given(0..n.min(panel_width()), &mut first)?;
        }
        if k * n < SMALL || (!first.is_empty() && amx::parts(&first) < parts) {
            given(0..n, &mut first)?;
            self.pack(&first, k, n, 1, k);
            return Ok(());
        }
        match self.size(k, n) {
            ProductKernel::Tiles => self.tiles_given(parts, given),
            ProductKernel::Vectors => self.vectors_given(given),
        }
    }

    fn tiles_given<E: Send>(
        &mut self,
        parts: usize,
        given: impl Fn(Range<usize>, &mut Vec<f32>) -> Result<(), E> + Sync,
    ) -> Result<(), E> {
        let (k, n) = (self.k(), self.n());
        let panels: Vec<&mut [u32]> = self.tiles.room([k, n], parts).collect();
        let panels = panels.into_par_iter().enumerate();
        panels.try_for_each_init(Vec::new, |values, (i, to)| {
            let range = columns_of(i, amx::WIDTH, n);
            given(range.clone(), values)?;
            amx::Panel {
                b: values,
                strides: [1, k],
                size: [k, range.len()],
                parts,
                to,
            }
            .split();
            Ok(())
        })
    }

    fn vectors_given<E: Send>(
        &mut self,
        given: impl Fn(Range<usize>, &mut Vec<f32>) -> Result<(), E> + Sync,
    ) -> Result<(), E> {
        let (k, n, width) = (self.k(), self.n(), Tile::new().columns);
        // of each panel its parts, which lie in all slices
        let mut panels: Vec<Vec<&mut [f32]>> = Vec::new();
        panels.resize_with(n.div_ceil(width), Vec::new);
        for (first, slice) in self.slices(k, n) {
            let parts = slice.chunks_exact_mut(slice_panel(k, first));
            panels
                .iter_mut()
                .zip(parts)
                .for_each(|(panel, part)| panel.push(part));
        }
        let panels = panels.into_par_iter().enumerate();
        panels.try_for_each_init(Vec::new, |values, (i, parts)| {
            let range = columns_of(i, width, n);
            given(range.clone(), values)?;
            for (slice, part) in parts.into_iter().enumerate() {
                pack_panel(&values[slice * DEPTH..], [1, k], range.len(), 0, part);
            }
            Ok(())
        })
    }
}

/// The columns of B that a panel of this number has.
fn columns_of(panel: usize, width: usize, n: usize) -> Range<usize> {
    panel * width..n.min((panel + 1) * width)
}
