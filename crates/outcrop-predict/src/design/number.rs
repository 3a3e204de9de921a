//! Numbers as people write them: `10M`, `1.5e9`, `64`.

/// A number that may end in K, M, B (or G), T; finite.
pub(super) fn real(text: &str) -> Option<f64> {
    let text = text.trim();
    let scales = [('k', 1e3), ('m', 1e6), ('b', 1e9), ('g', 1e9), ('t', 1e12)];
    let last = text.chars().last()?.to_ascii_lowercase();
    let (digits, scale) = match scales.iter().find(|(suffix, _)| *suffix == last) {
        Some((_, scale)) => (&text[..text.len() - 1], *scale),
        None => (text, 1.0),
    };
    let value = digits.parse::<f64>().ok()? * scale;
    value.is_finite().then_some(value)
}

/// The same for a whole number of at least 1.
pub(super) fn whole(text: &str) -> Option<usize> {
    let value = real(text)?;
    ((1.0..=1e9).contains(&value) && value.fract() == 0.0).then_some(value as usize)
}

/// A count as short as it can be read: `12.3M`.
pub(super) fn short(value: f64) -> String {
    let scales = [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")];
    match scales.iter().find(|(scale, _)| value.abs() >= *scale) {
        Some((scale, suffix)) => {
            format!("{:.4}", value / scale)
                .trim_end_matches('0')
                .trim_end_matches('.')
                .to_owned()
                + suffix
        }
        None => format!("{value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes() {
        assert_eq!(
            [real("10M"), real("1.5e3"), real(" 2b"), real("3G")],
            [Some(1e7), Some(1500.0), Some(2e9), Some(3e9)]
        );
        assert_eq!(
            [
                real(""),
                real("M"),
                real("1x"),
                real("inf"),
                real("nan"),
                real("é")
            ],
            [None; 6]
        );
        assert_eq!(
            [
                whole("64"),
                whole("1K"),
                whole("0"),
                whole("1.5"),
                whole("-3")
            ],
            [Some(64), Some(1000), None, None, None]
        );
        assert_eq!(
            [short(12_345_678.0), short(1e9), short(50.0)],
            ["12.3457M", "1B", "50"]
        );
    }
}
