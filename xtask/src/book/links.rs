//! The links of HTML pages.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Links and pictures in the pages of `folder` that lead to no file of it, or to no element.
pub(super) fn broken(folder: &Path) -> Result<Vec<String>, String> {
    let mut pages = BTreeMap::new();
    read(folder, &mut pages)?;
    let mut found = Vec::new();
    for (path, text) in &pages {
        // the page of mdBook for addresses that do not exist, and the one to print, repeat others at other places
        if path.ends_with("404.html") || path.ends_with("print.html") {
            continue;
        }
        let links = values(text, "href").chain(values(text, "src"));
        for link in links.filter(|link| !link.contains(':') && !link.is_empty()) {
            if !leads_somewhere(path, link, &pages) {
                found.push(format!("{}: {link}", path.display()));
            }
        }
    }
    Ok(found)
}

/// The pages below a folder with their text.
fn read(folder: &Path, pages: &mut BTreeMap<PathBuf, String>) -> Result<(), String> {
    let failed = |e| format!("read {}: {e}", folder.display());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            read(&path, pages)?;
        } else if path.extension().is_some_and(|e| e == "html") {
            let text =
                fs::read_to_string(&path).map_err(|e| format!("read {}: {e}", path.display()))?;
            pages.insert(path, text);
        }
    }
    Ok(())
}

/// The values of an attribute.
fn values<'a>(text: &'a str, attribute: &str) -> impl Iterator<Item = &'a str> {
    let parts = text
        .split(&format!(" {attribute}=\""))
        .skip(1)
        .collect::<Vec<_>>();
    parts.into_iter().filter_map(|part| part.split('"').next())
}

fn leads_somewhere(page: &Path, link: &str, pages: &BTreeMap<PathBuf, String>) -> bool {
    let (file, element) = link.split_once('#').unwrap_or((link, ""));
    let path = match file {
        "" => page.to_owned(),
        file => normal(&page.parent().unwrap_or(Path::new("")).join(file)),
    };
    match pages.get(&path) {
        Some(text) => element.is_empty() || values(text, "id").any(|id| id == element),
        None => path.is_file(),
    }
}

/// The path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                parts.pop();
            }
            Component::CurDir => {}
            part => parts.push(part),
        }
    }
    parts
}

#[test]
fn a_link_to_nowhere_is_found() {
    let page = |text: &str| text.to_owned();
    let pages = BTreeMap::from([
        (PathBuf::from("/b/a.html"), page("<h2 id=\"x\">")),
        (PathBuf::from("/b/c/d.html"), page("")),
    ]);
    let from = Path::new("/b/c/d.html");
    assert!(leads_somewhere(from, "../a.html#x", &pages));
    assert!(leads_somewhere(from, "", &pages));
    assert!(!leads_somewhere(from, "../a.html#y", &pages));
    assert!(!leads_somewhere(from, "a.html", &pages));
    assert_eq!(
        values("<a href=\"p\"><a  href=\"q\">", "href").collect::<Vec<_>>(),
        ["p", "q"]
    );
}
