//! Labels at the ends of lines, in the place of a legend.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::ink::{Area, Drawn, label_width, pixels, put, reason, text, units};
use super::tags::spread;
use super::{Axis, RGBColor, shorten};

/// Length of the line between the axes and a label, in pixels.
const LEAD: f64 = 16.0;
/// Height of a label, less the gap between two, in pixels.
const HEIGHT: f64 = 6.0;

/// Most characters of a label.
const LONGEST: usize = 32;

/// A label as far as there is room for it.
fn short(words: &str) -> String {
    shorten(words.to_owned(), LONGEST)
}

/// Width of the strip of labels, in pixels.
pub(super) fn width(ends: &[(f64, String, RGBColor)]) -> u32 {
    let widest = ends
        .iter()
        .map(|end| label_width(&short(&end.1)))
        .fold(0.0, f64::max);
    match ends.is_empty() {
        true => 0,
        false => (widest + LEAD + 10.0).ceil() as u32,
    }
}

/// Writes `ends` into a strip beside axes that reach from `top` to `bottom`, in pixels; labels that would cover
/// each other are moved apart.
pub(super) fn draw_ends<DB: DrawingBackend>(
    area: &Area<DB>,
    ends: &[(f64, String, RGBColor)],
    y: &Axis,
    (top, bottom): (f64, f64),
) -> Drawn {
    // a line that leaves the axes has its label at their edge
    let height = |value: f64| bottom - y.fraction(value).clamp(0.0, 1.0) * (bottom - top);
    let mut ends: Vec<_> = ends.iter().map(|end| (height(end.0), end)).collect();
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let boxes: Vec<(f64, f64)> = ends.iter().map(|end| (end.0, HEIGHT)).collect();
    for ((from, (_, words, color)), at) in ends.iter().zip(spread(&boxes, top, bottom)) {
        let point = |x: f64, y: f64| (units(0) + pixels(x) as i32, pixels(y.max(0.0)) as i32);
        let lead = [point(1.0, *from), point(LEAD - 4.0, at)];
        let lead = PathElement::new(lead, color.stroke_width(pixels(2.0)));
        area.draw(&lead).map_err(reason)?;
        put(
            area,
            &short(words),
            point(LEAD, at),
            text(), // in ink: the light end of a palette cannot be read on white
            HPos::Left,
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_of_any_length_leaves_room_for_the_axes() {
        let strip = |words: &str| width(&[(0.0, words.to_owned(), BLACK)]);
        assert!(strip("critically damped step < 0.01") > strip("emergence 0.93"));
        assert!(strip(&"m".repeat(400)) < 500);
    }
}
