use std::sync::LazyLock;

use tiny_skia::{Path, PathBuilder};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// The font of every figure. It is part of the crate, so that a PNG is the same on every machine.
static REGULAR: LazyLock<Option<Face<'static>>> =
    LazyLock::new(|| Face::parse(dejavu::sans::regular(), 0).ok());
static BOLD: LazyLock<Option<Face<'static>>> =
    LazyLock::new(|| Face::parse(dejavu::sans::bold(), 0).ok());

/// How an SVG names it, with what a browser takes where it is not installed.
pub(super) const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

fn face(bold: bool) -> Option<&'static Face<'static>> {
    if bold {
        BOLD.as_ref()
    } else {
        REGULAR.as_ref()
    }
}

/// Width of `text` at a font size of 1.
pub(super) fn width(text: &str, bold: bool) -> f64 {
    let Some(face) = face(bold) else {
        return 0.6 * text.chars().count() as f64;
    };
    let advances = text
        .chars()
        .map(|c| f64::from(advance(face, glyph(face, c))));
    advances.sum::<f64>() / f64::from(face.units_per_em())
}

/// The outline of `text` at a font size of 1, its baseline starting at (0, 0), y downwards; none
/// where it has no ink.
pub(super) fn outline(text: &str, bold: bool) -> Option<Path> {
    let face = face(bold)?;
    let scale = 1.0 / f32::from(face.units_per_em());
    let mut pen = Pen {
        path: PathBuilder::new(),
        x: 0.0,
        scale,
    };
    for c in text.chars() {
        let id = glyph(face, c);
        face.outline_glyph(id, &mut pen);
        pen.x += scale * f32::from(advance(face, id));
    }
    pen.path.finish()
}

fn glyph(face: &Face, c: char) -> GlyphId {
    face.glyph_index(c).unwrap_or(GlyphId(0)) // 0 is the box of a missing character
}

fn advance(face: &Face, id: GlyphId) -> u16 {
    face.glyph_hor_advance(id).unwrap_or(0)
}

/// Moves outlines from font units, y upwards, to a path.
struct Pen {
    path: PathBuilder,
    x: f32,
    scale: f32,
}

impl Pen {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + self.scale * x, -self.scale * y)
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_has_every_character_that_figures_use() {
        for bold in [false, true] {
            let face = face(bold).unwrap();
            for c in "layer 1, R² 0.98 |h| λ γ … – ×".chars() {
                assert!(face.glyph_index(c).is_some(), "{c}");
            }
        }
        assert!(width("mm", false) > 1.9 * width("m", false));
        assert!(outline(" ", false).is_none());
    }
}
