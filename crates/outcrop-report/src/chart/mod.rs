//! The elements of a figure, and how it becomes SVG and PNG. A figure says *what* to draw
//! ([`Sheet`], [`Panel`], [`Mark`]); how, only this module knows: the plotting library is named
//! nowhere else.

mod axis;
mod callouts;
mod cells;
mod draw;
mod ends;
mod font;
mod footer;
mod index;
mod ink;
mod label;
mod legend;
mod marks;
pub(crate) mod palette;
pub(crate) mod print;
mod range;
mod raster;
mod ridges;
mod tags;
mod ticks;

pub(crate) use axis::Axis;
pub(crate) use cells::cells;
pub(crate) use draw::{png, svg};
pub(crate) use label::short;

pub(crate) use plotters::style::RGBColor;

/// A picture: panels in rows and columns.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    pub(crate) columns: usize,
    /// Width and height of one panel in pixels, without its legend.
    pub(crate) panel_size: (u32, u32),
    pub(crate) legend: Vec<Key>,
    pub(crate) panels: Vec<Panel>,
}

/// One pair of axes with its content.
#[derive(Clone, Debug)]
pub(crate) struct Panel {
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) marks: Vec<Mark>,
    pub(crate) legend: Vec<Key>,
    pub(crate) color_bar: Option<ColorBar>,
    /// A second panel in the bottom quarter, on the same horizontal axis; its title is not drawn.
    pub(crate) below: Option<Box<Panel>>,
    /// Words above the axes, each with a line to its place along the horizontal axis.
    pub(crate) tags: Vec<(f64, String)>,
    /// Words at the right of the axes, each in the colour of the line that ends at its height.
    pub(crate) ends: Vec<(f64, String, RGBColor)>,
    /// A third axis; with it the panel is a landscape, and its marks are not drawn.
    pub(crate) depth: Option<Depth>,
    /// Paragraphs under the axes.
    pub(crate) footer: Vec<String>,
}

/// What makes a panel a landscape in oblique projection: `x` runs along its front, `y` upwards, and
/// this axis away from the reader.
#[derive(Clone, Debug)]
pub(crate) struct Depth {
    pub(crate) axis: Axis,
    pub(crate) ridges: Vec<Ridge>,
    /// What rises above this height is drawn in the colour of spikes.
    pub(crate) tall: f64,
    pub(crate) callouts: Vec<Callout>,
}

/// One profile (x, y) of a landscape, `depth` behind its front; x ascends.
#[derive(Clone, Debug)]
pub(crate) struct Ridge {
    pub(crate) depth: f64,
    pub(crate) points: Vec<(f64, f64)>,
}

/// Words beside a place of a landscape: (x, y, depth).
#[derive(Clone, Debug)]
pub(crate) struct Callout {
    pub(crate) at: (f64, f64, f64),
    pub(crate) words: String,
}

/// A sheet for every panel, each with its own legend only.
pub(crate) fn panels(sheet: &Sheet) -> Vec<Sheet> {
    let alone = |panel: &Panel| Sheet {
        columns: 1,
        panel_size: sheet.panel_size,
        legend: Vec::new(),
        panels: vec![panel.clone()],
    };
    sheet.panels.iter().map(alone).collect()
}

impl Panel {
    pub(crate) fn new(title: impl Into<String>, x: Axis, y: Axis, marks: Vec<Mark>) -> Self {
        Self {
            title: title.into(),
            x,
            y,
            marks,
            legend: Vec::new(),
            color_bar: None,
            below: None,
            tags: Vec::new(),
            ends: Vec::new(),
            depth: None,
            footer: Vec::new(),
        }
    }

    pub(crate) fn with_legend(mut self, legend: Vec<Key>) -> Self {
        self.legend = legend;
        self
    }
}

/// Something drawn in a panel, in its units. What lies beyond an axis is drawn at its end; of
/// points, triangles there tell so.
#[derive(Clone, Debug)]
pub(crate) enum Mark {
    Line(Vec<(f64, f64)>, RGBColor, Stroke),
    /// Small dots, along a line or a curve.
    Points(Vec<(f64, f64)>, RGBColor),
    /// The same as rings.
    Rings(Vec<(f64, f64)>, RGBColor),
    /// Larger dots that stand alone.
    Scatter(Vec<(f64, f64)>, RGBColor),
    /// The area between lower and upper: (x, lower, upper).
    Band(Vec<(f64, f64, f64)>, RGBColor),
    /// Vertical bars with caps: (x, lower, upper).
    Bars(Vec<(f64, f64, f64)>, RGBColor),
    /// Words at the top, beside the line at x.
    Words(f64, String),
    /// A filled rectangle from one corner to the other.
    Cell((f64, f64), (f64, f64), RGBColor),
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Stroke {
    Solid,
    Thin,
    Dashed,
    Dotted,
}

/// One entry of a legend.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) label: String,
    pub(crate) color: RGBColor,
    pub(crate) symbol: Symbol,
}

/// What a legend shows beside a label.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Symbol {
    Line,
    Thin,
    Dashed,
    Dotted,
    Point,
    Ring,
    Band,
    /// A filled cell or bar.
    Box,
}

impl Key {
    pub(crate) fn new(label: impl Into<String>, color: RGBColor, symbol: Symbol) -> Self {
        Self {
            label: shorten(label.into(), 36),
            color,
            symbol,
        }
    }
}

/// The scale of a heatmap, drawn at its right in viridis.
#[derive(Clone, Debug)]
pub(crate) struct ColorBar {
    pub(crate) axis: Axis,
}

impl ColorBar {
    /// The colour of `value`.
    pub(crate) fn color(&self, value: Option<f64>) -> RGBColor {
        match value.filter(|v| v.is_finite()) {
            Some(v) => palette::viridis(self.axis.fraction(v)),
            None => palette::ABSENT,
        }
    }
}

/// `text` in at most `most` characters; the middle is left out, since names differ at their ends.
pub(crate) fn shorten(text: String, most: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return text;
    }
    let end = (most - 1) / 2;
    let start = text.chars().take(most - 1 - end);
    start
        .chain(['…'])
        .chain(text.chars().skip(count - end))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(shorten("short".into(), 9), "short");
        assert_eq!(shorten("abcdefghijklm".into(), 9), "abcd…jklm");
    }
}
