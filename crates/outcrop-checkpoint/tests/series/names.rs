//! What names say, and that the guide's table of names is the one that the code has.

use outcrop_checkpoint::{Counts, Select, UNDERSTOOD, stage_and_step};
use proptest::prelude::*;

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

proptest! {
    #[test]
    fn any_name_is_read(name in "(stage|step|ckpt|epoch|ep|ba|k|K|-|_|=|/|é|[0-9]){0,9}") {
        stage_and_step(&name, &Select::default());
    }

    #[test]
    fn a_step_is_found_whatever_stands_around_it(
        word in "(step|checkpoint|iter|global_step)[-_]?",
        step in 0u64..1_000_000_000,
        zeros in 0usize..8,
        stage in "(stage[12]-)?",
        tokens in "(-tokens[0-9]{1,3}[BT])?",
    ) {
        let name = format!("{stage}{word}{}{step}{tokens}", "0".repeat(zeros));
        let stage = stage.strip_suffix('-').map(str::to_owned);
        prop_assert_eq!(stage_and_step(&name, &Select::default()), Some((stage, step)));
    }
}
