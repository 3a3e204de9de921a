//! Effects of variants with their intervals, a panel for each quantity: a forest plot.

use outcrop_core::{EffectScale, RecipeEffect};

use crate::chart::palette::{INK, OKABE_ITO};
use crate::chart::{Axis, Mark, Panel, RGBColor, Sheet, Stroke};

/// Height of a row in pixels.
const ROW: u32 = 20;
/// What differs from the baseline beyond chance, and what may not.
const FOUND: RGBColor = OKABE_ITO[1];
const OPEN: RGBColor = OKABE_ITO[0];

/// The panels of `rows`, quantities and variants in order of appearance; none where no effect is finite.
pub(crate) fn sheet(rows: &[RecipeEffect]) -> Option<Sheet> {
    let shown: Vec<&RecipeEffect> = rows.iter().filter(|row| row.effect.is_finite()).collect();
    let quantities = distinct(shown.iter().map(|row| row.quantity.as_str()));
    let variants = distinct(shown.iter().map(|row| row.variant.as_str()));
    let panels: Vec<Panel> = quantities
        .iter()
        .map(|quantity| {
            let of = shown.iter().filter(|row| row.quantity == *quantity);
            panel(quantity, &of.copied().collect::<Vec<_>>(), &variants)
        })
        .collect();
    (!panels.is_empty()).then(|| Sheet {
        columns: 2.min(panels.len()),
        panel_size: (500, 90 + ROW * variants.len().max(3) as u32),
        legend: Vec::new(),
        panels,
    })
}

fn panel(quantity: &str, rows: &[&RecipeEffect], variants: &[String]) -> Panel {
    let scale = rows[0].scale;
    let ends = rows
        .iter()
        .flat_map(|row| [row.lo, row.hi, Some(row.effect)]);
    let ends = ends.flatten().chain([scale.none()]);
    let x = match scale {
        EffectScale::Factor => Axis::log("value over baseline", ends),
        EffectScale::Difference => Axis::linear("value less baseline", ends),
    };
    let line = vec![(scale.none(), -f64::MAX), (scale.none(), f64::MAX)];
    let mut marks = vec![Mark::Line(line, INK, Stroke::Dashed)];
    for row in rows {
        let place = variants.iter().position(|variant| *variant == row.variant);
        let y = (variants.len() - place.unwrap_or(0)) as f64 - 0.5;
        let color = match excludes(row, scale.none()) {
            true => FOUND,
            false => OPEN,
        };
        if let Some((lo, hi)) = row.lo.zip(row.hi) {
            marks.push(Mark::Line(vec![(lo, y), (hi, y)], color, Stroke::Solid));
        }
        marks.push(Mark::Scatter(vec![(row.effect, y)], color));
    }
    Panel::new(quantity, x, Axis::rows(variants), marks)
}

/// Whether its interval lies on one side of `none`.
fn excludes(row: &RecipeEffect, none: f64) -> bool {
    row.lo.is_some_and(|lo| lo > none) || row.hi.is_some_and(|hi| hi < none)
}

fn distinct<'r>(names: impl Iterator<Item = &'r str>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for name in names {
        if !seen.iter().any(|known| known == name) {
            seen.push(name.to_owned());
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(variant: &str, quantity: &str, effect: f64) -> RecipeEffect {
        RecipeEffect {
            variant: variant.into(),
            quantity: quantity.into(),
            scale: EffectScale::Factor,
            n: 3,
            effect,
            lo: Some(effect / 2.0),
            hi: Some(effect * 2.0),
            ..RecipeEffect::default()
        }
    }

    #[test]
    fn a_panel_a_quantity_with_a_row_a_variant() {
        let rows = [
            row("gate", "last_ratio", 3.0),
            row("softpick", "last_ratio", 0.9),
            row("gate", "kurtosis", 0.2),
            row("gate", "onset", f64::NAN),
        ];
        let sheet = sheet(&rows).unwrap();
        let titles: Vec<&str> = sheet.panels.iter().map(|p| p.title.as_str()).collect();
        assert_eq!(titles, ["last_ratio", "kurtosis"]);
        let points = |panel: &Panel| {
            let marks = panel.marks.iter().filter_map(|mark| match mark {
                Mark::Scatter(points, color) => Some((points[0], *color)),
                Mark::Line(..) | Mark::Points(..) | Mark::Rings(..) | Mark::Band(..) => None,
                Mark::Bars(..) | Mark::Words(..) | Mark::Cell(..) => None,
            });
            marks.collect::<Vec<_>>()
        };
        // the interval of the first excludes 1, that of the second does not; the first row is at the top
        assert_eq!(
            points(&sheet.panels[0]),
            [((3.0, 1.5), FOUND), ((0.9, 0.5), OPEN)]
        );
        assert_eq!(points(&sheet.panels[1]), [((0.2, 1.5), FOUND)]);
        assert!(super::sheet(&rows[3..]).is_none());
    }
}
