//! Every kind of change does what it says, and every kind is drawn.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;

use mutation::json::{replace, value};
use mutation::{Mutation, mutate, mutations, text_mutations};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;

fn changed(text: &str, mutation: Mutation) -> String {
    let mut bytes = text.as_bytes().to_vec();
    mutate(&mut bytes, &[mutation]);
    String::from_utf8(bytes).unwrap()
}

#[test]
fn every_change_does_what_it_says() {
    let ascii = u64::from_le_bytes(*b"12345678");
    for (mutation, expected) in [
        (Mutation::Set(1, b'x'), "axcdef"),
        (Mutation::Flip(0, 1), "`bcdef"),
        (Mutation::Number(1, ascii, 2), "a12def"),
        (Mutation::Number(4, ascii, 8), "abcd12"),
        (Mutation::Insert(6, b"gh".to_vec()), "abcdefgh"),
        (Mutation::Insert(7, b"gh".to_vec()), "ghabcdef"), // 7 is 0 again
        (Mutation::Remove(4, 9), "abcd"),
        (Mutation::Copy(1, 0, 2), "bcabcdef"),
        (Mutation::Copy(5, 6, 9), "abcdeff"),
        (Mutation::Cut(2), "ab"),
    ] {
        assert_eq!(
            changed("abcdef", mutation.clone()),
            expected,
            "{mutation:?}"
        );
    }
}

#[test]
fn an_empty_file_takes_what_is_inserted() {
    for mutation in [
        Mutation::Set(1, 0),
        Mutation::Number(3, 0, 8),
        Mutation::Remove(3, 1),
        Mutation::Copy(1, 2, 3),
        Mutation::Cut(9),
    ] {
        assert_eq!(changed("", mutation), "");
    }
    assert_eq!(changed("", Mutation::Insert(5, b"a".to_vec())), "a");
}

/// The kinds among a thousand draws.
fn kinds(strategy: impl Strategy<Value = Vec<Mutation>>) -> BTreeSet<String> {
    let mut runner = TestRunner::deterministic();
    let drawn = (0..1000).flat_map(|_| strategy.new_tree(&mut runner).unwrap().current());
    let kind = |mutation: Mutation| {
        format!("{mutation:?}")
            .split('(')
            .next()
            .unwrap()
            .to_owned()
    };
    drawn.map(kind).collect()
}

#[test]
fn every_kind_is_drawn() {
    let all = ["Copy", "Cut", "Flip", "Insert", "Number", "Remove", "Set"];
    assert!(kinds(mutations()).iter().eq(all.iter()));
    let text = all.iter().filter(|kind| **kind != "Number");
    assert!(kinds(text_mutations()).iter().eq(text));
}

#[test]
fn every_value_of_a_document_is_replaced_in_its_turn() {
    let replaced = |at| {
        let mut json = json!({"a": [1, 2], "b": null});
        replace(&mut json, at, &json!("x"));
        json.to_string()
    };
    let expected = [
        r#""x""#,
        r#"{"a":"x","b":null}"#,
        r#"{"a":["x",2],"b":null}"#,
        r#"{"a":[1,"x"],"b":null}"#,
        r#"{"a":[1,2],"b":"x"}"#,
        r#""x""#,
    ];
    for (at, expected) in expected.into_iter().enumerate() {
        assert_eq!(replaced(at), expected);
    }
}

proptest! {
    #[test]
    fn drawn_values_have_the_names_that_are_given(value in value(&["w"], &["n", "m"])) {
        fn check(value: &serde_json::Value) -> bool {
            match value {
                serde_json::Value::String(text) => text == "w",
                serde_json::Value::Array(values) => values.iter().all(check),
                serde_json::Value::Object(members) => {
                    members.iter().all(|(name, value)| ["n", "m"].contains(&&**name) && check(value))
                }
                _ => true,
            }
        }
        prop_assert!(check(&value), "{}", value);
    }
}
