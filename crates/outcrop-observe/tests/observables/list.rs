//! The list of observables, and the page made from it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use outcrop_observe::{
    Column, Error, Missing, OBSERVABLES, Observable, Sample, Site, View, named, select,
};

#[test]
fn names_are_words_and_mean_one_thing() {
    let mut names = BTreeSet::from(["all"]);
    for family in OBSERVABLES
        .iter()
        .map(|one| one.family)
        .collect::<BTreeSet<_>>()
    {
        assert!(names.insert(family), "{family}");
    }
    for one in OBSERVABLES {
        assert!(names.insert(one.name), "{}", one.name);
        assert!(named(one.name).is_some_and(|found| found.columns == one.columns));
    }
    let columns: Vec<&Column> = OBSERVABLES.iter().flat_map(|one| one.columns).collect();
    let unique: BTreeSet<&str> = columns.iter().map(|c| c.name).collect();
    assert_eq!(unique.len(), columns.len());
    let word = |name: &str| {
        name.bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    assert!(unique.iter().chain(&names).all(|name| word(name)));
}

#[test]
fn every_observable_says_what_it_is() {
    for one in OBSERVABLES {
        let told = [one.convention, one.cost, one.source];
        assert!(told.iter().all(|text| !text.is_empty()), "{}", one.name);
        assert!(
            !one.sites.is_empty() && !one.columns.is_empty(),
            "{}",
            one.name
        );
        for column in one.columns {
            assert!(
                column.range[0] < column.range[1] && !column.meaning.is_empty(),
                "{}",
                column.name
            );
        }
    }
}

#[test]
fn a_selection_keeps_the_order_of_the_list() {
    let names =
        |list: &str| -> Vec<&str> { select(list).unwrap().iter().map(|one| one.name).collect() };
    assert_eq!(names("token_norms,tweo,tweo"), ["tweo", "token_norms"]);
    assert_eq!(names("all").len(), OBSERVABLES.len());
    assert_eq!(names("channels"), ["channel_maxima", "channel_turnover"]);
    let error = select("tails,tokns").unwrap_err();
    assert!(
        matches!(&error, Error::Name { name, nearest: Some(near), .. } if name == "tokns" && near == "tokens")
    );
    assert!(
        error.to_string().contains("known are all, tails, tokens"),
        "{error}"
    );
}

/// Whatever the tensor, an observable gives one result a column: a number in its range, or a reason.
#[test]
fn a_result_is_in_its_range_or_has_a_reason() {
    let ramp: Vec<f32> = (0..48).map(|i| (i * i % 37) as f32 - 11.0).collect();
    let mut weights = vec![0.0; 16];
    weights.iter_mut().step_by(4).for_each(|first| *first = 1.0);
    let states: [(&[f32], usize); 9] = [
        (&ramp, 6),
        (&ramp, 48),
        (&ramp, 1),
        (&[0.0; 24], 4),
        (&[2.5; 24], 12),
        (&[f32::MAX, -f32::MAX, 1.0, 0.0], 2),
        (&[f32::MIN_POSITIVE; 30], 15),
        (&[1.0, f32::NAN, 0.0, f32::INFINITY], 2),
        (&weights, 4),
    ];
    for (values, columns) in states {
        let view = View::new(values, columns).unwrap();
        let labels: Vec<u32> = (0..view.rows() as u32).map(|i| i % 2).collect();
        let mut sample = Sample::new(view)
            .with_labels(&labels)
            .unwrap()
            .with_sinks(&[0])
            .unwrap();
        for companion in outcrop_observe::Companion::ALL {
            sample = sample.with(companion, view).unwrap();
        }
        for one in OBSERVABLES {
            let found = one.observe(&sample);
            assert_eq!(found.len(), one.columns.len(), "{}", one.name);
            for (column, found) in one.columns.iter().zip(found) {
                let [least, most] = column.range;
                let inside = |x: f64| x.is_finite() && x >= least && x <= most;
                assert!(
                    found.is_err() || found.is_ok_and(inside),
                    "{} {found:?} of {values:?}",
                    column.name
                );
            }
        }
    }
}

#[test]
fn reasons_have_codes() {
    let codes: BTreeSet<&str> = Missing::ALL.iter().map(|reason| reason.code()).collect();
    assert_eq!(codes.len(), Missing::ALL.len());
    let sites: BTreeSet<&str> = Site::ALL.iter().map(|site| site.name()).collect();
    assert_eq!(sites.len(), Site::ALL.len());
    assert!(
        Site::ALL
            .into_iter()
            .all(|site| Site::named(site.name()) == Some(site))
    );
}

fn range([least, most]: [f64; 2]) -> String {
    match (least.is_finite(), most.is_finite()) {
        (false, false) => String::new(),
        (true, false) => format!("at least {least}"),
        (false, true) => format!("at most {most}"),
        (true, true) if most < 0.1 && most > 0.0 => format!("{least} to {most:.3}"),
        (true, true) => format!("{least} to {most}"),
    }
}

fn section(page: &mut String, one: &Observable) {
    let sites: Vec<String> = one.sites.iter().map(|site| format!("`{site}`")).collect();
    write!(page, "### {}\n\n- places: {}\n", one.name, sites.join(", ")).unwrap();
    if !one.needs.is_empty() {
        writeln!(page, "- needs beside the tensor: {}", one.needs).unwrap();
    }
    writeln!(page, "- convention: {}", one.convention).unwrap();
    writeln!(page, "- cost: {}\n- source: {}\n", one.cost, one.source).unwrap();
    *page += "| `observable` | unit | range | meaning |\n|---|---|---|---|\n";
    for c in one.columns {
        let (range, meaning) = (range(c.range), c.meaning.replace('|', "\\|"));
        writeln!(page, "| `{}` | {} | {range} | {meaning} |", c.name, c.unit).unwrap();
    }
    page.push('\n');
}

/// Places, reasons and observables, in Markdown.
fn reference() -> String {
    let mut page = String::from("## Places\n\n| `place` | shape | tensor |\n|---|---|---|\n");
    for site in Site::ALL {
        writeln!(page, "| `{site}` | {} | {} |", site.shape(), site.meaning()).unwrap();
    }
    page += "\n## Reasons\n\n| code | no value, because |\n|---|---|\n";
    for reason in Missing::ALL {
        writeln!(page, "| `{reason}` | {} |", reason.meaning()).unwrap();
    }
    page.push('\n');
    let mut family = "";
    for one in OBSERVABLES {
        if one.family != family {
            family = one.family;
            write!(page, "## {family}\n\n").unwrap();
        }
        section(&mut page, one);
    }
    page.trim_end().to_owned() + "\n"
}

/// `docs/observables.md` ends with the reference; with `UPDATE_DOCS=1` it is written.
#[test]
fn the_page_of_all_observables_is_the_list() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/observables.md");
    let page = std::fs::read_to_string(&path)
        .unwrap()
        .replace("\r\n", "\n");
    let (head, found) = page.split_at(page.find("## Places\n").unwrap());
    let expected = reference();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, format!("{head}{expected}")).unwrap();
    } else {
        assert_eq!(
            found, expected,
            "run UPDATE_DOCS=1 cargo test -p outcrop-observe --test observables"
        );
    }
}
