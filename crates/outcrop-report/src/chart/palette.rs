use plotters::style::RGBColor;
use plotters::style::colors::colormaps::{ColorMap, ViridisRGB};

/// Okabe and Ito's colours without yellow, which is too faint on white: told apart by everyone,
/// also by people who do not tell red from green.
pub(crate) const OKABE_ITO: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];

/// Where nothing is known.
pub(crate) const ABSENT: RGBColor = RGBColor(217, 217, 217);

/// Text and axes.
pub(crate) const INK: RGBColor = RGBColor(34, 34, 34);

/// Grid lines.
pub(crate) const GRID: RGBColor = RGBColor(228, 228, 228);

/// A paler `color`, for the background.
pub(crate) fn muted(color: RGBColor) -> RGBColor {
    let pale = |c: u8| (0.75 * f64::from(c) + 0.25 * 255.0).round() as u8;
    RGBColor(pale(color.0), pale(color.1), pale(color.2))
}

/// Viridis at `t` from 0 to 1; [`ABSENT`] for NaN.
pub(crate) fn viridis(t: f64) -> RGBColor {
    match t.is_nan() {
        true => ABSENT,
        false => ViridisRGB.get_color(t.clamp(0.0, 1.0)),
    }
}

/// The colour of item `i` of `n` ordered items, such as layers; the faint yellow end of viridis is
/// left out.
pub(crate) fn ordered(i: usize, n: usize) -> RGBColor {
    viridis(0.92 * i as f64 / n.saturating_sub(1).max(1) as f64)
}

/// The colour of item `i` of `n` items: distinct ones while there are enough of them.
pub(crate) fn distinct(i: usize, n: usize) -> RGBColor {
    match n <= OKABE_ITO.len() {
        true => OKABE_ITO[i % OKABE_ITO.len()],
        false => ordered(i, n),
    }
}
