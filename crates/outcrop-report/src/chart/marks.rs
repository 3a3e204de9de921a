//! How marks become shapes.

use std::cmp::Ordering;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::font;
use super::ink::{BAND, Drawn, TEXT, UNITS, pixels, reason, text, units};
use super::{Axis, Mark, Stroke};

pub(super) type Chart<'a, DB> = ChartContext<'a, DB, Cartesian2d<Axis, Axis>>;

/// Draws into one pair of axes.
pub(super) struct Pen<'p, 'a, DB: DrawingBackend> {
    chart: &'p mut Chart<'a, DB>,
    x: &'p Axis,
    y: &'p Axis,
}

impl<'p, 'a, DB: DrawingBackend> Pen<'p, 'a, DB> {
    pub(super) fn new(chart: &'p mut Chart<'a, DB>, x: &'p Axis, y: &'p Axis) -> Self {
        Self { chart, x, y }
    }

    pub(super) fn draw(&mut self, mark: &Mark) -> Drawn {
        match mark {
            Mark::Line(points, color, stroke) => self.line(finite(points), *color, *stroke),
            Mark::Points(points, color) => self.dots(finite(points), 2.25, color.filled()),
            Mark::Rings(points, color) => {
                self.dots(finite(points), 3.25, color.stroke_width(pixels(1.2)))
            }
            Mark::Scatter(points, color) => self.dots(finite(points), 4.0, color.filled()),
            Mark::Band(rows, color) => {
                let upper = rows.iter().map(|r| (r.0, r.2));
                let lower = rows.iter().rev().map(|r| (r.0, r.1));
                let outline = finite(&upper.chain(lower).collect::<Vec<_>>());
                self.shapes([Polygon::new(outline, color.mix(BAND).filled())])
            }
            Mark::Bars(rows, color) => self.bars(rows, *color),
            Mark::Words(x, words) => self.words(*x, words),
            Mark::Cell(low, high, color) => {
                self.shapes([Rectangle::new([*low, *high], color.filled())])
            }
        }
    }

    fn shapes<E>(&mut self, shapes: impl IntoIterator<Item = E>) -> Drawn
    where
        E: plotters::element::Drawable<DB>,
        for<'e> &'e E: plotters::element::PointCollection<'e, (f64, f64)>,
    {
        self.chart.draw_series(shapes).map(drop).map_err(reason)
    }

    fn line(&mut self, points: Vec<(f64, f64)>, color: RGBColor, stroke: Stroke) -> Drawn {
        let width = if stroke == Stroke::Thin { 1.2 } else { 2.0 };
        let style = color.stroke_width(pixels(width));
        let broken =
            |dash, gap| DashedLineSeries::new(points.clone(), units(dash), units(gap), style);
        match stroke {
            Stroke::Dashed => self.shapes(broken(5, 4)),
            Stroke::Dotted => self.shapes(broken(2, 3)),
            Stroke::Solid | Stroke::Thin => self.shapes([PathElement::new(points, style)]),
        }
    }

    fn dots(&mut self, points: Vec<(f64, f64)>, radius: f64, style: ShapeStyle) -> Drawn {
        let (x, y) = (self.x, self.y);
        let side = |p: &(f64, f64)| (x.beyond(p.0), y.beyond(p.1));
        let inside = (Ordering::Equal, Ordering::Equal);
        let (shown, beyond): (Vec<_>, Vec<_>) = points.into_iter().partition(|p| side(p) == inside);
        let circles = shown.into_iter();
        self.shapes(circles.map(|p| Circle::new(p, pixels(radius), style)))?;
        let triangles = beyond.into_iter().map(|p| {
            let corners = triangle(side(&p), pixels(radius.max(3.5)) as i32);
            EmptyElement::at(p) + Polygon::new(corners, style.color.filled())
        });
        self.shapes(triangles)
    }

    fn bars(&mut self, rows: &[(f64, f64, f64)], color: RGBColor) -> Drawn {
        let style = color.stroke_width(pixels(1.2));
        let ends = |r: &&(f64, f64, f64)| r.0.is_finite() && r.1.is_finite() && r.2.is_finite();
        for (x, low, high) in rows.iter().filter(ends) {
            self.shapes([PathElement::new([(*x, *low), (*x, *high)], style)])?;
            let cap = |y: f64| {
                let line = [(-units(3), 0), (units(3), 0)];
                EmptyElement::at((*x, y)) + PathElement::new(line, style)
            };
            self.shapes([*low, *high].map(cap))?;
        }
        Ok(())
    }

    /// To the right of x, or to its left where there is no room.
    fn words(&mut self, x: f64, words: &str) -> Drawn {
        let (width, _) = self.chart.plotting_area().dim_in_pixel();
        let width = f64::from(width / UNITS);
        let room = width * (1.0 - self.x.fraction(x)) - 6.0;
        let (side, anchor) = match TEXT * font::width(words, false) <= room {
            true => (1, HPos::Left),
            false => (-1, HPos::Right),
        };
        let style = text().pos(Pos::new(anchor, VPos::Center));
        let words = Text::new(words.to_owned(), (side * units(6), units(10)), style);
        self.shapes([EmptyElement::at((x, f64::MAX)) + words])
    }
}

fn finite(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let finite = points.iter().copied();
    finite
        .filter(|(x, y)| x.is_finite() && y.is_finite())
        .collect()
}

/// A triangle with its tip at (0, 0), pointing to where a point lies beyond the axes.
fn triangle((x, y): (Ordering, Ordering), half: i32) -> Vec<(i32, i32)> {
    let (dx, dy) = match y {
        Ordering::Equal => (x as i32, 0),
        y => (0, -(y as i32)), // downwards on the screen
    };
    let foot = |side: i32| (half * (-2 * dx + side * dy), half * (-2 * dy + side * dx));
    vec![(0, 0), foot(1), foot(-1)]
}
