use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::font;
use super::palette::INK;

/// The library draws on whole units, so a pixel is divided into this many of them.
pub(super) const UNITS: u32 = 8;
/// How opaque a band is.
pub(super) const BAND: f64 = 0.18;
/// Size of text in pixels.
pub(super) const TEXT: f64 = 12.0;

pub(super) type Area<DB> = DrawingArea<DB, Shift>;
pub(super) type Drawn = Result<(), String>;

/// Units of a whole number of pixels.
pub(super) fn units(pixels: u32) -> i32 {
    (pixels * UNITS) as i32
}

/// The error of the drawing library.
pub(super) fn reason(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// The font at a size in pixels; the library divides a size by 1.24 when it writes SVG.
pub(super) fn font_of(pixels: f64, style: FontStyle) -> TextStyle<'static> {
    let size = pixels * 1.24 * f64::from(UNITS);
    let family = FontFamily::Name(font::FAMILY);
    TextStyle::from(FontDesc::new(family, size, style)).color(&INK)
}

/// The style of everything but titles.
pub(super) fn text() -> TextStyle<'static> {
    font_of(TEXT, FontStyle::Normal)
}

/// Width of `label` in pixels.
pub(super) fn label_width(label: &str) -> f64 {
    TEXT * font::width(label, false)
}

/// Units of `width` pixels, for sizes.
pub(super) fn pixels(width: f64) -> u32 {
    (width * f64::from(UNITS)).round() as u32
}

/// Writes `text` at a point, centred in height.
pub(super) fn put<DB: DrawingBackend>(
    area: &Area<DB>,
    text: &str,
    at: (i32, i32),
    style: TextStyle,
    h: HPos,
) -> Drawn {
    let style = style.pos(Pos::new(h, VPos::Center));
    area.draw(&Text::new(text.to_owned(), at, style))
        .map_err(reason)
}
