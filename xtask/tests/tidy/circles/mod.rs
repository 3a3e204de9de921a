//! No circles between the modules of a folder: not at the top of a crate, not further in. An import is
//! followed to the module that it comes from. What a module says in its own `mod.rs` is everybody's in
//! the folder below it.

mod paths;
mod tree;

use std::collections::{BTreeSet, VecDeque};

use crate::expect_none;
use crate::workspace::{self, File};
use tree::{Uses, uses};

/// Folders whose circles are known, with the reason why they stay for now.
const KNOWN: [(&str, &str); 0] = [];

/// The shortest circle through each module, each circle once, from its first name: `a -> b -> a`.
fn circles(uses: &Uses) -> BTreeSet<String> {
    let circles = uses.keys().filter_map(|start| shortest_circle(uses, start));
    circles.map(told).collect()
}

fn told(mut circle: Vec<&str>) -> String {
    circle.pop(); // the start again
    let first = (0..circle.len()).min_by_key(|&at| circle[at]);
    circle.rotate_left(first.unwrap_or_default());
    circle.extend(circle.first().copied());
    circle.join(" -> ")
}

/// The shortest way from `start` back to it, breadth first.
fn shortest_circle<'a>(uses: &'a Uses, start: &'a str) -> Option<Vec<&'a str>> {
    let mut ways = VecDeque::from([vec![start]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for next in uses.get(*way.last()?).into_iter().flatten() {
            if seen.insert(next) {
                let longer = [way.as_slice(), &[next.as_str()]].concat();
                if next == start {
                    return Some(longer);
                }
                ways.push_back(longer);
            }
        }
    }
    None
}

/// The circles among sources below `src/`, each with its folder: `a/b: c -> d -> c`.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let folders = uses(files).into_iter();
    folders
        .flat_map(|(folder, uses)| {
            let circles = circles(&uses).into_iter();
            circles.map(move |circle| format!("{folder}: {circle}"))
        })
        .collect()
}

/// The circles of the sources in `folder`, each behind its path without `src`.
fn crate_circles(folder: &str, files: &[File]) -> Vec<String> {
    let source = format!("{folder}/src/");
    let sources = files.iter().filter(|file| file.is_source());
    let sources: Vec<_> = sources
        .filter_map(|file| Some((file.path.strip_prefix(&source)?, file.text.as_str())))
        .collect();
    let name = folder.trim_start_matches("crates/");
    let found = found(&sources).into_iter();
    found.map(|circle| format!("{name}/{circle}")).collect()
}

/// Whether the circle stands in the folder `known`.
fn stands_in(circle: &str, known: &str) -> bool {
    let folder = circle.split_once(": ").map_or(circle, |parts| parts.0);
    folder.trim_end_matches('/') == known
}

#[test]
fn the_workspace_has_no_circles() {
    let files = workspace::rust_files();
    let crates = workspace::crates();
    let folders = crates.iter().map(|(name, _)| format!("crates/{name}"));
    let folders = folders.chain(["xtask".to_owned()]);
    let found: Vec<_> = folders.flat_map(|f| crate_circles(&f, &files)).collect();
    let is_known = |circle: &&String| KNOWN.iter().any(|(known, _)| stands_in(circle, known));
    expect_none(
        &found
            .iter()
            .filter(|c| !is_known(c))
            .cloned()
            .collect::<Vec<_>>(),
    );
    for (known, reason) in KNOWN {
        let there = found.iter().any(|circle| stands_in(circle, known));
        assert!(
            there,
            "{known} has no circles any more; delete its row ({reason})"
        );
    }
}

#[test]
fn a_circle_is_found_through_a_re_export() {
    let root = (
        "lib.rs",
        "mod a;\nmod b;\nmod c;\npub use b::{B, C};\npub use a::A;",
    );
    let a = ("a.rs", "use crate::{B, c::{D, E}};");
    let straight = [root, a, ("b/mod.rs", "x"), ("c.rs", "")];
    assert_eq!(found(&straight), [""; 0]);
    for back in [
        ("b/x.rs", "use super::super::A;"),
        ("b/mod.rs", "fn f(a: crate::a::A) {}"),
    ] {
        let round = [root, a, ("b/mod.rs", "mod x;"), back, ("c.rs", "")];
        assert_eq!(found(&round), [": a -> b -> a"]);
    }
}

#[test]
fn a_circle_inside_a_folder_is_found() {
    let folder = (
        "shapes/mod.rs",
        "mod line;\nmod point;\nmod star;\npub use point::Point as Dot;",
    );
    let files = |back| {
        [
            ("lib.rs", "mod shapes;\npub use shapes::Dot as Place;"),
            folder,
            ("shapes/line.rs", "use super::star::Star;"),
            ("shapes/star/mod.rs", "mod tip;"),
            (
                "shapes/star/tip.rs",
                "use crate::Place;\nuse super::super::{Dot, Shape};",
            ),
            ("shapes/point.rs", back),
        ]
    };
    assert_eq!(found(&files("use super::Shape;")), [""; 0]);
    for back in [
        "use super::line::Line;",
        "fn f() -> crate::shapes::line::Line {}",
    ] {
        assert_eq!(
            found(&files(back)),
            ["shapes: line -> star -> point -> line"]
        );
    }
    let inside = [
        ("lib.rs", "mod shapes;"),
        ("shapes/star/mod.rs", "mod tip;\nmod ray;"),
        ("shapes/star/tip.rs", "use super::ray::Ray;"),
        ("shapes/star/ray.rs", "use super::{self as star, tip};"),
    ];
    assert_eq!(found(&inside), ["shapes/star: ray -> tip -> ray"]);
}
