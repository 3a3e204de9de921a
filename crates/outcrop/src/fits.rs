//! The table of fits: its columns follow from the hypotheses.

use std::path::Path;

use outcrop_core::Fit;
use outcrop_core::table::{self, Loaded, TableLayout};
use outcrop_fit::{HYPOTHESES, quantity_columns};

/// The columns of a table of fits.
pub(crate) fn layout() -> outcrop_core::Result<TableLayout<Fit>> {
    TableLayout::new(quantity_columns(HYPOTHESES))
}

/// Reads a table of fits.
pub(crate) fn read(path: &Path) -> outcrop_core::Result<Loaded<Fit>> {
    table::read_rows_with(path, &layout()?)
}
