//! The list of model types says what is true of each.

use std::collections::BTreeSet;
use std::path::Path;

use outcrop_arch::{FAMILIES, HuggingFace, known_types, types_reference};

#[test]
fn every_family_is_in_the_list_and_every_other_type_has_a_reason() {
    let names: Vec<&str> = known_types().iter().map(|known| &*known.name).collect();
    assert!(names.len() > 190 && names.is_sorted_by(|a, b| a < b));
    let names = BTreeSet::from_iter(names);
    for family in FAMILIES {
        for name in [family.model_type].iter().chain(family.aliases) {
            assert!(
                names.contains(name),
                "data/types.json has no row of {name}, a type of the {family} family: write it with \
                 `UPDATE_DOCS=1 cargo test -p outcrop-forward --test families`"
            );
        }
    }
    for known in known_types() {
        match known.family() {
            Some(family) => {
                assert_eq!(known.refused, None, "{} is read", known.name);
                assert!(
                    family.classes.contains(&&*known.class),
                    "{} has the class {}",
                    known.name,
                    known.class
                );
            }
            None => assert!(known.refused.is_some(), "{} has no reason", known.name),
        }
    }
}

#[test]
fn a_type_is_refused_with_its_reason() {
    for known in known_types().iter().filter(|known| !known.is_read()) {
        let config = format!(r#"{{"model_type": "{}"}}"#, known.name);
        let error = HuggingFace::parse(&config, "config.json")
            .unwrap_err()
            .to_string();
        let reason = known.refused.as_deref().unwrap();
        assert!(
            error.contains(&known.name) && error.contains(reason),
            "{error}"
        );
    }
}

/// Two families never claim one type.
#[test]
fn a_type_has_one_family() {
    let mut seen = BTreeSet::new();
    for family in FAMILIES {
        for name in [family.model_type].iter().chain(family.aliases) {
            assert!(seen.insert(*name), "{name} is of two families");
        }
    }
}

/// `docs/families.md` ends with the table; with `UPDATE_DOCS=1` it is written.
#[test]
fn the_page_of_all_types_is_the_list() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/families.md");
    let page = std::fs::read_to_string(&path)
        .unwrap()
        .replace("\r\n", "\n");
    let expected = types_reference();
    let first = expected.lines().next().unwrap();
    let (head, found) = page.split_at(page.find(first).unwrap());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, format!("{head}{expected}")).unwrap();
    } else {
        assert_eq!(
            found, expected,
            "run UPDATE_DOCS=1 cargo test -p outcrop-arch --test known"
        );
    }
}
