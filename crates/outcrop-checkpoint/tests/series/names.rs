//! The table of names in the guide is the one that the code has.

use outcrop_checkpoint::{Counts, UNDERSTOOD};

#[test]
fn the_guide_lists_the_names_that_are_understood() {
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/measuring.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let mut table = String::from("| name | step | stage | named so by |\n|---|---|---|---|\n");
    for example in UNDERSTOOD {
        let step = match example.counts {
            Counts::Steps => example.number.to_string(),
            Counts::Other => format!("{} x `--steps-per-count`", example.number),
        };
        let stage = example.stage.map(|s| format!("`{s}`")).unwrap_or_default();
        table += &format!(
            "| `{}` | {step} | {stage} | {} |\n",
            example.name, example.of
        );
    }
    assert!(guide.contains(&table), "docs/measuring.md lacks\n{table}");
}
