use outcrop_report::Plot;

/// The colour of measured points.
pub(crate) const DATA: &str = "#0072B2";
/// The colour of the curve and its band.
const CURVE: &str = "#D55E00";

/// Shapes and words of an SVG, after every coordinate was found inside its frame.
pub(crate) struct Seen {
    /// (tag, fill, stroke, opacity) of every shape.
    pub(crate) shapes: Vec<(String, String, String, String)>,
    pub(crate) texts: Vec<String>,
    /// Left, top, width, height and fill of every rectangle.
    pub(crate) rects: Vec<([f64; 4], String)>,
    /// Corners and fill of every polygon, corners and stroke of every line.
    pub(crate) paths: Vec<(Vec<(f64, f64)>, String)>,
    /// Where texts and circles stand, with their text or fill.
    pub(crate) places: Vec<((f64, f64), String)>,
}

impl Seen {
    pub(crate) fn new(plot: &Plot) -> Self {
        let svg = plot.svg().unwrap();
        let document = roxmltree::Document::parse(&svg).unwrap();
        let frame = document.root_element().attribute("viewBox").unwrap();
        let frame: Vec<f64> = frame.split(' ').map(|v| v.parse().unwrap()).collect();
        let (mut shapes, mut texts) = (Vec::new(), Vec::new());
        let (mut rects, mut paths, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for node in document.descendants().filter(|n| n.is_element()) {
            let value = |name| node.attribute(name).unwrap_or("").to_owned();
            let numbers = ["cx", "cy", "x1", "y1", "x2", "y2", "points", "x", "y"]
                .map(value)
                .join(" ");
            let numbers = numbers.split([' ', ',']).filter(|n| !n.is_empty());
            for number in numbers {
                let number: f64 = number.parse().unwrap();
                assert!((0.0..=frame[2].max(frame[3])).contains(&number), "{number}");
            }
            shapes.push((
                node.tag_name().name().into(),
                value("fill"),
                value("stroke"),
                value("opacity"),
            ));
            let number = |name| value(name).parse::<f64>().unwrap();
            match node.tag_name().name() {
                "text" => {
                    let text = node.text().unwrap_or("").trim().to_owned();
                    places.push(((number("x"), number("y")), text.clone()));
                    texts.push(text);
                }
                "circle" => places.push(((number("cx"), number("cy")), value("fill"))),
                "rect" => {
                    let sides = ["x", "y", "width", "height"].map(number);
                    assert!(sides[0] + sides[2] <= frame[2] && sides[1] + sides[3] <= frame[3]);
                    rects.push((sides, value("fill")));
                }
                "polygon" => paths.push((corners(&value("points")), value("fill"))),
                "polyline" => paths.push((corners(&value("points")), value("stroke"))),
                _ => {}
            }
        }
        Self {
            shapes,
            texts,
            rects,
            paths,
            places,
        }
    }

    /// Where the first text or circle of this text or fill stands.
    pub(crate) fn place(&self, of: &str) -> (f64, f64) {
        self.places.iter().find(|p| p.1 == of).unwrap().0
    }

    pub(crate) fn filled(&self, tag: &str, color: &str) -> usize {
        let shapes = self.shapes.iter();
        shapes.filter(|s| s.0 == tag && s.1 == color).count()
    }

    pub(crate) fn rings(&self) -> usize {
        let shapes = self.shapes.iter();
        shapes.filter(|s| s.0 == "circle" && s.1 == "none").count()
    }

    pub(crate) fn bands(&self) -> usize {
        let shapes = self.shapes.iter();
        let band = |s: &&(String, String, String, String)| {
            s.0 == "polygon" && s.1 == CURVE && s.3 == "0.18"
        };
        shapes.filter(band).count()
    }

    pub(crate) fn says(&self, text: &str) -> bool {
        self.texts.iter().any(|t| t.contains(text))
    }

    pub(crate) fn must_say(&self, texts: &[&str]) {
        for text in texts {
            assert!(self.says(text), "{text} is not among {:?}", self.texts);
        }
    }
}

fn corners(points: &str) -> Vec<(f64, f64)> {
    let points = points
        .split_whitespace()
        .map(|p| p.split_once(',').unwrap());
    let number = |n: &str| n.parse().unwrap();
    points.map(|(x, y)| (number(x), number(y))).collect()
}
