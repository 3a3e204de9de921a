//! A landscape in oblique projection: profiles one behind the other, the farthest drawn first.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::callouts::{Frame, Spike, Spot, place};
use super::ink::{Area, Drawn, TEXT, label_width, pixels, put, reason, text, units};
use super::palette::{GRID, INK, OKABE_ITO, muted};
use super::{Axis, Depth, Panel, Ridge};

const PLAIN: RGBColor = OKABE_ITO[0];
const SPIKE: RGBColor = OKABE_ITO[1];
/// What covers the ridges behind.
const SNOW: RGBColor = RGBColor(236, 243, 249);
/// Height of the labels and the title of the front edge, in pixels.
const X_STRIP: f64 = 44.0;

/// Where a place of the landscape stands on the picture.
struct Projection<'p> {
    x: Axis,
    y: Axis,
    depth: Axis,
    panel: &'p Panel,
    /// The near left corner of the floor, in pixels.
    corner: (f64, f64),
    /// Lengths of the front edge and of the vertical one, in pixels.
    size: (f64, f64),
    /// Where the edge that runs away from the reader ends, seen from its near end.
    away: (f64, f64),
}

type Point = (i32, i32);

impl<'p> Projection<'p> {
    fn new(panel: &'p Panel, depth: &Axis, gutter: u32, (width, height): (f64, f64)) -> Self {
        let labels = depth.ticks().iter().map(|(_, label)| label_width(label));
        let left = f64::from(gutter + 8);
        let bottom = height - X_STRIP;
        let room = (width - left - labels.fold(0.0, f64::max) - 24.0).max(1.0);
        let away = (0.25 * room, -0.34 * bottom);
        let size = (room - away.0, bottom + away.1 - 8.0);
        Self {
            x: panel.x.clone().spaced(size.0, label_width),
            y: panel.y.clone().spaced(size.1, |_| TEXT),
            depth: depth.clone().spaced(-away.1, |_| TEXT - 4.0),
            panel,
            corner: (left, bottom),
            size,
            away,
        }
    }

    /// The place of fractions of the three edges, in pixels.
    fn at(&self, x: f64, y: f64, depth: f64) -> (f64, f64) {
        let right = self.corner.0 + x * self.size.0 + depth * self.away.0;
        let down = self.corner.1 - y * self.size.1 + depth * self.away.1;
        (right, down)
    }

    fn point(&self, x: f64, y: f64, depth: f64) -> Point {
        whole(self.at(x, y, depth))
    }

    fn outline(&self, ridge: &Ridge) -> Vec<Point> {
        let depth = self.depth.fraction(ridge.depth);
        let places = ridge.points.iter();
        let point =
            |(x, y): &(f64, f64)| self.point(self.x.fraction(*x), self.y.fraction(*y), depth);
        places.map(point).collect()
    }
}

/// Units of a place in pixels.
fn whole((x, y): (f64, f64)) -> Point {
    (pixels(x) as i32, pixels(y) as i32)
}

/// Draws `panel`, whose third axis is `depth`, into an area of `size` pixels.
pub(super) fn draw_ridges<DB: DrawingBackend>(
    area: &Area<DB>,
    panel: &Panel,
    depth: &Depth,
    gutter: u32,
    size: (f64, f64),
) -> Drawn {
    let projection = Projection::new(panel, &depth.axis, gutter, size);
    draw_walls(area, &projection)?;
    let mut ridges: Vec<&Ridge> = depth.ridges.iter().collect();
    ridges.sort_by(|a, b| b.depth.total_cmp(&a.depth));
    for ridge in ridges {
        draw_ridge(area, &projection, ridge, depth.tall)?;
    }
    draw_edges(area, &projection)?;
    draw_callouts(area, &projection, depth, size)
}

fn line<DB: DrawingBackend>(
    area: &Area<DB>,
    points: impl Into<Vec<Point>>,
    color: RGBColor,
    width: f64,
) -> Drawn {
    let style = color.stroke_width(pixels(width));
    let path = PathElement::new(points, style);
    area.draw(&path).map_err(reason)
}

/// The grid on the floor, on the left and on the far wall.
fn draw_walls<DB: DrawingBackend>(area: &Area<DB>, p: &Projection) -> Drawn {
    let mut grid = Vec::new();
    for (value, _) in p.y.ticks() {
        let y = p.y.fraction(*value);
        grid.push([(0.0, y, 0.0), (0.0, y, 1.0), (1.0, y, 1.0)]);
    }
    for (value, _) in p.x.ticks() {
        let x = p.x.fraction(*value);
        grid.push([(x, 0.0, 0.0), (x, 0.0, 1.0), (x, 1.0, 1.0)]);
    }
    for (value, _) in p.depth.ticks() {
        let d = p.depth.fraction(*value);
        grid.push([(0.0, 1.0, d), (0.0, 0.0, d), (1.0, 0.0, d)]);
    }
    grid.push([(0.0, 1.0, 0.0), (0.0, 1.0, 1.0), (1.0, 1.0, 1.0)]);
    grid.push([(0.0, 0.0, 0.0), (0.0, 0.0, 1.0), (1.0, 0.0, 1.0)]);
    grid.push([(1.0, 0.0, 1.0), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0)]);
    grid.push([(0.0, 0.0, 1.0), (0.0, 1.0, 1.0), (0.0, 1.0, 1.0)]);
    grid.iter().try_for_each(|corners| {
        let points = corners.map(|(x, y, depth)| p.point(x, y, depth));
        line(area, points, GRID, 1.0)
    })
}

fn draw_ridge<DB: DrawingBackend>(
    area: &Area<DB>,
    p: &Projection,
    ridge: &Ridge,
    tall: f64,
) -> Drawn {
    let outline = p.outline(ridge);
    let (Some(first), Some(last)) = (ridge.points.first(), ridge.points.last()) else {
        return Ok(());
    };
    let depth = p.depth.fraction(ridge.depth);
    let foot = |x: f64| p.point(p.x.fraction(x), 0.0, depth);
    let mut body = outline.clone();
    body.extend([foot(last.0), foot(first.0)]);
    area.draw(&Polygon::new(body, SNOW.filled()))
        .map_err(reason)?;
    line(area, outline.clone(), muted(PLAIN), 0.8)?;
    let mut at = 0;
    for run in ridge.points.chunk_by(|a, b| (a.1 > tall) == (b.1 > tall)) {
        let next = at + run.len();
        if run[0].1 > tall {
            let sides = at.saturating_sub(1)..(next + 1).min(outline.len());
            let spike = Polygon::new(&outline[sides.clone()], SPIKE.filled());
            area.draw(&spike).map_err(reason)?;
            line(area, &outline[sides], SPIKE, 1.4)?;
        }
        at = next;
    }
    Ok(())
}

/// The edges that carry ticks, with their labels and titles.
fn draw_edges<DB: DrawingBackend>(area: &Area<DB>, p: &Projection) -> Drawn {
    let corners = [
        (0.0, 1.0, 0.0),
        (0.0, 0.0, 0.0),
        (1.0, 0.0, 0.0),
        (1.0, 0.0, 1.0),
    ];
    let corners = corners.map(|(x, y, depth)| p.point(x, y, depth));
    line(area, corners, INK, 1.0)?;
    let tick = |(x, y): (f64, f64), (dx, dy): (f64, f64), label: &str, side| {
        let end = |length: f64| whole((x + length * dx, y + length * dy));
        line(area, [end(0.0), end(4.0)], INK, 1.0)?;
        put(
            area,
            label,
            end(if dy > 0.0 { 14.0 } else { 8.0 }),
            text(),
            side,
        )
    };
    for (value, label) in p.x.ticks() {
        let at = p.at(p.x.fraction(*value), 0.0, 0.0);
        tick(at, (0.0, 1.0), label, HPos::Center)?;
    }
    for (value, label) in p.y.ticks() {
        let at = p.at(0.0, p.y.fraction(*value), 0.0);
        tick(at, (-1.0, 0.0), label, HPos::Right)?;
    }
    for (value, label) in p.depth.ticks() {
        let at = p.at(1.0, 0.0, p.depth.fraction(*value));
        tick(at, (1.0, 0.0), label, HPos::Left)?;
    }
    draw_titles(area, p)
}

fn draw_titles<DB: DrawingBackend>(area: &Area<DB>, p: &Projection) -> Drawn {
    let (x, y) = p.at(0.5, 0.0, 0.0);
    put(
        area,
        &p.panel.x.title,
        whole((x, y + 34.0)),
        text(),
        HPos::Center,
    )?;
    let (_, y) = p.at(0.0, 0.5, 0.0);
    let upright = text().transform(FontTransform::Rotate270);
    put(
        area,
        &p.panel.y.title,
        whole((14.0, y)),
        upright,
        HPos::Center,
    )?;
    let labels = p.depth.ticks().iter().map(|(_, label)| label_width(label));
    let (x, y) = p.at(1.0, 0.0, 0.25);
    let x = x + labels.fold(0.0, f64::max) + 18.0;
    put(area, &p.depth.title, whole((x, y)), text(), HPos::Left)
}

/// Where the labels of the edge that runs away stand.
fn labels(p: &Projection) -> Vec<Spot> {
    let spot = |(value, label): &(f64, String)| {
        let (x, y) = p.at(1.0, 0.0, p.depth.fraction(*value));
        Spot {
            left: x,
            right: x + 8.0 + label_width(label),
            y,
        }
    };
    p.depth.ticks().iter().map(spot).collect()
}

fn draw_callouts<DB: DrawingBackend>(
    area: &Area<DB>,
    p: &Projection,
    depth: &Depth,
    size: (f64, f64),
) -> Drawn {
    let spike = |c: &super::Callout| {
        let (x, y, d) = (
            p.x.fraction(c.at.0),
            p.y.fraction(c.at.1),
            p.depth.fraction(c.at.2),
        );
        Spike {
            tip: p.at(x, y, d),
            foot: p.at(x, 0.0, d).1,
            width: label_width(&c.words),
        }
    };
    let spikes: Vec<_> = depth.callouts.iter().map(spike).collect();
    let frame = Frame {
        left: p.corner.0 + 4.0,
        right: size.0,
        bottom: size.1,
    };
    let spots = place(&spikes, &labels(p), &frame);
    for ((callout, spike), spot) in depth.callouts.iter().zip(&spikes).zip(spots) {
        area.draw(&Circle::new(whole(spike.tip), units(2), SPIKE.filled()))
            .map_err(reason)?;
        let Some(spot) = spot else {
            continue;
        };
        let near = whole(spot.near(spike));
        line(area, [whole(spike.tip), near], INK, 0.8)?;
        let corners = [
            whole((spot.left - 2.0, spot.y - 7.0)),
            whole((spot.right + 2.0, spot.y + 7.0)),
        ];
        let ground = Rectangle::new(corners, WHITE.mix(0.9).filled());
        area.draw(&ground).map_err(reason)?;
        put(
            area,
            &callout.words,
            whole((spot.left, spot.y)),
            text(),
            HPos::Left,
        )?;
    }
    Ok(())
}
