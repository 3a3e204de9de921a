//! The table of fits: its columns follow from the hypotheses.

use std::path::Path;

use outcrop_core::Fit;
use outcrop_core::table::{self, Loaded, TableLayout};
use outcrop_fit::{DEFAULT_HYPOTHESES, HYPOTHESES, Hypothesis, quantity_columns};

/// The columns of a table of fits of the default hypotheses.
pub(crate) fn layout() -> outcrop_core::Result<TableLayout<Fit>> {
    layout_with(&[])
}

/// The same, and behind them the columns of the hypotheses of these names.
pub(crate) fn layout_with(names: &[&str]) -> outcrop_core::Result<TableLayout<Fit>> {
    let more = HYPOTHESES
        .iter()
        .filter(|h| names.contains(&h.about().name));
    let all: Vec<&dyn Hypothesis> = DEFAULT_HYPOTHESES.iter().chain(more).copied().collect();
    TableLayout::new(quantity_columns(&all))
}

/// Reads a table of fits.
pub(crate) fn read(path: &Path) -> outcrop_core::Result<Loaded<Fit>> {
    let all = TableLayout::new(quantity_columns(HYPOTHESES))?;
    table::read_rows_with(path, &all)
}
