use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::HPos;

use super::font;
use super::ink::{Area, Drawn, TEXT, put, text, units};

const ROW: u32 = 17;
const MARGIN: u32 = 14;
/// A longer paragraph is cut.
const MOST_ROWS: usize = 4;

/// Height of `paragraphs` below a panel of `width` pixels.
pub(super) fn footer_height(paragraphs: &[String], width: u32) -> u32 {
    match rows(paragraphs, width).len() as u32 {
        0 => 0,
        rows => rows * ROW + 10,
    }
}

/// Writes `paragraphs` into a strip of `width` pixels.
pub(super) fn draw_footer<DB: DrawingBackend>(
    area: &Area<DB>,
    paragraphs: &[String],
    width: u32,
) -> Drawn {
    let rows = rows(paragraphs, width);
    rows.iter().enumerate().try_for_each(|(i, row)| {
        let y = units(ROW) * i as i32 + units(ROW) / 2;
        put(area, row, (units(MARGIN), y), text(), HPos::Left)
    })
}

fn rows(paragraphs: &[String], width: u32) -> Vec<String> {
    let room = f64::from(width.saturating_sub(2 * MARGIN)) / TEXT;
    paragraphs.iter().flat_map(|p| wrapped(p, room)).collect()
}

/// `text` in rows no wider than `room` at a font size of 1, broken at spaces and, where a word is
/// wider than a row, inside of it.
fn wrapped(text: &str, room: f64) -> Vec<String> {
    let fits = |row: &str| font::width(row, false) <= room;
    let mut rows = vec![String::new()];
    for word in text.split_whitespace() {
        let gap = if rows.last().is_some_and(String::is_empty) {
            ""
        } else {
            " "
        };
        let row = rows
            .last()
            .map_or_else(String::new, |row| format!("{row}{gap}{word}"));
        if fits(&row) {
            rows.pop();
            rows.push(row);
            continue;
        }
        if !gap.is_empty() {
            rows.push(String::new());
        }
        for c in word.chars() {
            let full = rows
                .last()
                .is_some_and(|row| !row.is_empty() && !fits(&format!("{row}{c}")));
            if full {
                rows.push(String::new());
            }
            if let Some(row) = rows.last_mut() {
                row.push(c);
            }
            if rows.len() > MOST_ROWS {
                break;
            }
        }
        if rows.len() > MOST_ROWS {
            rows.truncate(MOST_ROWS);
            if let Some(row) = rows.last_mut() {
                while !row.is_empty() && !fits(&format!("{row}…")) {
                    row.pop();
                }
                row.push('…');
            }
            break;
        }
    }
    rows.retain(|row| !row.is_empty());
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_fit_keep_every_word_and_end_somewhere() {
        let text = "decay not identified; leverage above 0.9 at step 131071; outlier at step 512";
        let rows = wrapped(text, 12.0);
        assert!(rows.len() > 1 && rows.iter().all(|r| font::width(r, false) <= 12.0));
        assert_eq!(rows.join(" "), text);
        let endless = wrapped(&"x".repeat(100_000), 12.0);
        assert!(endless.len() == MOST_ROWS && endless[3].ends_with('…'));
        assert!(wrapped(" \n", 12.0).is_empty());
    }
}
