//! Relative links of the pages lead to files that exist, and to headings that they have; `docs/SUMMARY.md` lists every
//! page of `docs/`.

use std::collections::BTreeSet;
use std::path::Path;

use crate::expect_none;
use crate::workspace::{files, root};

/// The targets of the links and pictures of a page, without code.
fn targets(text: &str) -> Vec<&str> {
    let mut in_code = false;
    let prose = text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        !fence && !in_code
    });
    let of_line = |line: &'_ str| -> Vec<(usize, usize)> {
        let starts = line.match_indices("](").map(|(at, _)| at + 2);
        starts
            .filter_map(|at| Some((at, at + line[at..].find(')')?)))
            .collect()
    };
    prose
        .flat_map(|line| of_line(line).into_iter().map(|(from, to)| &line[from..to]))
        .collect()
}

/// The anchors of a page's headings, as GitHub and mdBook make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut in_code = false;
    let headings = text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        !in_code && line.starts_with('#')
    });
    headings
        .map(|line| anchor(line.trim_start_matches('#').trim()))
        .collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    let text: String = kept.collect();
    text.to_lowercase().replace(' ', "-")
}

/// What is wrong with a link of the page at `path`.
fn wrong(path: &str, target: &str) -> Option<String> {
    let is_outside =
        target.contains("://") || target.starts_with("mailto:") || target.contains(' ');
    if is_outside || target.is_empty() {
        return None;
    }
    let (file, heading) = target.split_once('#').unwrap_or((target, ""));
    let file = match file {
        "" => root().join(path),
        file => root()
            .join(path)
            .parent()
            .unwrap_or(Path::new(""))
            .join(file),
    };
    if !file.exists() {
        return Some(format!("{path}: the link {target} leads to no file"));
    }
    if heading.is_empty() || file.extension().is_none_or(|e| e != "md") {
        return None;
    }
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    (!anchors(&text).contains(heading))
        .then(|| format!("{path}: the link {target} leads to no heading"))
}

#[test]
fn links_lead_somewhere() {
    let pages = files()
        .into_iter()
        .filter(|file| file.path.ends_with(".md"));
    let mut found = Vec::new();
    for page in pages {
        found.extend(
            targets(&page.text)
                .into_iter()
                .filter_map(|target| wrong(&page.path, target)),
        );
    }
    expect_none(&found);
}

#[test]
fn the_book_has_every_page() {
    let summary =
        std::fs::read_to_string(root().join("docs/SUMMARY.md")).expect("docs/SUMMARY.md is there");
    let listed = targets(&summary);
    let pages = files()
        .into_iter()
        .filter_map(|file| file.path.strip_prefix("docs/").map(str::to_owned));
    let pages = pages.filter(|page| page.ends_with(".md") && page != "SUMMARY.md");
    let missing = pages.filter(|page| !listed.contains(&page.as_str()));
    expect_none(
        &missing
            .map(|page| format!("docs/SUMMARY.md does not list {page}"))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn a_link_to_nowhere_is_found() {
    assert_eq!(
        targets("[a](b.md#c)\n```\n[x](y)\n```\n![p](q.png)"),
        ["b.md#c", "q.png"]
    );
    assert_eq!(anchor("6. Reading `fits.csv`"), "6-reading-fitscsv");
    assert!(wrong("README.md", "docs/no-such-page.md").is_some());
    assert!(wrong("README.md", "docs/fitting.md#no-such-heading").is_some());
    assert_eq!(
        wrong("README.md", "docs/fitting.md#6-reading-fitscsv"),
        None
    );
}
