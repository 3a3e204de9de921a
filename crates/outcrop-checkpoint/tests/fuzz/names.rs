//! Names of checkpoints that are almost as they should be.

use mutation::{mutate, mutations, text_mutations};
use outcrop_checkpoint::{CheckpointName, UNDERSTOOD};
use proptest::prelude::*;

/// A name that is read prints as it was, and what it says is in it.
fn hold(name: &str) -> Result<(), TestCaseError> {
    let Some(read) = CheckpointName::parse(name) else {
        return Ok(());
    };
    prop_assert_eq!(read.to_string(), name);
    let said = [read.seed(), read.tokens()];
    prop_assert!(said.iter().flatten().all(|part| name.contains(part)));
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    let number = read.number();
    let thousands = (number % 1000 == 0).then_some(number / 1000);
    let is_there = |number: u64| digits.contains(&number.to_string());
    prop_assert!(is_there(number) || thousands.is_some_and(is_there));
    Ok(())
}

proptest! {
    #[test]
    fn changed_names_are_read_or_not(
        which in 0..UNDERSTOOD.len(),
        changes in prop_oneof![mutations(), text_mutations()],
    ) {
        let mut bytes = UNDERSTOOD[which].name.as_bytes().to_vec();
        mutate(&mut bytes, &changes);
        hold(&String::from_utf8_lossy(&bytes))?;
    }
}
