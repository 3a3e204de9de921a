//! Colours of figures on a dark plate.

use std::collections::BTreeSet;

/// Contrast with the dark plate that lines and dots have at least (WCAG 2.2, 1.4.11, asks for 3).
const CONTRAST: f64 = 4.5;
/// Luminance of the dark plate, `#191c20`.
const PLATE: f64 = 0.0116;

/// Rules of CSS that give every colour of lines, dots, bands and text in `svgs` its twin on a dark plate. Filled
/// cells keep their colours, those of the colour bar.
pub(super) fn rules<'s>(svgs: impl Iterator<Item = &'s str>) -> String {
    let mut colors = BTreeSet::new();
    for svg in svgs {
        for attribute in ["fill=\"#", "stroke=\"#"] {
            let places = svg.match_indices(attribute);
            let found = places.filter_map(|(at, _)| svg.get(at + attribute.len()..)?.get(..6));
            colors.extend(found.filter(|c| u32::from_str_radix(c, 16).is_ok()));
        }
    }
    let mut css = String::from(FIXED);
    for color in colors {
        let twin = twin(color);
        if twin == color {
            continue;
        }
        let pair = format!("light-dark(#{color}, #{twin})");
        css += &format!(
            "figure :not(rect)[stroke=\"#{color}\"] {{ stroke: {pair}; }}\nfigure :not(rect)[fill=\"#{color}\"] {{ fill: {pair}; }}\n"
        );
    }
    css
}

/// The ground of every figure, and cells of which nothing is known.
const FIXED: &str = "figure rect[fill=\"#FFFFFF\"] { fill: var(--plate); }\n\
    figure rect[fill=\"#D9D9D9\"] { fill: light-dark(#D9D9D9, #3A3F45); }\n";

/// What stands for `color` (six hexadecimal digits) on a dark plate.
fn twin(color: &str) -> String {
    match color {
        "222222" | "000000" => return "E6E8EA".into(),
        "E4E4E4" => return "33383E".into(),
        _ => {}
    }
    let part = |i: usize| u8::from_str_radix(&color[2 * i..2 * i + 2], 16).unwrap_or(0);
    let parts = [0, 1, 2].map(part);
    let lighter = |t: f64| parts.map(|c| (f64::from(c) + (255.0 - f64::from(c)) * t).round() as u8);
    let steps = (0..=20).map(|i| lighter(f64::from(i) / 20.0));
    let seen = |rgb: &[u8; 3]| (luminance(rgb) + 0.05) / (PLATE + 0.05) >= CONTRAST;
    let found = steps.clone().find(seen).unwrap_or([255; 3]);
    found.iter().map(|c| format!("{c:02X}")).collect()
}

/// Relative luminance (WCAG 2.2) of a colour in sRGB, from 0 to 1.
fn luminance(rgb: &[u8; 3]) -> f64 {
    let linear = |c: u8| {
        let c = f64::from(c) / 255.0;
        match c <= 0.04045 {
            true => c / 12.92,
            false => ((c + 0.055) / 1.055).powf(2.4),
        }
    };
    0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dark_colours_get_light_twins_and_light_ones_stay() {
        let svg =
            "<polyline stroke=\"#440154\"/><text fill=\"#222222\"/><circle fill=\"#E69F00\"/>";
        let css = rules([svg].into_iter());
        assert!(css.contains("stroke: light-dark(#440154, #"));
        assert!(css.contains("light-dark(#222222, #E6E8EA)"));
        assert!(!css.contains("E69F00"));
        assert!((luminance(&[255, 255, 255]) - 1.0).abs() < 1e-9);
        let twin = twin("440154");
        let part = |i: usize| u8::from_str_radix(&twin[2 * i..2 * i + 2], 16).unwrap();
        assert!((luminance(&[part(0), part(1), part(2)]) + 0.05) / (PLATE + 0.05) >= CONTRAST);
    }
}
