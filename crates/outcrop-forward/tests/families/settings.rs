//! Random settings of a family: computed as transformers computes them, or refused by name.

use std::path::Path;

use crate::case::Case;
use crate::compare::{Fault, Worst, compare};

/// The fewest models of a family.
const LEAST: usize = 60;
/// The smallest share of the models of a family that is right; many settings are drawn that no version reads alike.
const SHARES: [(&str, f64); 6] = [
    ("llama", 0.6),
    ("mistral", 0.5),
    ("qwen2", 0.65),
    ("qwen3", 0.65),
    ("gpt2", 0.55),
    ("gpt_neox", 0.3),
];

fn lines(kind: &str) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/families/settings");
    let text = std::fs::read_to_string(folder.join(format!("{kind}.jsonl"))).unwrap();
    let read = |line: &str| serde_json::from_str(line).unwrap();
    text.lines().map(read).collect()
}

/// What a message says of the file, without its place.
fn without_place(message: &str) -> String {
    let said = message.split_once("config.json: ").map(|(_, said)| said);
    said.unwrap_or(message).to_owned()
}

#[test]
fn random_settings_are_right_or_refused_by_name() {
    for (kind, share) in SHARES {
        let cases = lines(kind);
        let (mut right, mut worst, mut refused) = (0, Worst::default(), Vec::new());
        for (i, case) in cases.iter().enumerate() {
            match compare(case) {
                Ok(found) => (right, worst) = (right + 1, worst.most(found)),
                Err(Fault::Refused(message)) => {
                    assert!(message.contains(['`', '.']), "{kind} {i}: {message}");
                    refused.push(without_place(&message));
                }
                Err(Fault::Wrong(what)) => panic!("{kind} {i}: {what}\n{}", case.config),
            }
        }
        println!(
            "{kind}: {right} of {} right, at most {worst:?} away",
            cases.len()
        );
        refused.sort();
        refused.dedup();
        refused.iter().for_each(|message| println!("    {message}"));
        assert!(cases.len() >= LEAST);
        assert!(
            right as f64 >= share * cases.len() as f64,
            "{kind}: {right}"
        );
    }
}
