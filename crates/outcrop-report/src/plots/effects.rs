use outcrop_core::RecipeEffect;

use super::Plot;
use crate::forest;

/// Draws effects with their intervals, a panel for each quantity and a row for each variant (a forest plot), both in order
/// of appearance; none where no effect is finite.
pub fn effects_plot(rows: &[RecipeEffect]) -> Option<Plot> {
    Some(Plot {
        stem: "effects".into(),
        sheet: forest::sheet(rows)?,
    })
}
