//! Tables on standard output, in Markdown.

/// Prints `rows` under `header`, columns aligned.
pub(super) fn print(header: &[&str], rows: &[Vec<String>]) {
    print!("{}", format(header, rows));
}

fn format(header: &[&str], rows: &[Vec<String>]) -> String {
    let header: Vec<String> = header.iter().map(ToString::to_string).collect();
    let width = |column: usize| {
        let cells = rows
            .iter()
            .chain([&header])
            .filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, &w)| format!("| {cell:<w$} "));
        cells.collect::<String>() + "|\n"
    };
    let rule = widths.iter().map(|&w| "-".repeat(w)).collect();
    [line(&header), line(&rule)]
        .into_iter()
        .chain(rows.iter().map(line))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [vec!["a".into(), "1.25".into()]];
        assert_eq!(
            format(&["name", "x"], &rows),
            "| name | x    |\n| ---- | ---- |\n| a    | 1.25 |\n"
        );
    }
}
