//! Figures for print: as wide as a column or a page of a journal, with text of 8 points.

use super::Sheet;
use super::draw::{self, size};

/// Millimetres of a pixel: text of 12 pixels has 8 points.
const MILLIMETRES: f64 = 180.0 / PAGE as f64;
/// Width of one column and of two, in pixels: 88 and 180 mm.
const COLUMN: u32 = 374;
const PAGE: u32 = 765;
/// Panels that are wider than this are as wide as a page.
const WIDE: u32 = 700;
/// Pixels of a PNG per pixel: 324 an inch.
const DENSITY: u32 = 3;

/// `sheet` with panels as wide as a column, or as several of them have room on a page.
fn sized(sheet: &Sheet) -> Sheet {
    let columns = sheet.columns.clamp(1, 3);
    let (wide, high) = sheet.panel_size;
    let width = match columns {
        1 if wide <= WIDE => COLUMN,
        _ => PAGE / columns as u32,
    };
    let part = f64::from(width) / f64::from(wide.max(1));
    // narrow panels keep more of their height: labels and titles do not shrink
    let height = f64::from(high) * part.max(0.8);
    Sheet {
        columns,
        panel_size: (width, height.round() as u32),
        ..sheet.clone()
    }
}

/// `sheet` as SVG, its size in millimetres.
pub(crate) fn svg(sheet: &Sheet) -> Result<String, String> {
    let sheet = sized(sheet);
    let (width, height) = size(&sheet);
    let pixels = format!("width=\"{width}\" height=\"{height}\"");
    let length = |pixels: u32| f64::from(pixels) * MILLIMETRES;
    let paper = format!(
        "width=\"{:.1}mm\" height=\"{:.1}mm\"",
        length(width),
        length(height)
    );
    Ok(draw::svg(&sheet)?.replacen(&pixels, &paper, 1))
}

/// `sheet` as PNG with 324 pixels an inch.
pub(crate) fn png(sheet: &Sheet) -> Result<Vec<u8>, String> {
    draw::png_of(&sized(sheet), DENSITY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{Axis, Panel};

    #[test]
    fn figures_are_as_wide_as_a_column_or_a_page() {
        let panel = || Panel::new("", Axis::linear("", [1.0]), Axis::linear("", [1.0]), vec![]);
        for (columns, wide, width) in [(1, 620, "88.0mm"), (1, 960, "180.0mm"), (3, 340, "180.0mm")]
        {
            let sheet = Sheet {
                columns,
                panel_size: (wide, 300),
                legend: Vec::new(),
                panels: (0..columns).map(|_| panel()).collect(),
            };
            let svg = svg(&sheet).unwrap();
            assert!(
                svg.contains(&format!("width=\"{width}\"")),
                "{}",
                &svg[..80]
            );
        }
    }
}
