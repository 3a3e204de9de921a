use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::ink::{Area, BAND, Drawn, TEXT, pixels, put, reason, text, units};
use super::{Key, Symbol, font};

/// Height of one row of a legend, in pixels.
const LEGEND_ROW: u32 = 20;
/// Gap between the entries of a legend, in pixels.
const ENTRY_GAP: f64 = 14.0;

/// Width of an entry of a legend in pixels, with the gap after it.
fn entry_width(key: &Key) -> f64 {
    30.0 + TEXT * font::width(&key.label, false) + ENTRY_GAP
}

/// The entries of a legend in rows that fit into `width` pixels, each with its left edge: one
/// centred row where that is enough, otherwise columns.
fn legend_rows(keys: &[Key], width: u32) -> Vec<Vec<(f64, &Key)>> {
    let room = f64::from(width) - 24.0;
    let widths: Vec<f64> = keys.iter().map(entry_width).collect();
    let total: f64 = widths.iter().sum();
    if total - ENTRY_GAP <= room {
        let mut left = 12.0 + (room - total + ENTRY_GAP) / 2.0;
        let row = keys.iter().zip(widths).map(|(key, width)| {
            left += width;
            (left - width, key)
        });
        let row: Vec<_> = row.collect();
        return if row.is_empty() {
            Vec::new()
        } else {
            vec![row]
        };
    }
    let widest = widths.into_iter().fold(1.0, f64::max);
    let columns = ((room + ENTRY_GAP) / widest).floor().max(1.0);
    let left = 12.0 + ((room - columns * widest + ENTRY_GAP) / 2.0).max(0.0);
    let rows = keys.chunks(columns as usize);
    rows.map(|row| {
        let entries = row.iter().enumerate();
        entries
            .map(|(i, key)| (left + i as f64 * widest, key))
            .collect()
    })
    .collect()
}

/// Height of a legend in a strip of `width` pixels.
pub(super) fn legend_height(keys: &[Key], width: u32) -> u32 {
    match legend_rows(keys, width).len() as u32 {
        0 => 0,
        rows => rows * LEGEND_ROW + 6,
    }
}

/// Draws a legend into a strip of `width` pixels.
pub(super) fn draw_legend<DB: DrawingBackend>(area: &Area<DB>, keys: &[Key], width: u32) -> Drawn {
    for (row, entries) in legend_rows(keys, width).iter().enumerate() {
        let y = units(LEGEND_ROW) * row as i32 + units(LEGEND_ROW) / 2 + units(3);
        for (x, key) in entries {
            let x = pixels(*x) as i32;
            draw_symbol(area, key, (x, y))?;
            put(area, &key.label, (x + units(30), y), text(), HPos::Left)?;
        }
    }
    Ok(())
}

fn draw_symbol<DB: DrawingBackend>(area: &Area<DB>, key: &Key, (x, y): (i32, i32)) -> Drawn {
    let middle = x + units(12);
    let lines = |width: f64, parts: &[(i32, i32)]| {
        let style = key.color.stroke_width(pixels(width));
        parts.iter().try_for_each(|(from, to)| {
            let path = PathElement::new([(x + units(1) * from, y), (x + units(1) * to, y)], style);
            area.draw(&path).map_err(reason)
        })
    };
    match key.symbol {
        Symbol::Line => lines(2.0, &[(1, 23)]),
        Symbol::Thin => lines(1.2, &[(1, 23)]),
        Symbol::Dashed => lines(2.0, &[(1, 6), (10, 15), (19, 24)]),
        Symbol::Dotted => lines(2.0, &[(1, 3), (6, 8), (11, 13), (16, 18), (21, 23)]),
        Symbol::Point => {
            let dot = Circle::new((middle, y), units(3), key.color.filled());
            area.draw(&dot).map_err(reason)
        }
        Symbol::Ring => {
            let ring = Circle::new((middle, y), units(3), key.color.stroke_width(pixels(1.2)));
            area.draw(&ring).map_err(reason)
        }
        Symbol::Band | Symbol::Box => {
            let opacity = if key.symbol == Symbol::Band {
                BAND
            } else {
                1.0
            };
            let corners = [(x + units(1), y - units(5)), (x + units(23), y + units(5))];
            let swatch = Rectangle::new(corners, key.color.mix(opacity).filled());
            area.draw(&swatch).map_err(reason)
        }
    }
}
