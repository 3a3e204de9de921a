use plotters::prelude::*;
use plotters::style::text_anchor::HPos;
use tiny_skia::Pixmap;

use super::ends::{self, draw_ends};
use super::font;
use super::footer::{draw_footer, footer_height};
use super::ink::{Area, Drawn, TEXT, UNITS, font_of, label_width, put, reason, text, units};
use super::legend::{draw_legend, legend_height};
use super::marks::{Chart, Pen};
use super::palette::{GRID, INK, viridis};
use super::raster::Raster;
use super::ridges::draw_ridges;
use super::tags::{draw_tags, tag_height};
use super::{Axis, ColorBar, Panel, Sheet};

/// Size of titles in pixels.
const TITLE: f64 = 13.5;
/// Height of the strip of a title, in pixels.
const TITLE_STRIP: u32 = 26;
/// Height of the labels and the title of a horizontal axis, in pixels.
const X_STRIP: u32 = 44;
/// Free space at the left, at the right and above the axes, in pixels.
const MARGINS: (u32, u32, u32) = (8, 18, 6);
/// Width of the strip of a colour bar, in pixels.
const BAR_STRIP: u32 = 104;

/// Pixels of the PNG per pixel of the SVG, so that print and dense screens stay sharp.
const DENSITY: u32 = 2;
/// Of compression, 1 to 9: the files of 6 are 3 % smaller and take half as long again.
const LEVEL: u8 = 3;

/// `sheet` as SVG; the reason where the library refuses.
pub(crate) fn svg(sheet: &Sheet) -> Result<String, String> {
    let (width, height) = size(sheet);
    let mut text = String::new();
    let backend = SVGBackend::with_string(&mut text, (width * UNITS, height * UNITS));
    draw_sheet(&backend.into_drawing_area(), sheet)?;
    // The size is declared in pixels; the coordinates stay in units, through the view box.
    let declared = |u: u32| format!("width=\"{}\" height=\"{}\"", width * u, height * u);
    let text = text.replacen(&declared(UNITS), &declared(1), 1);
    Ok(text.replace(|c| !in_xml(c), "\u{FFFD}"))
}

/// Whether XML 1.0 allows a character; names of models come from tables and hold what they hold.
fn in_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// `sheet` as PNG, twice the size of the SVG; the reason where it is too large.
pub(crate) fn png(sheet: &Sheet) -> Result<Vec<u8>, String> {
    png_of(sheet, DENSITY)
}

/// `sheet` as PNG with so many pixels per pixel of the SVG.
pub(super) fn png_of(sheet: &Sheet, density: u32) -> Result<Vec<u8>, String> {
    let (width, height) = size(sheet);
    let pixels = Pixmap::new(width * density, height * density);
    let mut pixels = pixels.ok_or("the picture is too large")?;
    let backend = Raster::new(&mut pixels, (width * UNITS, height * UNITS));
    draw_sheet(&backend.into_drawing_area(), sheet)?;
    compressed(&pixels).map_err(reason)
}

/// Pixels, all of them opaque, as PNG. Drawings are areas of one colour: without the filters that photographs need the file
/// is a twelfth smaller, and written in half of the time.
fn compressed(pixels: &Pixmap) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, pixels.width(), pixels.height());
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_filter(png::Filter::NoFilter);
    encoder.set_deflate_compression(png::DeflateCompression::Level(LEVEL));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels.data())?;
    writer.finish()?;
    Ok(file)
}

/// Width and height in pixels.
pub(super) fn size(sheet: &Sheet) -> (u32, u32) {
    let columns = sheet.columns.max(1);
    let rows = sheet.panels.len().div_ceil(columns).max(1);
    let width = sheet.panel_size.0 * columns as u32;
    let legend = legend_height(&sheet.legend, width);
    (
        width,
        (sheet.panel_size.1 + strip(sheet) + foot(sheet)) * rows as u32 + legend,
    )
}

/// The height that every panel leaves for its legend, so that axes in a row are aligned.
fn strip(sheet: &Sheet) -> u32 {
    let heights = sheet.panels.iter();
    let heights = heights.map(|p| legend_height(&p.legend, sheet.panel_size.0));
    heights.max().unwrap_or(0)
}

/// The height that every panel leaves for its footer.
fn foot(sheet: &Sheet) -> u32 {
    let heights = sheet.panels.iter();
    let heights = heights.map(|p| footer_height(&p.footer, sheet.panel_size.0));
    heights.max().unwrap_or(0)
}

fn draw_sheet<DB: DrawingBackend>(root: &Area<DB>, sheet: &Sheet) -> Drawn {
    let columns = sheet.columns.max(1);
    let rows = sheet.panels.len().div_ceil(columns).max(1);
    let (width, _) = size(sheet);
    root.fill(&WHITE).map_err(reason)?;
    let (top, rest) = root.split_vertically(units(legend_height(&sheet.legend, width)));
    draw_legend(&top, &sheet.legend, width)?;
    for (area, panel) in rest.split_evenly((rows, columns)).iter().zip(&sheet.panels) {
        draw_panel(area, panel, sheet.panel_size, strip(sheet))?;
    }
    root.present().map_err(reason)
}

fn draw_panel<DB: DrawingBackend>(
    area: &Area<DB>,
    panel: &Panel,
    (width, height): (u32, u32),
    strip: u32,
) -> Drawn {
    let (title, rest) = area.split_vertically(units(TITLE_STRIP));
    let bold = font_of(TITLE, FontStyle::Bold);
    let at = (units(width) / 2, units(TITLE_STRIP) * 3 / 5);
    put(
        &title,
        &fit(&panel.title, width, TITLE),
        at,
        bold,
        HPos::Center,
    )?;
    let (top, rest) = rest.split_vertically(units(strip));
    draw_legend(&top, &panel.legend, width)?;
    let (rest, bottom) = rest.split_vertically(units(height - TITLE_STRIP));
    draw_footer(&bottom, &panel.footer, width)?;
    let tags = tag_height(&panel.tags);
    let bar_strip = panel.color_bar.as_ref().map_or(0, |_| BAR_STRIP);
    let plot_width = width.saturating_sub(bar_strip + ends::width(&panel.ends));
    let gutter = gutter(panel);
    let ends = (f64::from(gutter + MARGINS.0), length(plot_width, gutter));
    draw_tags(&rest, &panel.tags, &panel.x, ends, MARGINS.2)?;
    let (_, rest) = rest.split_vertically(units(tags));
    let height = height - TITLE_STRIP - tags;
    if let Some(depth) = &panel.depth {
        return draw_ridges(&rest, panel, depth, gutter, (width.into(), height.into()));
    }
    let (left, right) = rest.split_horizontally(units(plot_width));
    draw_axes_and_marks(&left, panel, plot_width)?;
    let heights = (MARGINS.2, upper_height(panel, height).saturating_sub(4));
    let heights = (f64::from(heights.0), f64::from(heights.1));
    draw_ends(&right, &panel.ends, &panel.y, heights)?;
    match &panel.color_bar {
        Some(bar) => draw_color_bar(&right, bar, upper_height(panel, height)),
        None => Ok(()),
    }
}

/// The height of the axes of `panel` that stand on top, in pixels, of `height` with their labels.
fn upper_height(panel: &Panel, height: u32) -> u32 {
    let plots = height.saturating_sub(X_STRIP);
    match panel.below {
        Some(_) => plots - plots * 27 / 100,
        None => plots,
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

fn draw_axes_and_marks<DB: DrawingBackend>(area: &Area<DB>, panel: &Panel, width: u32) -> Drawn {
    let gutter = gutter(panel);
    let Some(below) = &panel.below else {
        return draw_chart(area, panel, width, gutter, X_STRIP);
    };
    let (_, height) = area.dim_in_pixel();
    let upper = upper_height(panel, height / UNITS);
    let (upper, lower) = area.split_vertically(units(upper));
    draw_chart(&upper, panel, width, gutter, 0)?;
    draw_chart(&lower, below, width, gutter, X_STRIP)
}

/// Width of the labels and the titles of the vertical axes, in pixels.
fn gutter(panel: &Panel) -> u32 {
    let labels = panel.y.ticks().iter().map(|(_, label)| label_width(label));
    let labels = labels.fold(0.0, f64::max).ceil() as u32;
    let own = labels + 12 + if panel.y.title.is_empty() { 0 } else { 22 };
    panel
        .below
        .as_deref()
        .map_or(own, |below| own.max(gutter(below)))
}

/// Length of the horizontal axis in pixels.
fn length(width: u32, gutter: u32) -> f64 {
    f64::from(width.saturating_sub(gutter + MARGINS.0 + MARGINS.1))
}

/// Axes and marks, with `x_strip` pixels for the labels of the horizontal axis.
fn draw_chart<DB: DrawingBackend>(
    area: &Area<DB>,
    panel: &Panel,
    width: u32,
    gutter: u32,
    x_strip: u32,
) -> Drawn {
    let x = panel.x.clone().spaced(length(width, gutter), label_width);
    let (_, height) = area.dim_in_pixel();
    let height = f64::from(height / UNITS) - f64::from(x_strip + MARGINS.2 + 4);
    let y = match panel.y.has_grid() {
        true => panel.y.clone().spaced(height, |_| 0.8 * TEXT),
        false => panel.y.clone(),
    };
    let mut chart = ChartBuilder::on(area)
        .margin(units(4))
        .margin_left(units(MARGINS.0))
        .margin_right(units(MARGINS.1))
        .margin_top(units(MARGINS.2))
        .x_label_area_size(units(x_strip))
        .y_label_area_size(units(gutter))
        .build_cartesian_2d(x.clone(), y.clone())
        .map_err(reason)?;
    draw_axes(&mut chart, &x, &y)?;
    let mut pen = Pen::new(&mut chart, &x, &y);
    panel.marks.iter().try_for_each(|m| pen.draw(m))
}

fn draw_axes<DB: DrawingBackend>(chart: &mut Chart<DB>, x: &Axis, y: &Axis) -> Drawn {
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
        .x_desc(&x.title)
        .y_desc(&y.title)
        .draw()
        .map_err(reason)
}

fn draw_color_bar<DB: DrawingBackend>(area: &Area<DB>, bar: &ColorBar, height: u32) -> Drawn {
    const SLICES: i32 = 64;
    // The same top and bottom as the panel beside it.
    let (top, bottom) = (units(MARGINS.2), units(height.saturating_sub(4)));
    let (left, right) = (0, units(16));
    let y = |t: f64| bottom - (t * f64::from(bottom - top)).round() as i32;
    for i in 0..SLICES {
        let (low, n) = (f64::from(i), f64::from(SLICES));
        let color = viridis((low + 0.5) / n).filled();
        // Each slice reaches to the top and the next one covers it: no seams.
        let slice = Rectangle::new([(left, top), (right, y(low / n))], color);
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
