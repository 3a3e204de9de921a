//! Curves in text: dots of Unicode braille, two across and four down a character.

use std::collections::BTreeMap;

use outcrop_core::CurvePoint;

use super::super::output::significant;

/// Columns left of the curves, for ratios.
const LEFT: usize = 8;
/// Columns right of the curves, for layers.
const RIGHT: usize = 14;
/// Columns if the width of the terminal is unknown.
const WIDTH: usize = 80;
/// Rows of the curves.
const HEIGHT: usize = 12;
/// The bits of the dots of one character, as [row][column].
const DOTS: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
const BLANK: u32 = 0x2800;

/// Characters of the area of the curves.
#[derive(Clone, Copy)]
pub(super) struct Size {
    width: usize,
    height: usize,
}

impl Size {
    /// The width of the terminal, limited to what is readable at a glance.
    pub(super) fn of_terminal() -> Self {
        let (_, width) = console::Term::stdout()
            .size_checked()
            .unwrap_or((0, WIDTH as u16));
        Self::within(usize::from(width))
    }

    fn within(width: usize) -> Self {
        Self {
            width: width.clamp(40, 120) - LEFT - RIGHT,
            height: HEIGHT,
        }
    }

    /// Steps after the first for one point in each column of dots.
    pub(super) fn steps(self) -> u32 {
        (2 * self.width - 1) as u32
    }
}

/// The curves of all layers over steps that are equally far apart in ln(1 + step), the ratio
/// logarithmic; the band of the layer with the highest curve is shaded.
pub(super) fn sketch(points: &[CurvePoint], size: Size) -> String {
    let layers: Vec<&[CurvePoint]> = points.chunk_by(|a, b| a.layer == b.layer).collect();
    let highest = layers.iter().max_by(|a, b| top(a).total_cmp(&top(b)));
    let Some(highest) = highest else {
        return String::new();
    };
    let canvas = Canvas::new(points, highest, size);
    let mut cells = vec![vec![BLANK; size.width]; size.height];
    let mut ends: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    for layer in &layers {
        canvas.draw(layer, &mut cells);
        if let Some(last) = layer.last() {
            let row = canvas.dot(last.value) / 4;
            ends.entry(row).or_default().push(last.layer);
        }
    }
    let shaded = canvas.shade(highest, &mut cells);
    let mut lines = vec![match (shaded, highest.first()) {
        (true, Some(first)) => format!("ratio; ░ is the band of layer {}", first.layer),
        _ => "ratio".to_owned(),
    }];
    lines.extend(cells.iter().enumerate().map(|(row, cells)| {
        let characters: String = cells.iter().map(|c| character(*c)).collect();
        let end = ends.get(&row).map_or(String::new(), |layers| names(layers));
        format!("{:>7}│{characters} {end}", canvas.label(row))
            .trim_end()
            .to_owned()
    }));
    lines.extend(axis(highest, size));
    lines.join("\n")
}

fn character(cell: u32) -> char {
    match cell {
        BLANK => ' ',
        _ => char::from_u32(cell).unwrap_or(' '),
    }
}

fn top(points: &&&[CurvePoint]) -> f64 {
    points.iter().map(|p| p.value).fold(0.0, f64::max)
}

/// The range of ratios and its place in dots.
struct Canvas {
    low: f64,
    high: f64,
    size: Size,
}

impl Canvas {
    fn new(points: &[CurvePoint], banded: &[CurvePoint], size: Size) -> Self {
        let ends = banded
            .iter()
            .flat_map(|p| [p.value_lo, p.value_hi])
            .flatten();
        let values = points.iter().map(|p| p.value).chain(ends);
        let values = values.filter(|v| *v > 0.0 && v.is_finite()).map(f64::ln);
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(v), high.max(v))
        });
        let pad = if high > low { 0.0 } else { 0.5 };
        Self {
            low: low - pad,
            high: high + pad,
            size,
        }
    }

    /// The row of dots of a ratio, from the top.
    fn dot(&self, ratio: f64) -> usize {
        let rows = 4 * self.size.height - 1;
        let share = (self.high - ratio.ln()) / (self.high - self.low);
        (share.clamp(0.0, 1.0) * rows as f64).round() as usize
    }

    /// A curve as dots without gaps.
    fn draw(&self, points: &[CurvePoint], cells: &mut [Vec<u32>]) {
        let rows: Vec<usize> = points.iter().map(|p| self.dot(p.value)).collect();
        for (column, row) in rows.iter().enumerate().take(2 * self.size.width) {
            let before = rows[column.saturating_sub(1)];
            // from next to the dot before
            let from = match before.cmp(row) {
                std::cmp::Ordering::Less => before + 1,
                std::cmp::Ordering::Equal => before,
                std::cmp::Ordering::Greater => before - 1,
            };
            for dot in from.min(*row)..=from.max(*row) {
                cells[dot / 4][column / 2] |= DOTS[dot % 4][column % 2];
            }
        }
    }

    /// Fills what is empty between the ends of a band; whether there is one.
    fn shade(&self, points: &[CurvePoint], cells: &mut [Vec<u32>]) -> bool {
        let mut shaded = false;
        for (column, pair) in points.chunks(2).enumerate().take(self.size.width) {
            let (Some(low), Some(high)) = (pair[0].value_lo, pair[0].value_hi) else {
                continue;
            };
            for row in cells
                .iter_mut()
                .take(self.dot(low) / 4 + 1)
                .skip(self.dot(high) / 4)
            {
                if row[column] == BLANK {
                    row[column] = u32::from('░');
                    shaded = true;
                }
            }
        }
        shaded
    }

    /// The ratio in the middle of every fourth row, and at both ends.
    fn label(&self, row: usize) -> String {
        let last = self.size.height - 1;
        if !row.is_multiple_of(4) && row != last {
            return String::new();
        }
        let share = row as f64 / last as f64;
        significant((self.high - share * (self.high - self.low)).exp())
    }
}

/// The axis of steps: 0, powers of ten, the last.
fn axis(points: &[CurvePoint], size: Size) -> [String; 2] {
    let last = points.last().map_or(1.0, |p| p.step.max(1.0));
    let mut line = vec!['─'; size.width];
    let mut labels = vec![' '; size.width + RIGHT];
    let end = size.width - 1;
    let column = |step: f64| (step.ln_1p() / last.ln_1p() * end as f64).round() as usize;
    let decades = (0..19).map(|k| 10f64.powi(k)).take_while(|s| *s < last);
    let mut free = labels.len();
    for step in [last]
        .into_iter()
        .chain(decades.collect::<Vec<_>>().into_iter().rev())
        .chain([0.0])
    {
        let (text, place) = (format!("{step:.0}"), column(step).min(end));
        if place + text.len() < free && place + text.len() <= labels.len() {
            labels.splice(place..place + text.len(), text.chars());
            line[place] = '┴';
            free = place;
        }
    }
    let labels: String = labels.into_iter().collect();
    [
        format!("{:>7}└{}", "", line.into_iter().collect::<String>()),
        format!("{:>8}{}  step", "", labels.trim_end()),
    ]
}

/// `layer 3`, `layers 1-3,5`.
fn names(layers: &[u32]) -> String {
    let runs = layers.chunk_by(|a, b| a + 1 == *b).filter_map(|run| {
        let (first, last) = (run.first()?, run.last()?);
        Some(if first == last {
            first.to_string()
        } else {
            format!("{first}-{last}")
        })
    });
    let names: Vec<String> = runs.collect();
    let word = if layers.len() == 1 { "layer" } else { "layers" };
    let text = format!("{word} {}", names.join(","));
    match text.len() < RIGHT {
        true => text,
        false => format!("{} layers", layers.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(layer: u32, ratio: impl Fn(f64) -> f64, size: Size) -> Vec<CurvePoint> {
        let point = |i| {
            let share = f64::from(i) / f64::from(size.steps());
            let value = ratio(share);
            CurvePoint {
                layer,
                step: (share * 1001f64.ln()).exp_m1(),
                value,
                value_lo: Some(0.5 * value),
                value_hi: Some(2.0 * value),
                ..CurvePoint::default()
            }
        };
        (0..=size.steps()).map(point).collect()
    }

    #[test]
    fn a_straight_line_runs_from_corner_to_corner() {
        let size = Size::within(60);
        let mut line = curve(1, |share| (3.0 * share).exp(), size);
        for point in &mut line {
            (point.value_lo, point.value_hi) = (None, None);
        }
        let text = sketch(&line, size);
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(rows.len(), 1 + HEIGHT + 2);
        assert!(rows.iter().all(|row| row.chars().count() <= 60), "{text}");
        let place = |row: &str| row.chars().position(|c| c as u32 > BLANK).unwrap_or(99);
        assert!(
            rows[HEIGHT].starts_with("      1│") || rows[HEIGHT].contains("1.000│"),
            "{text}"
        );
        assert!(
            rows[1].contains("layer 1") && place(rows[HEIGHT]) == LEFT,
            "{text}"
        );
        let places: Vec<usize> = rows[1..=HEIGHT].iter().map(|row| place(row)).collect();
        assert!(places.is_sorted_by(|a, b| a > b), "{places:?}");
        assert!(!text.contains('░'));
        assert!(
            rows[HEIGHT + 2].contains("100") && rows[HEIGHT + 2].contains("1000  step"),
            "{text}"
        );
    }

    #[test]
    fn the_band_of_the_highest_curve_is_shaded_and_ends_are_named() {
        let size = Size::within(200);
        let curves =
            [1, 2, 3].map(|layer| curve(layer, |share| 5.0 + share * f64::from(layer / 3), size));
        let text = sketch(&curves.concat(), size);
        assert!(text.contains("the band of layer 3"), "{text}");
        assert!(
            text.contains("layers 1-2") && text.contains("layer 3"),
            "{text}"
        );
        assert!(text.contains('░'));
        assert!(text.lines().all(|row| row.chars().count() <= 120));
        assert_eq!(sketch(&[], size), "");
    }

    #[test]
    fn layers_are_named_in_runs() {
        assert_eq!(names(&[4]), "layer 4");
        assert_eq!(names(&[1, 2, 3, 5]), "layers 1-3,5");
        assert_eq!(names(&[1, 3, 5, 7, 9]), "5 layers");
    }
}
