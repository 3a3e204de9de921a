//! JSON that may stand inside an element of HTML or XML.

/// `text` as a JSON string without any character that ends or begins markup.
pub(super) fn string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}' => {
                json.push_str(&format!("\\u{:04x}", c as u32));
            }
            c if c.is_control() => json.push_str(&format!("\\u{:04x}", c as u32)),
            c => json.push(c),
        }
    }
    json.push('"');
    json
}

/// A number with at most six significant digits; `null` where it is not finite.
pub(super) fn number(value: impl Into<Option<f64>>) -> String {
    let Some(value) = value.into().filter(|v| v.is_finite()) else {
        return "null".into();
    };
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    let plain = format!("{rounded}");
    let scientific = format!("{rounded:e}");
    if scientific.len() < plain.len() {
        scientific
    } else {
        plain
    }
}

/// An array of what is JSON already.
pub(super) fn array(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    format!("[{}]", items.join(","))
}

/// An object of names and what is JSON already.
pub(super) fn object<'n>(fields: impl IntoIterator<Item = (&'n str, String)>) -> String {
    let fields = fields.into_iter();
    let fields: Vec<String> = fields
        .map(|(name, value)| format!("{}:{value}", string(name)))
        .collect();
    format!("{{{}}}", fields.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_holds_no_markup_and_numbers_are_short() {
        assert_eq!(
            string("</script>&\"\\\n"),
            "\"\\u003c/script\\u003e\\u0026\\\"\\\\\\u000a\""
        );
        let numbers = [0.1 + 0.2, 143_000.0, 1e-9, f64::NAN, -2.5].map(number);
        assert_eq!(numbers, ["0.3", "143000", "1e-9", "null", "-2.5"]);
        assert_eq!(
            object([("a", array(["1".into(), "2".into()]))]),
            "{\"a\":[1,2]}"
        );
    }
}
