//! What names say, and that the guide's table of names is the one that the code has.

use outcrop_checkpoint::{CheckpointName, Counts, Select, UNDERSTOOD, stage_and_step};
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

    /// A name is read as what it was made of, and prints as it was.
    #[test]
    fn names_are_read_as_they_were_made(
        stage in prop::option::of("stage[1-9](-ingredient[1-9])?|phase[12]|longctx|lc-32k-to-64k"),
        word in "(step|checkpoint|iter|global_step)[-_]?",
        zeros in 0usize..8,
        number in 0u64..1_000_000_000,
        tokens in prop::option::of("tokens[0-9]{1,4}[BT]"),
        seed in prop::option::of("[a-z]{1,9}(-aux-[0-9])?"),
    ) {
        let stage_part = stage.iter().map(|s| format!("{s}-")).collect::<String>();
        let tokens_part = tokens.iter().map(|t| format!("-{t}")).collect::<String>();
        let seed_part = seed.iter().map(|s| format!("-seed-{s}")).collect::<String>();
        let zeros = "0".repeat(zeros);
        let name = format!("{stage_part}{word}{zeros}{number}{tokens_part}{seed_part}");
        let read = CheckpointName::parse(&name).expect("a name of the grammar");
        prop_assert_eq!(read.to_string(), name);
        prop_assert_eq!(read.stage(), stage.as_deref());
        prop_assert_eq!(read.number(), number);
        prop_assert_eq!(read.tokens(), tokens.as_deref());
        prop_assert_eq!(read.seed(), seed.as_deref());
    }
}
