//! The fields of a struct with their doc comments, by lines of its source.

/// A field.
#[derive(Debug, PartialEq)]
pub(super) struct Field {
    /// As serde names it.
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) about: String,
    /// What follows its name in the table of the struct's doc comment: the other cells of its row.
    pub(super) cells: Vec<String>,
}

/// The public fields of `pub struct NAME` in `source`; none where it is not there.
pub(super) fn fields(source: &str, name: &str) -> Vec<Field> {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let opening = format!("pub struct {name} {{");
    let Some(at) = lines.iter().position(|line| *line == opening) else {
        return Vec::new();
    };
    let above = lines[..at].iter().rev();
    let above: Vec<&str> = above.take_while(|line| !line.is_empty()).copied().collect();
    let (mut found, mut about, mut renamed) = (Vec::new(), String::new(), None);
    for line in &lines[at + 1..] {
        if *line == "}" {
            break;
        } else if let Some(words) = line.strip_prefix("///") {
            about = format!("{about} {}", words.trim());
        } else if let Some(quoted) = line.split("rename = \"").nth(1) {
            renamed = quoted.split('"').next().map(str::to_owned);
        } else if let Some((field, kind)) =
            line.strip_prefix("pub ").and_then(|l| l.split_once(": "))
        {
            let (about, renamed) = (std::mem::take(&mut about), renamed.take());
            found.push(Field {
                cells: cells(&above, field),
                name: renamed.unwrap_or_else(|| field.to_owned()),
                kind: kind.trim_end_matches(',').to_owned(),
                about: plain(about.trim()),
            });
        }
    }
    found
}

/// The cells behind `field` in a table of the doc comment whose lines are `above`.
fn cells(above: &[&str], field: &str) -> Vec<String> {
    let row = |line: &&str| {
        line.strip_prefix(&format!("/// | `{field}` |"))
            .map(str::to_owned)
    };
    let Some(row) = above.iter().find_map(row) else {
        return Vec::new();
    };
    let cells = row.trim_end_matches('|').split('|');
    // a type in parentheses is for readers of the code
    let words = |cell: &str| cell.split(" ([`").next().unwrap_or("").to_owned();
    cells.map(|cell| plain(words(cell).trim())).collect()
}

/// Without the links of rustdoc: [`A`](b::A) and [`b::A`] are `A`.
fn plain(text: &str) -> String {
    let mut parts = text.split("[`");
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("`]").unwrap_or((part, ""));
        let name = name.rsplit("::").next().unwrap_or(name);
        let rest = match rest.strip_prefix('(') {
            Some(target) => target.split_once(')').map_or("", |(_, rest)| rest),
            None => rest,
        };
        all += &format!("`{name}`{rest}");
    }
    all
}

#[test]
fn fields_have_names_types_and_words() {
    let source = "/// A row.\n///\n/// | field | default |\n/// |---|---|\n/// | `a` | 1 |\n#[derive(Debug)]\npub struct Row {\n    \
                  /// First, see\n    /// [`B`](x::B).\n    #[serde(rename = \"A\")]\n    pub a: Option<f64>,\n    pub b: u32,\n}\n";
    let found = fields(source, "Row");
    assert_eq!(found[0].name, "A");
    assert_eq!(found[0].kind, "Option<f64>");
    assert_eq!(found[0].about, "First, see `B`.");
    assert_eq!(found[0].cells, ["1"]);
    assert_eq!((found[1].name.as_str(), found.len()), ("b", 2));
    assert!(fields(source, "Rows").is_empty());
}
