use serde_json::Value;

/// Reads JSON as Python writes it: `NaN`, `Infinity` and `-Infinity` become null.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(&without_non_finite(text)).map_err(|e| e.to_string())
}

fn without_non_finite(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    let mut in_string = false;
    while let Some(c) = rest.chars().next() {
        let word = ["-Infinity", "Infinity", "NaN"]
            .iter()
            .find(|w| rest.starts_with(**w));
        if let Some(word) = word.filter(|_| !in_string) {
            clean.push_str("null");
            rest = &rest[word.len()..];
            continue;
        }
        // A backslash takes the character behind it along.
        let mut length = c.len_utf8();
        if in_string && c == '\\' {
            length += rest[1..].chars().next().map_or(0, char::len_utf8);
        }
        in_string ^= c == '"';
        clean.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_are_replaced() {
        let text = r#"{"NaN \" Infinity": [NaN, -Infinity, Infinity, -1.5, "λ\\"], "b": NaN}"#;
        let clean = r#"{"NaN \" Infinity": [null, null, null, -1.5, "λ\\"], "b": null}"#;
        assert_eq!(without_non_finite(text), clean);
        assert!(parse("[NaNs]").is_err());
        assert!(parse("[\"\\").is_err());
    }
}
