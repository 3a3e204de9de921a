use crate::chart::{short, shorten};

/// Characters of a token that are read: a token may be as long as a file.
const READ: usize = 64;
/// Characters of a token that are shown.
const SHOWN: usize = 14;

/// A token as it is shown: in quotation marks, shortened, with escapes for what has no ink or turns
/// the direction of writing.
pub(super) fn token(text: &str) -> String {
    let unseen = |c: char| {
        let marks = ['\u{ad}', '\u{61c}', '\u{feff}', '\u{180e}', '\u{3164}'];
        let ranges = [
            '\u{200b}'..='\u{200f}',
            '\u{2028}'..='\u{202e}',
            '\u{2060}'..='\u{206f}',
        ];
        c.is_control() || marks.contains(&c) || ranges.iter().any(|r| r.contains(&c))
    };
    let escaped = |c: char| match unseen(c) {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    let text: String = text.chars().take(READ).map(escaped).collect();
    format!("“{}”", shorten(text, SHOWN))
}

/// A position with its token, where the token is known.
pub(super) fn position(at: usize, tokens: &[String]) -> String {
    match tokens.get(at) {
        Some(text) => format!("{at} {}", token(text)),
        None => at.to_string(),
    }
}

/// The labels of the positions up to `count`; none where not every token is known.
pub(super) fn positions(count: usize, tokens: &[String]) -> Option<Vec<String>> {
    let known = tokens.len() == count;
    known.then(|| (0..count).map(|i| position(i, tokens)).collect())
}

/// The name of a model as titles show it.
pub(super) fn model(name: &str) -> String {
    match name.trim().is_empty() {
        true => "model without a name".into(),
        false => shorten(name.to_owned(), 40),
    }
}

/// A magnitude with three digits or, where it is large, without decimals.
pub(super) fn magnitude(value: f64) -> String {
    match value {
        v if (100.0..1e6).contains(&v) => format!("{v:.0}"),
        v if (1e-2..100.0).contains(&v) => format!("{v:.*}", if v < 1.0 { 3 } else { 2 }),
        v => short(v),
    }
}

/// So many items, in the singular where there is one.
pub(super) fn count(n: usize, item: &str) -> String {
    format!("{n} {item}{}", if n == 1 { "" } else { "s" })
}

/// That `count` values were not drawn since they are not finite.
pub(super) fn lost(count: usize) -> Option<String> {
    (count > 0).then(|| format!("not finite and not drawn: {count}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_quoted_escaped_and_short() {
        assert_eq!(token(" the"), "“ the”");
        assert_eq!(token("\n\t"), "“\\n\\t”");
        assert_eq!(token("a\u{202e}b"), "“a\\u{202e}b”");
        assert_eq!(token(&"x".repeat(1 << 20)).chars().count(), SHOWN + 2);
        assert_eq!(token(""), "“”");
    }

    #[test]
    fn positions_have_tokens_where_all_are_known() {
        let tokens = ["<s>".to_owned(), "a".to_owned()];
        assert_eq!(positions(2, &tokens).unwrap()[0], "0 “<s>”");
        assert_eq!(positions(3, &tokens), None);
        assert_eq!(position(2, &tokens), "2");
    }

    #[test]
    fn magnitudes_are_as_exact_as_they_are_read() {
        let words = [2478.4, 12.34, 0.1234, 1e-5, 3e38].map(magnitude);
        assert_eq!(words, ["2478", "12.34", "0.123", "1e-5", "3e38"]);
    }
}
