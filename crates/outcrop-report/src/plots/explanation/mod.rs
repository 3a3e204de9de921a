//! Plots of explanations of predictions: Shapley values, dependence, importance.

mod dependence;
mod importance;
mod summary;
mod waterfall;

pub use dependence::dependence_plot;
pub use importance::importance_plot;
pub use summary::shapley_plot;
pub use waterfall::waterfall_plot;

use crate::chart::{RGBColor, short};

/// What raises a prediction, and what lowers it.
const UP: RGBColor = crate::chart::palette::OKABE_ITO[1];
const DOWN: RGBColor = crate::chart::palette::OKABE_ITO[0];

/// A group as axes name it: the first of its features, and how many go with it.
fn label(group: &str) -> String {
    let features = features(group);
    match features.as_slice() {
        [first, _, _, ..] => format!("{first} and {} more", features.len() - 1),
        _ => features.join(" + "),
    }
}

/// The features of a group as readers call them.
fn features(group: &str) -> Vec<&str> {
    let mut features: Vec<&str> = group.split(" + ").map(reader).collect();
    features.dedup();
    features
}

/// A feature as readers of the paper call it: a logarithm by what it is the logarithm of.
fn reader(feature: &str) -> &str {
    match feature {
        "ln d" | "d" => "d_model",
        "ln d_head" => "d_head",
        "ln L" => "L",
        "ln d_ff" => "d_ff",
        "ln H" => "H",
        other => other,
    }
}

/// The value of what [`reader`] names.
fn readers_value(feature: &str, value: f64) -> f64 {
    let named = reader(feature) != feature;
    if named && feature.starts_with("ln ") {
        value.exp()
    } else {
        value
    }
}

/// Words for groups of several features, which a label cannot hold.
fn together<'g>(groups: impl Iterator<Item = &'g str>) -> Vec<String> {
    let several = groups.map(features).filter(|all| all.len() > 1);
    let mut several: Vec<String> = several.map(|all| all.join(" + ")).collect();
    several.dedup();
    match several.is_empty() {
        true => Vec::new(),
        false => vec![format!(
            "only vary together and share one value: {}",
            several.join("; ")
        )],
    }
}

/// Each group once, in order of appearance.
fn distinct<'g>(groups: impl Iterator<Item = &'g str>) -> Vec<&'g str> {
    let mut seen = Vec::new();
    groups.for_each(|g| {
        if !seen.contains(&g) {
            seen.push(g);
        }
    });
    seen
}

/// Part of a file name: any character except lowercase letters, digits, `_` and `.` becomes `-`.
fn slug(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._".contains(c);
    let kept = text.chars().take(40).map(|c| c.to_ascii_lowercase());
    kept.map(|c| if plain(c) { c } else { '-' }).collect()
}

/// A share with its sign.
fn signed(value: f64) -> String {
    match value >= 0.0 {
        true => format!("+{}", short(value)),
        false => short(value).replace('-', "−"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_groups_are_named_by_their_first_feature() {
        assert_eq!(label("l/L + (l/L)^2 + sqrt(l/L)"), "l/L and 2 more");
        assert_eq!(label("ln d + d"), "d_model");
        assert_eq!(label("ln d + d_ff/d"), "d_model + d_ff/d");
        assert!((readers_value("ln d", 64f64.ln()) - 64.0).abs() < 1e-9);
        assert_eq!(readers_value("l/L", 0.5), 0.5);
        assert_eq!(
            (slug("ln f_max"), signed(-0.25)),
            ("ln-f_max".into(), "−0.25".into())
        );
        let words = together(["H/d", "ln d + d", "ln d + ln L"].into_iter());
        assert_eq!(
            words,
            ["only vary together and share one value: d_model + L"]
        );
    }
}
