//! Legends as HTML, which wrap where a page is narrow.

use super::html::escape;
use crate::chart::{Key, Symbol};

/// The entries of a legend; nothing where there are none.
pub(super) fn legend(keys: &[Key]) -> String {
    let items: String = keys.iter().map(item).collect();
    match items.is_empty() {
        true => items,
        false => format!("<ul class=\"keys\">{items}</ul>\n"),
    }
}

fn item(key: &Key) -> String {
    let color = format!("#{:02X}{:02X}{:02X}", key.color.0, key.color.1, key.color.2);
    let line = |width: f64, dashes: &str| {
        format!(
            "<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\" stroke-dasharray=\"{dashes}\" points=\"1,6 25,6\"/>"
        )
    };
    let filled = |opacity: f64| {
        format!("<polygon fill=\"{color}\" opacity=\"{opacity}\" points=\"1,1 25,1 25,11 1,11\"/>")
    };
    let symbol = match key.symbol {
        Symbol::Line => line(2.0, "none"),
        Symbol::Thin => line(1.2, "none"),
        Symbol::Dashed => line(2.0, "6 4"),
        Symbol::Dotted => line(2.0, "2 3"),
        Symbol::Point => format!("<circle cx=\"13\" cy=\"6\" r=\"3\" fill=\"{color}\"/>"),
        Symbol::Ring => {
            format!("<circle cx=\"13\" cy=\"6\" r=\"3\" fill=\"none\" stroke=\"{color}\"/>")
        }
        Symbol::Band => filled(0.25),
        Symbol::Box => filled(1.0),
    };
    format!(
        "<li><svg width=\"26\" height=\"12\" aria-hidden=\"true\">{symbol}</svg> {}</li>",
        escape(&key.label)
    )
}
