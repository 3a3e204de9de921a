use super::json::{array, string};

/// `text` for an element or a quoted attribute of HTML.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // XML, which the page also is, has no such characters.
            '\u{FFFE}' | '\u{FFFF}' => safe.push('\u{FFFD}'),
            c if c.is_ascii_control() && !c.is_whitespace() => safe.push('\u{FFFD}'),
            c => safe.push(c),
        }
    }
    safe
}

/// A cell of a table.
pub(super) enum Cell {
    /// Words, set to the left.
    Text(String),
    /// A number, set to the right.
    Number(String),
    /// A number that leads its column.
    Best(String),
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A number with four significant digits; a dash where there is none.
    pub(super) fn number(value: impl Into<Option<f64>>) -> Self {
        Self::Number(value.into().map_or_else(|| "–".into(), number))
    }

    /// A whole number.
    pub(super) fn count(value: impl TryInto<u64>) -> Self {
        Self::Number(
            value
                .try_into()
                .map_or_else(|_| "–".into(), |n| n.to_string()),
        )
    }

    /// A number with three decimals, as coefficients of determination are read.
    pub(super) fn fixed(value: Option<f64>) -> Self {
        Self::Number(value.map_or_else(|| "–".into(), |v| format!("{v:.3}")))
    }

    /// What it says, without its kind.
    fn words(&self) -> &str {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Best(text) => text,
        }
    }

    fn html(&self) -> String {
        match self {
            Self::Text(text) => format!("<td>{}</td>", escape(text)),
            Self::Number(text) => format!("<td class=\"number\">{}</td>", escape(text)),
            Self::Best(text) => {
                format!(
                    "<td class=\"number\"><strong>{}</strong></td>",
                    escape(text)
                )
            }
        }
    }
}

/// Rows of a table that are elements from the start; the script makes the others when they are wanted.
const MOST_ROWS: usize = 250;

/// A table with more columns is printed on a page across.
const WIDE: usize = 12;

/// A table with a caption, which may scroll sideways by itself.
pub(super) fn table(caption: &str, header: &[&str], rows: &[Vec<Cell>]) -> String {
    let head = head(header, rows);
    format!(
        "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table><caption>{0}</caption>\n{head}<tbody>\n{1}</tbody></table></div>\n",
        escape(caption),
        body(rows)
    )
}

/// A table that the script makes sortable, with a link to the file that it comes from, where that is known; long ones
/// scroll by themselves.
pub(super) fn live_table(
    id: &str,
    file: Option<&str>,
    caption: &str,
    header: &[&str],
    rows: &[Vec<Cell>],
) -> String {
    let (shown, kept) = rows.split_at(rows.len().min(MOST_ROWS));
    let wide = if header.len() > WIDE { " wide" } else { "" };
    let table = format!(
        "<div class=\"table\"><table id=\"{id}\" class=\"live{wide}\"><caption>{}</caption>\n{}<tbody>\n{}</tbody></table></div>\n",
        escape(caption),
        head(header, rows),
        body(shown)
    );
    let long = match rows.len() > 16 {
        true => format!(
            "<div class=\"long\" tabindex=\"0\" role=\"region\" aria-label=\"{id}\">{table}</div>\n"
        ),
        false => table,
    };
    long + &more(id, kept) + &link(file, kept.len())
}

/// The rows that are kept as data.
fn more(id: &str, kept: &[Vec<Cell>]) -> String {
    if kept.is_empty() {
        return String::new();
    }
    let row = |cells: &Vec<Cell>| array(cells.iter().map(|c| string(c.words())));
    let rows = array(kept.iter().map(row));
    format!("<script type=\"application/json\" id=\"{id}-rest\">{rows}</script>\n")
}

fn link(file: Option<&str>, kept: usize) -> String {
    let rest = match kept {
        0 => String::new(),
        n => format!("{n} more rows are in the file. "),
    };
    let all = file.map_or_else(String::new, |address| {
        let name = address.rsplit('/').next().unwrap_or(address);
        let (address, name) = (escape(address), escape(name));
        format!("All columns: <a href=\"{address}\">{name}</a>")
    });
    match rest.len() + all.len() {
        0 => String::new(),
        _ => format!("<p class=\"csv\">{rest}{all}</p>\n"),
    }
}

fn head(header: &[&str], rows: &[Vec<Cell>]) -> String {
    let numeric = |i: usize| {
        let mut cells = rows.iter().filter_map(|row| row.get(i));
        cells.any(|c| !matches!(c, Cell::Text(_)))
    };
    let cell = |(i, h): (usize, &&str)| {
        let class = if numeric(i) { " class=\"number\"" } else { "" };
        format!("<th scope=\"col\"{class}>{}</th>", escape(h))
    };
    let cells: String = header.iter().enumerate().map(cell).collect();
    format!("<thead><tr>{cells}</tr></thead>\n")
}

fn body(rows: &[Vec<Cell>]) -> String {
    let row = |row: &Vec<Cell>| {
        let cells: String = row.iter().map(Cell::html).collect();
        format!("<tr>{cells}</tr>\n")
    };
    rows.iter().map(row).collect()
}

/// A paragraph that says which data are missing.
pub(super) fn missing(what: &str) -> String {
    format!("<p class=\"missing\">{}</p>\n", escape(what))
}

/// Four significant digits, in scientific notation where that is shorter.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        return "0".into();
    }
    if !(1e-3..1e6).contains(&size) {
        return format!("{value:.2e}");
    }
    let digits = (3 - size.log10().floor() as i32).clamp(0, 5) as usize;
    let text = format!("{value:.digits$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_text_stays_text() {
        let evil = "<script>alert(\"x\" & 'y')</script>";
        let safe = escape(evil);
        assert!(!safe.contains(['<', '>', '"', '\'']));
        assert_eq!(safe.matches("&amp;").count(), 1);
    }

    #[test]
    fn four_significant_digits() {
        let cases = [
            (0.0, "0"),
            (0.98765, "0.9877"),
            (33.0, "33"),
            (1234.5, "1234"),
            (2.5e-6, "2.50e-6"),
            (-1.5, "-1.5"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
    }
}
