/// A number as short as a tick label wants it: `0.25`, `800`, `143k`, `2M`, `1e-6`.
pub(crate) fn short(value: f64) -> String {
    rounded(value, 0)
}

/// Ticks with labels, as short as they can be while neighbours differ.
pub(super) fn labelled(ticks: Vec<f64>) -> Vec<(f64, String)> {
    const MOST: usize = 9;
    let with = |more| {
        let ticks = ticks.iter();
        ticks.map(|t| (*t, rounded(*t, more))).collect::<Vec<_>>()
    };
    let differ = |labels: &Vec<(f64, String)>| labels.windows(2).all(|w| w[0].1 != w[1].1);
    let found = (0..MOST).map(with).find(differ);
    found.unwrap_or_else(|| with(MOST))
}

/// `value` with `more` digits than [`short`] gives.
fn rounded(value: f64, more: usize) -> String {
    let fixed = |v: f64, digits: usize| trimmed(&format!("{v:.*}", digits + more));
    match value.abs() {
        0.0 => "0".into(),
        s if s < 1e-3 => scientific(value, 1 + more),
        s if s < 1.0 => fixed(value, 3),
        s if s < 10.0 => fixed(value, 2),
        s if s < 1e4 => fixed(value, 1),
        s if s < 1e6 => fixed(value / 1e3, 1) + "k",
        s if s < 1e9 => fixed(value / 1e6, 1) + "M",
        s if s < 1e12 => fixed(value / 1e9, 1) + "B",
        _ => scientific(value, 1 + more),
    }
}

fn scientific(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => format!("{}e{exponent}", trimmed(mantissa)),
        None => text,
    }
}

fn trimmed(text: &str) -> String {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers() {
        let cases = [
            (0.25, "0.25"),
            (800.0, "800"),
            (1000.0, "1000"),
            (143_000.0, "143k"),
            (2e6, "2M"),
            (1e-6, "1e-6"),
            (1.5e-6, "1.5e-6"),
            (5e14, "5e14"),
            (2.5e14, "2.5e14"),
            (-0.5, "-0.5"),
        ];
        for (value, text) in cases {
            assert_eq!(short(value), text);
        }
    }

    #[test]
    fn labels_of_a_narrow_range_differ() {
        let labels = labelled(vec![12_340.0, 12_345.0, 12_350.0]);
        let labels: Vec<_> = labels.into_iter().map(|l| l.1).collect();
        assert_eq!(labels, ["12.34k", "12.345k", "12.35k"]);
    }
}
