use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use tiny_skia::Pixmap;

use super::font;
use super::palette::{GRID, INK, viridis};
use super::raster::Raster;
use super::{Axis, ColorBar, Key, Mark, Panel, Sheet, Stroke, Symbol};

/// The library draws on whole units, so a pixel is divided into this many of them.
const UNITS: u32 = 8;
/// Sizes of text in pixels.
const TITLE: f64 = 13.5;
const TEXT: f64 = 12.0;
/// Heights of the strip of a title and of one row of a legend, in pixels.
const TITLE_STRIP: u32 = 26;
const LEGEND_ROW: u32 = 20;
/// Gap between the entries of a legend, in pixels.
const ENTRY_GAP: f64 = 14.0;
/// Width of the strip of a colour bar, in pixels.
const BAR_STRIP: u32 = 104;

/// Pixels of the PNG per pixel of the SVG, so that print and dense screens stay sharp.
const DENSITY: u32 = 2;

type Area<DB> = DrawingArea<DB, Shift>;
type Chart<'a, DB> = ChartContext<'a, DB, Cartesian2d<Axis, Axis>>;
type Drawn = Result<(), String>;

/// `sheet` as SVG; the reason where the library refuses.
pub(crate) fn svg(sheet: &Sheet) -> Result<String, String> {
    let (width, height) = size(sheet);
    let mut text = String::new();
    let backend = SVGBackend::with_string(&mut text, (width * UNITS, height * UNITS));
    draw_sheet(&backend.into_drawing_area(), sheet)?;
    // The size is declared in pixels; the coordinates stay in units, through the view box.
    let declared = |u: u32| format!("width=\"{}\" height=\"{}\"", width * u, height * u);
    Ok(text.replacen(&declared(UNITS), &declared(1), 1))
}

/// `sheet` as PNG, twice the size of the SVG; the reason where it is too large.
pub(crate) fn png(sheet: &Sheet) -> Result<Vec<u8>, String> {
    let (width, height) = size(sheet);
    let pixels = Pixmap::new(width * DENSITY, height * DENSITY);
    let mut pixels = pixels.ok_or("the picture is too large")?;
    let backend = Raster::new(&mut pixels, (width * UNITS, height * UNITS));
    draw_sheet(&backend.into_drawing_area(), sheet)?;
    pixels.encode_png().map_err(reason)
}

/// Width and height in pixels.
fn size(sheet: &Sheet) -> (u32, u32) {
    let columns = sheet.columns.max(1);
    let rows = sheet.panels.len().div_ceil(columns).max(1);
    let width = sheet.panel_size.0 * columns as u32;
    let legend = legend_height(&sheet.legend, width);
    (width, sheet.panel_size.1 * rows as u32 + legend)
}

fn draw_sheet<DB: DrawingBackend>(root: &Area<DB>, sheet: &Sheet) -> Drawn {
    let columns = sheet.columns.max(1);
    let rows = sheet.panels.len().div_ceil(columns).max(1);
    let (width, _) = size(sheet);
    root.fill(&WHITE).map_err(reason)?;
    let (top, rest) = root.split_vertically(units(legend_height(&sheet.legend, width)));
    draw_legend(&top, &sheet.legend, width)?;
    for (area, panel) in rest.split_evenly((rows, columns)).iter().zip(&sheet.panels) {
        draw_panel(area, panel, sheet.panel_size)?;
    }
    root.present().map_err(reason)
}

fn units(pixels: u32) -> i32 {
    (pixels * UNITS) as i32
}

fn reason(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// The font at a size in pixels; the library divides a size by 1.24 when it writes SVG.
fn font(pixels: f64, style: FontStyle) -> TextStyle<'static> {
    let size = pixels * 1.24 * f64::from(UNITS);
    let family = FontFamily::Name(font::FAMILY);
    TextStyle::from(FontDesc::new(family, size, style)).color(&INK)
}

/// The style of everything but titles.
fn text() -> TextStyle<'static> {
    font(TEXT, FontStyle::Normal)
}

fn pixels(width: f64) -> u32 {
    (width * f64::from(UNITS)).round() as u32
}

fn put<DB: DrawingBackend>(
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

fn draw_panel<DB: DrawingBackend>(
    area: &Area<DB>,
    panel: &Panel,
    (width, height): (u32, u32),
) -> Drawn {
    let (title, rest) = area.split_vertically(units(TITLE_STRIP));
    let bold = font(TITLE, FontStyle::Bold);
    let title_at = (units(width) / 2, units(TITLE_STRIP) * 3 / 5);
    put(
        &title,
        &fit(&panel.title, width, TITLE),
        title_at,
        bold,
        HPos::Center,
    )?;
    let legend = legend_height(&panel.legend, width);
    let (top, rest) = rest.split_vertically(units(legend));
    draw_legend(&top, &panel.legend, width)?;
    match &panel.color_bar {
        Some(bar) => {
            let (left, right) = rest.split_horizontally(units(width - BAR_STRIP));
            draw_axes_and_marks(&left, panel)?;
            draw_color_bar(&right, bar, height - TITLE_STRIP - legend)
        }
        None => draw_axes_and_marks(&rest, panel),
    }
}

/// `text` as far as it fits into `width` pixels.
fn fit(text: &str, width: u32, size: f64) -> String {
    let fits = |t: &str| size * font::width(t, true) <= f64::from(width) - 12.0;
    let mut kept = text.to_owned();
    if fits(&kept) {
        return kept;
    }
    while !kept.is_empty() && !fits(&format!("{kept}…")) {
        kept.pop();
    }
    kept + "…"
}

/// Width of an entry of a legend in pixels, with the gap after it.
fn entry_width(key: &Key) -> f64 {
    30.0 + TEXT * font::width(&key.label, false) + ENTRY_GAP
}

fn draw_axes_and_marks<DB: DrawingBackend>(area: &Area<DB>, panel: &Panel) -> Drawn {
    let labels = panel.y.ticks().iter();
    let labels = labels.map(|(_, label)| TEXT * font::width(label, false));
    let labels = labels.fold(0.0, f64::max).ceil() as u32;
    let y_title = if panel.y.title.is_empty() { 0 } else { 22 };
    let mut chart = ChartBuilder::on(area)
        .margin(units(4))
        .margin_right(units(18))
        .margin_top(units(6))
        .x_label_area_size(units(44))
        .y_label_area_size(units(labels + y_title + 12))
        .build_cartesian_2d(panel.x.clone(), panel.y.clone())
        .map_err(reason)?;
    draw_axes(&mut chart, panel)?;
    panel
        .marks
        .iter()
        .try_for_each(|m| draw_mark(&mut chart, m))
}

fn draw_axes<DB: DrawingBackend>(chart: &mut Chart<DB>, panel: &Panel) -> Drawn {
    let (x, y) = (panel.x.clone(), panel.y.clone());
    let (x_label, y_label) = (|v: &f64| x.label(*v), |v: &f64| y.label(*v));
    let mut mesh = chart.configure_mesh();
    if !x.has_grid() {
        mesh.disable_x_mesh();
    }
    if !y.has_grid() {
        mesh.disable_y_mesh();
    }
    mesh.bold_line_style(GRID.stroke_width(UNITS))
        .light_line_style(TRANSPARENT)
        .axis_style(INK.stroke_width(UNITS))
        .label_style(text())
        .axis_desc_style(text())
        .set_all_tick_mark_size(units(4))
        .x_label_formatter(&x_label)
        .y_label_formatter(&y_label)
        .x_desc(&panel.x.title)
        .y_desc(&panel.y.title)
        .draw()
        .map_err(reason)
}

fn draw_mark<DB: DrawingBackend>(chart: &mut Chart<DB>, mark: &Mark) -> Drawn {
    let finite = |points: &[(f64, f64)]| -> Vec<(f64, f64)> {
        let finite = points.iter().copied();
        finite
            .filter(|(x, y)| x.is_finite() && y.is_finite())
            .collect()
    };
    match mark {
        Mark::Line(points, color, stroke) => draw_line(chart, finite(points), *color, *stroke),
        Mark::Points(points, color) => {
            let dots = finite(points).into_iter();
            let dots = dots.map(|p| Circle::new(p, units(1) * 9 / 4, color.filled()));
            chart.draw_series(dots).map(drop).map_err(reason)
        }
        Mark::Band(rows, color) => {
            let upper = rows.iter().map(|r| (r.0, r.2));
            let lower = rows.iter().rev().map(|r| (r.0, r.1));
            let outline = finite(&upper.chain(lower).collect::<Vec<_>>());
            let band = Polygon::new(outline, color.mix(0.18).filled());
            chart.draw_series([band]).map(drop).map_err(reason)
        }
        Mark::Cell(low, high, color) => {
            let cell = Rectangle::new([*low, *high], color.filled());
            chart.draw_series([cell]).map(drop).map_err(reason)
        }
    }
}

fn draw_line<DB: DrawingBackend>(
    chart: &mut Chart<DB>,
    points: Vec<(f64, f64)>,
    color: RGBColor,
    stroke: Stroke,
) -> Drawn {
    let width = if stroke == Stroke::Thin { 1.2 } else { 2.0 };
    let style = color.stroke_width(pixels(width));
    match stroke {
        Stroke::Dashed => {
            let line = DashedLineSeries::new(points, units(5), units(4), style);
            chart.draw_series(line).map(drop).map_err(reason)
        }
        Stroke::Solid | Stroke::Thin => {
            let line = LineSeries::new(points, style);
            chart.draw_series(line).map(drop).map_err(reason)
        }
    }
}

fn draw_color_bar<DB: DrawingBackend>(area: &Area<DB>, bar: &ColorBar, height: u32) -> Drawn {
    const SLICES: i32 = 64;
    // The same top and bottom as the panel beside it.
    let (top, bottom) = (units(10), units(height - 48));
    let (left, right) = (0, units(16));
    let y = |t: f64| bottom - (t * f64::from(bottom - top)).round() as i32;
    for i in 0..SLICES {
        let (low, high) = (f64::from(i), f64::from(i + 1));
        let n = f64::from(SLICES);
        let color = viridis((low + 0.5) / n).filled();
        let slice = Rectangle::new([(left, y(high / n)), (right, y(low / n))], color);
        area.draw(&slice).map_err(reason)?;
    }
    let frame = Rectangle::new([(left, top), (right, bottom)], INK.stroke_width(UNITS));
    area.draw(&frame).map_err(reason)?;
    for (value, label) in bar.axis.ticks() {
        let at = y(bar.axis.fraction(*value));
        let tick = PathElement::new(
            [(right, at), (right + units(4), at)],
            INK.stroke_width(UNITS),
        );
        area.draw(&tick).map_err(reason)?;
        put(area, label, (right + units(7), at), text(), HPos::Left)?;
    }
    let style = text().transform(FontTransform::Rotate270);
    let at = (units(BAR_STRIP - 22), (top + bottom) / 2);
    put(area, &bar.axis.title, at, style, HPos::Center)
}

/// The entries of a legend in rows that fit into `width` pixels.
fn legend_rows(keys: &[Key], width: u32) -> Vec<Vec<(f64, &Key)>> {
    let room = f64::from(width) - 24.0;
    let mut rows: Vec<Vec<(f64, &Key)>> = Vec::new();
    let mut used = f64::INFINITY;
    for key in keys {
        let size = entry_width(key);
        if used + size > room || rows.is_empty() {
            rows.push(Vec::new());
            used = 0.0;
        }
        if let Some(row) = rows.last_mut() {
            row.push((used, key));
        }
        used += size;
    }
    rows
}

fn legend_height(keys: &[Key], width: u32) -> u32 {
    match legend_rows(keys, width).len() as u32 {
        0 => 0,
        rows => rows * LEGEND_ROW + 6,
    }
}

fn draw_legend<DB: DrawingBackend>(area: &Area<DB>, keys: &[Key], width: u32) -> Drawn {
    for (row, entries) in legend_rows(keys, width).iter().enumerate() {
        let y = units(LEGEND_ROW) * row as i32 + units(LEGEND_ROW) / 2 + units(3);
        let used = entries
            .last()
            .map_or(0.0, |(x, k)| x + entry_width(k) - ENTRY_GAP);
        let left = ((f64::from(width) - used) / 2.0).max(12.0);
        for (x, key) in entries {
            let x = pixels(left + x) as i32;
            draw_symbol(area, key, (x, y))?;
            put(area, &key.label, (x + units(30), y), text(), HPos::Left)?;
        }
    }
    Ok(())
}

fn draw_symbol<DB: DrawingBackend>(area: &Area<DB>, key: &Key, (x, y): (i32, i32)) -> Drawn {
    let style = key.color.stroke_width(pixels(2.0));
    let middle = x + units(12);
    let line = |from: i32, to: i32| {
        let path = PathElement::new([(x + units(1) * from, y), (x + units(1) * to, y)], style);
        area.draw(&path).map_err(reason)
    };
    match key.symbol {
        Symbol::Line => line(1, 23),
        Symbol::Dashed => {
            line(1, 6)?;
            line(10, 15)?;
            line(19, 24)
        }
        Symbol::Point => {
            let dot = Circle::new((middle, y), units(3), key.color.filled());
            area.draw(&dot).map_err(reason)
        }
    }
}
