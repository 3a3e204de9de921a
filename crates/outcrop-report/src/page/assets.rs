//! Style and script of the page, one file a subject.

/// The style.
pub(super) const STYLE: [&str; 5] = [
    include_str!("style/base.css"),
    include_str!("style/figures.css"),
    include_str!("style/tables.css"),
    include_str!("style/live.css"),
    include_str!("style/print.css"),
];

/// The script, in the order in which its files use each other.
pub(super) const SCRIPT: [&str; 10] = [
    include_str!("script/data.js"),
    include_str!("script/numbers.js"),
    include_str!("script/theme.js"),
    include_str!("script/filters.js"),
    include_str!("script/lines.js"),
    include_str!("script/pointer.js"),
    include_str!("script/fit.js"),
    include_str!("script/heat.js"),
    include_str!("script/tables.js"),
    include_str!("script/main.js"),
];

/// What the script wakes.
pub(super) const EXPLORE: &str = include_str!("explore.html");
pub(super) const HEAT: &str = include_str!("heat.html");
pub(super) const FIT: &str = include_str!("fit.html");

/// The data and the script as elements, so that the page is HTML and XML.
pub(super) fn script(data: &str) -> String {
    format!(
        "<script type=\"application/json\" id=\"data\">{data}</script>\n<script>//<![CDATA[\n(() => {{\n\"use strict\";\n{}}})();\n//]]></script>\n",
        SCRIPT.concat()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_small_and_ends_no_element() {
        let script = SCRIPT.concat();
        assert!(script.len() < 400_000);
        assert!(!script.contains("</") && !script.contains("]]>"));
    }
}
