//! Words above the axes with lines to their places.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::ink::{Area, Drawn, TEXT, pixels, put, reason, text, units};
use super::palette::INK;
use super::{Axis, font, shorten};

/// Height of the strip of tags, in pixels.
const STRIP: u32 = 38;
/// Smallest distance between two tags, in pixels.
const GAP: f64 = 8.0;

/// Height that `tags` take above the axes, in pixels.
pub(super) fn tag_height(tags: &[(f64, String)]) -> u32 {
    if tags.is_empty() { 0 } else { STRIP }
}

/// Writes `tags` of the axis `x`, which runs over `length` pixels from `left`, and draws their lines
/// down to the axes, which begin `margin` pixels under the strip.
pub(super) fn draw_tags<DB: DrawingBackend>(
    area: &Area<DB>,
    tags: &[(f64, String)],
    x: &Axis,
    (left, length): (f64, f64),
    margin: u32,
) -> Drawn {
    let mut tags: Vec<_> = tags
        .iter()
        .map(|(at, words)| (left + length * x.fraction(*at), shorten(words.clone(), 30)))
        .collect();
    tags.sort_by(|a, b| a.0.total_cmp(&b.0));
    let boxes = tags.iter().map(|t| (t.0, TEXT * font::width(&t.1, false)));
    let boxes: Vec<_> = boxes.collect();
    for ((place, words), middle) in tags.iter().zip(spread(&boxes, left, left + length)) {
        let at = |x: f64, y: u32| (pixels(x) as i32, units(y));
        put(area, words, at(middle, 9), text(), HPos::Center)?;
        let line = [
            at(middle, 18),
            at(*place, STRIP - 6),
            at(*place, STRIP + margin),
        ];
        let line = PathElement::new(line, INK.stroke_width(pixels(0.8)));
        area.draw(&line).map_err(reason)?;
    }
    Ok(())
}

/// Where boxes (middle, width), sorted by their middles, stand between `left` and `right` without
/// overlap, near their middles; where there is no room for all, they run over the left end.
pub(super) fn spread(boxes: &[(f64, f64)], left: f64, right: f64) -> Vec<f64> {
    let mut middles = Vec::with_capacity(boxes.len());
    let mut free = left;
    for (middle, width) in boxes {
        let at = middle.max(free + width / 2.0);
        middles.push(at);
        free = at + width / 2.0 + GAP;
    }
    let mut free = right;
    for (at, (_, width)) in middles.iter_mut().zip(boxes).rev() {
        *at = at.min(free - width / 2.0);
        free = *at - width / 2.0 - GAP;
    }
    middles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_stand_apart_inside_of_the_ends_and_move_only_where_they_must() {
        let boxes = [(2.0, 20.0), (50.0, 10.0), (100.0, 30.0), (101.0, 30.0)];
        let at = spread(&boxes, 0.0, 120.0);
        for i in 1..at.len() {
            let room = 0.5 * (boxes[i].1 + boxes[i - 1].1) + GAP;
            assert!(at[i] - at[i - 1] >= room - 1e-9, "{at:?}");
        }
        assert!(at[0] >= 10.0 && at[3] <= 105.0);
        assert_eq!(spread(&[(50.0, 10.0)], 0.0, 100.0), [50.0]);
    }
}
