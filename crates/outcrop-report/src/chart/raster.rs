use std::convert::Infallible;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontStyle, FontTransform,
};
use tiny_skia::{FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, Transform};

use super::font;

/// Draws on pixels, with the same geometry as the SVG of the plotting library.
pub(super) struct Raster<'a> {
    pixels: &'a mut Pixmap,
    /// Size in the units of the drawing.
    size: (u32, u32),
    to_pixels: Transform,
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl<'a> Raster<'a> {
    /// On `pixels`, as wide and high as `size` units.
    pub(super) fn new(pixels: &'a mut Pixmap, size: (u32, u32)) -> Self {
        let scale = |pixels: u32, units: u32| pixels as f32 / units.max(1) as f32;
        let to_pixels = Transform::from_scale(
            scale(pixels.width(), size.0),
            scale(pixels.height(), size.1),
        );
        Self {
            pixels,
            size,
            to_pixels,
        }
    }

    fn fill(&mut self, path: Option<Path>, color: BackendColor, place: Transform) {
        if let Some(path) = path {
            let place = place.post_concat(self.to_pixels);
            let paint = paint(color);
            self.pixels
                .fill_path(&path, &paint, FillRule::Winding, place, None);
        }
    }

    fn stroke(&mut self, path: Option<Path>, style: &impl BackendStyle) {
        if let Some(path) = path {
            let stroke = tiny_skia::Stroke {
                width: style.stroke_width() as f32,
                line_cap: LineCap::Butt,
                line_join: LineJoin::Round,
                ..tiny_skia::Stroke::default()
            };
            let paint = paint(style.color());
            self.pixels
                .stroke_path(&path, &paint, &stroke, self.to_pixels, None);
        }
    }

    fn draw(&mut self, path: Option<Path>, style: &impl BackendStyle, fill: bool) {
        match fill {
            true => self.fill(path, style.color(), Transform::identity()),
            false => self.stroke(path, style),
        }
    }
}

fn paint(color: BackendColor) -> Paint<'static> {
    let (r, g, b) = color.rgb;
    let mut paint = Paint::default();
    paint.set_color_rgba8(r, g, b, (color.alpha.clamp(0.0, 1.0) * 255.0).round() as u8);
    paint
}

fn lines(points: impl IntoIterator<Item = BackendCoord>, close: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (i, (x, y)) in points.into_iter().enumerate() {
        match i {
            0 => path.move_to(x as f32, y as f32),
            _ => path.line_to(x as f32, y as f32),
        }
    }
    if close {
        path.close();
    }
    path.finish()
}

impl DrawingBackend for Raster<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        let unit = Rect::from_xywh(x as f32, y as f32, 1.0, 1.0);
        self.fill(
            unit.map(PathBuilder::from_rect),
            color,
            Transform::identity(),
        );
        Ok(())
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        self.stroke(lines([from, to], false), style);
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (x0, y0): BackendCoord,
        (x1, y1): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)];
        let path = lines(corners, true);
        if !fill {
            self.stroke(path, style);
        } else if let Some(path) = path {
            // Whole pixels: cells that touch show no seam.
            let mut paint = paint(style.color());
            paint.anti_alias = false;
            self.pixels
                .fill_path(&path, &paint, FillRule::Winding, self.to_pixels, None);
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        self.stroke(lines(path, false), style);
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        (x, y): BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let circle = PathBuilder::from_circle(x as f32, y as f32, radius as f32);
        self.draw(circle, style, fill);
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn {
        self.fill(lines(corners, true), style.color(), Transform::identity());
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        (x, y): BackendCoord,
    ) -> Drawn {
        // The SVG of the library divides sizes by 1.24 and moves baselines by these parts of an em
        // (an x of this font is 0.547 em high).
        let em = (style.size() / 1.24) as f32;
        let bold = matches!(style.style(), FontStyle::Bold);
        let width = font::width(text, bold) as f32;
        let left = match style.anchor().h_pos {
            HPos::Left => 0.0,
            HPos::Center => -width / 2.0,
            HPos::Right => -width,
        };
        let baseline = match style.anchor().v_pos {
            VPos::Top => 0.76,
            VPos::Center => 0.547 / 2.0,
            VPos::Bottom => -0.547 / 2.0,
        };
        let degrees = match style.transform() {
            FontTransform::None => 0.0,
            FontTransform::Rotate90 => 90.0,
            FontTransform::Rotate180 => 180.0,
            FontTransform::Rotate270 => 270.0,
        };
        let place = Transform::from_translate(left, baseline)
            .post_scale(em, em)
            .post_rotate(degrees)
            .post_translate(x as f32, y as f32);
        self.fill(font::outline(text, bold), style.color(), place);
        Ok(())
    }
}
