//! What names of checkpoints say: `stage1-step1000-tokens5B`.

/// The words before a number in a name.
struct Word {
    word: &'static str,
    counts: Counts,
}

/// What a number in a name counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// Steps of the optimiser.
    Steps,
    /// Saves, epochs, or something unknown.
    Other,
}

const fn steps(word: &'static str) -> Word {
    Word {
        word,
        counts: Counts::Steps,
    }
}

const fn other(word: &'static str) -> Word {
    Word {
        word,
        counts: Counts::Other,
    }
}

/// The words that are understood; one that ends in another is listed before it.
const WORDS: [Word; 8] = [
    steps("global_step"),
    steps("checkpoint"),
    steps("step"),
    steps("iter"),
    steps("ba"),
    other("ckpt"),
    other("epoch"),
    other("ep"),
];

/// Between a word and its number, and around both.
const SEPARATORS: [char; 4] = ['-', '_', '=', '.'];
/// Around both, too: revisions may be nested.
const BOUNDARIES: [char; 5] = ['-', '_', '.', '/', ' '];
/// Endings of weight files, which belong to no name.
pub(super) const ENDINGS: [&str; 5] = [".safetensors", ".ckpt", ".pt", ".pth", ".bin"];
/// How folders are named while they are written: transformers' Trainer, Orbax, others.
const UNFINISHED: [&str; 4] = ["tmp-", ".tmp", "-tmp", ".incomplete"];

/// An example of a name, and what is read in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// The name of a folder, file or revision.
    pub name: &'static str,
    /// The programs that use such names.
    pub of: &'static str,
    /// The stage in which the step counts, if it names one.
    pub stage: Option<&'static str>,
    /// The number.
    pub number: u64,
    /// What it counts.
    pub counts: Counts,
}

const fn example(
    name: &'static str,
    of: &'static str,
    stage: Option<&'static str>,
    number: u64,
) -> Example {
    Example {
        name,
        of,
        stage,
        number,
        counts: Counts::Steps,
    }
}

/// The names that are understood, by example.
pub const UNDERSTOOD: [Example; 21] = [
    example("step143000", "Pythia", None, 143_000),
    example("step-000512", "Outcrop, litgpt, torchtitan", None, 512),
    example("checkpoint-500", "transformers' Trainer", None, 500),
    example("global_step1000", "DeepSpeed, BLOOM", None, 1000),
    example("iter_0002384", "Megatron", None, 2384),
    example("step1000-tokens4B", "OLMo", None, 1000),
    example("step1000-unsharded", "OLMo", None, 1000),
    example("step-50K-105b", "TinyLlama", None, 50_000),
    example("epoch=0-step=1000.ckpt", "Lightning", None, 1000),
    example("ep0-ba100", "Composer", None, 100),
    example(
        "stage1-step10000-tokens21B",
        "OLMo 2",
        Some("stage1"),
        10_000,
    ),
    example(
        "stage2-ingredient3-step23852-tokens51B",
        "OLMo 2",
        Some("stage2-ingredient3"),
        23_852,
    ),
    example(
        "stage2-step47684-mix-round5",
        "OLMo 3",
        Some("stage2-mix-round5"),
        47_684,
    ),
    example(
        "lc-32k-to-64k-step-20000",
        "SmolLM3",
        Some("lc-32k-to-64k"),
        20_000,
    ),
    example("extension_step0001000", "Lucie", Some("extension"), 1000),
    example(
        "CrystalCoder_phase1_checkpoint_055500",
        "CrystalCoder",
        Some("CrystalCoder_phase1"),
        55_500,
    ),
    example(
        "step69369-seed-default",
        "DataDecide",
        Some("seed-default"),
        69_369,
    ),
    example(
        "multiberts-seed_0-step_20k",
        "MultiBERTs",
        Some("multiberts-seed_0"),
        20_000,
    ),
    Example {
        counts: Counts::Other,
        ..example("ckpt_000", "Amber", None, 0)
    },
    Example {
        counts: Counts::Other,
        ..example("epoch_1", "torchtune", None, 1)
    },
    Example {
        counts: Counts::Other,
        ..example("1000", "Levanter, Orbax", None, 1000)
    },
];

/// The meaning of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// The stage, seed or model in which the number counts; none for the only one of a run.
    pub(super) stage: Option<String>,
    /// The epoch that it names beside the step.
    pub(super) epoch: Option<u64>,
    pub(super) number: u64,
    pub(super) counts: Counts,
}

impl Name {
    /// Reads the name of a folder, file or revision; none where it does not fit, or fits twice.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let name = without_ending(name);
        if !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit()) {
            return Some(Self {
                stage: None,
                epoch: None,
                number: name.parse().ok()?,
                counts: Counts::Other,
            });
        }
        let found = places(name);
        let of = |counts| {
            let mut found = found.iter().filter(move |place| place.counts == counts);
            match (found.next(), found.next()) {
                (Some(place), None) => Some(Some(place)),
                (None, _) => Some(None),
                _ => None,
            }
        };
        let place = match of(Counts::Steps)? {
            Some(place) => place,
            None => of(Counts::Other)??,
        };
        let before = found.iter().find(|other| other.end <= place.start);
        let prefix = match before {
            Some(epoch) => [&name[..epoch.start], &name[epoch.end..place.start]].concat(),
            None => name[..place.start].to_owned(),
        };
        Some(Self {
            stage: stage(&prefix, &name[place.end..]),
            epoch: before.map(|epoch| epoch.number),
            number: place.number,
            counts: place.counts,
        })
    }

    /// The step that it names; where its number counts something else, so many steps each.
    pub(super) fn step(&self, steps_per_count: Option<u64>) -> Option<u64> {
        match self.counts {
            Counts::Steps => Some(self.number),
            Counts::Other => self.number.checked_mul(steps_per_count?),
        }
    }
}

/// The name of a weight file without its ending.
fn without_ending(name: &str) -> &str {
    let ending = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending));
    ending.unwrap_or(name)
}

/// Whether a folder is named as one that is not whole.
pub(super) fn is_unfinished(name: &str) -> bool {
    UNFINISHED.iter().any(|mark| match mark.strip_suffix('-') {
        Some(_) => name.starts_with(mark),
        None => name.contains(mark),
    })
}

/// A word with its number in a name.
#[derive(Debug)]
struct NumberedWord {
    start: usize,
    end: usize,
    number: u64,
    counts: Counts,
}

/// Every number after a word, each once.
fn places(name: &str) -> Vec<NumberedWord> {
    let mut found: Vec<NumberedWord> = Vec::new();
    for Word { word, counts } in &WORDS {
        for (start, _) in name.match_indices(word) {
            if let Some((end, number)) = number_after(name, start, start + word.len())
                && found.iter().all(|place| place.end != end)
            {
                found.push(NumberedWord {
                    start,
                    end,
                    number,
                    counts: *counts,
                });
            }
        }
    }
    found
}

/// Where the number ends that belongs to a word, and its value: `step-50K` is 50000.
fn number_after(name: &str, start: usize, end: usize) -> Option<(usize, u64)> {
    if !(start == 0 || name[..start].ends_with(BOUNDARIES)) {
        return None;
    }
    let rest = &name[end..];
    let rest = rest.strip_prefix(SEPARATORS).unwrap_or(rest);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = rest.split_at(digits);
    let number: u64 = digits.parse().ok()?;
    let (number, rest) = match rest.strip_prefix(['k', 'K']) {
        Some(rest) => (number.checked_mul(1000)?, rest),
        None => (number, rest),
    };
    let whole = rest.is_empty() || rest.starts_with(BOUNDARIES);
    whole.then_some((name.len() - rest.len(), number))
}

/// The parts of a name around the number, which distinguish runs or their stages.
fn stage(before: &str, after: &str) -> Option<String> {
    let mut after: Vec<&str> = after.trim_matches(BOUNDARIES).split('-').collect();
    let known = after.iter().take_while(|part| says_no_stage(part)).count();
    after.drain(..known);
    let before = before.split('-').filter(|part| !part.contains('='));
    let before = before.collect::<Vec<_>>().join("-");
    let parts = [before.trim_matches(BOUNDARIES), &after.join("-")];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join("-"))
}

/// Tokens seen (`tokens4B`, `105b`), forms of storage, metrics (`val_loss=2.5`).
fn says_no_stage(part: &str) -> bool {
    let count = part.strip_prefix("tokens").unwrap_or(part);
    let count = count.strip_suffix(['b', 'B', 't', 'T']);
    let tokens = count.is_some_and(|count| {
        !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    });
    tokens || matches!(part, "" | "unsharded" | "hf") || part.contains('=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_read_as_they_say() {
        for example in UNDERSTOOD {
            let found = Name::parse(example.name).unwrap();
            let told = (found.stage.as_deref(), found.number, found.counts);
            let expected = (example.stage, example.number, example.counts);
            assert_eq!(told, expected, "{}", example.name);
        }
    }

    #[test]
    fn other_names_have_no_step() {
        for name in [
            "step",
            "step-final",
            "step12b",
            "steps12",
            "timestep5",
            "step_logs",
            "main",
            "checkpoint-final",
            "float16",
            "step99999999999999999999",
            "step9999999999999999999k",
            "step1-step2",
            "v1.0",
            "",
        ] {
            assert_eq!(Name::parse(name), None, "{name}");
        }
    }

    #[test]
    fn numbers_of_saves_are_steps_when_someone_says_how_many() {
        let step = |name: &str, each| Name::parse(name).unwrap().step(each);
        assert_eq!(step("ckpt_012", None), None);
        assert_eq!(step("ckpt_012", Some(100)), Some(1200));
        assert_eq!(step("step12", Some(100)), Some(12));
        assert_eq!(step("ckpt_2", Some(u64::MAX)), None);
    }

    #[test]
    fn epochs_and_metrics_beside_a_step_are_no_stage() {
        for name in [
            "epoch=3-step=700-val_loss=0.52.ckpt",
            "epoch_3_step_700",
            "ep3-ba700",
            "val_loss=0.52-epoch=3-step=700",
        ] {
            let found = Name::parse(name).unwrap();
            let told = (found.stage, found.epoch, found.number);
            assert_eq!(told, (None, Some(3), 700), "{name}");
        }
        let nested = Name::parse("stage1/step10").unwrap();
        assert_eq!(
            (nested.stage.as_deref(), nested.number),
            (Some("stage1"), 10)
        );
    }

    #[test]
    fn folders_that_are_written_are_told() {
        for name in [
            "tmp-checkpoint-1500",
            "1000.orbax-checkpoint-tmp-1",
            "x.tmp",
            "x.incomplete",
        ] {
            assert!(is_unfinished(name), "{name}");
        }
        assert!(!is_unfinished("checkpoint-1500"));
    }
}
