//! Figures on the page: every panel a picture of its own, so that they wrap where a page is narrow.

use super::assets::HEAT;
use super::html::{escape, missing};
use super::keys::legend;
use crate::figures::{Figure, Section};

/// All figures with their headings; the pictures of the panels come with each section that has a figure.
pub(super) fn figures(figures: &[(Section, Option<Vec<String>>)]) -> String {
    let each = figures.iter().enumerate();
    each.map(|(i, (section, panels))| figure(i + 1, section, panels.as_deref()))
        .collect()
}

fn figure(number: usize, section: &Section, panels: Option<&[String]>) -> String {
    let paper = section.paper.map_or_else(String::new, |n| {
        format!(" <span class=\"other\">(figure {n} of the paper)</span>")
    });
    let head = format!("<h3>{number}. {}{paper}</h3>\n", escape(&section.title));
    match (&section.figure, panels) {
        (Ok(f), Some(panels)) => head + &plate(number, section, f, panels),
        (Err(lacks), _) => head + &missing(&format!("Left out: {lacks}.")),
        (Ok(_), None) => head + &missing("Left out."),
    }
}

/// What a narrow page says in the place of the first figure.
const ABOVE: &str = "<p class=\"above\">Drawn above as wide as the window: <a href=\"#explore-title\">every line</a>.</p>";

fn plate(number: usize, section: &Section, figure: &Figure, panels: &[String]) -> String {
    let caption = escape(&figure.caption);
    let (class, map) = match section.name.as_str() {
        "heatmaps" => (" class=\"replaced\"", HEAT),
        // its lines are above, drawn as wide as the window
        "emergence" => (" class=\"replaced-narrow\"", ABOVE),
        _ => ("", ""),
    };
    let many = match figure.sheet.columns.min(panels.len()) {
        0 | 1 => " one",
        2 => " two",
        _ => "",
    };
    let shown = panels.iter().zip(&figure.sheet.panels);
    let shown: String = shown
        .map(|(svg, panel)| {
            let words = match panels.len() {
                1 => caption.clone(),
                _ => escape(&panel.title),
            };
            svg.replacen(
                "<svg",
                &format!("<svg role=\"img\" aria-label=\"{words}\""),
                1,
            )
        })
        .collect();
    format!(
        "<figure id=\"{}\">{map}<div{class}><div class=\"plate\">{}<div class=\"panels{many}\">{shown}</div></div></div>\n<figcaption><strong>Figure \
         {number}.</strong> {caption} <span class=\"reading\">{}</span></figcaption></figure>\n",
        section.name,
        legend(&figure.sheet.legend),
        escape(figure.reading),
    )
}
