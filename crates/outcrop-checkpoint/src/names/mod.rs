//! What names of checkpoints say, of folders, files, revisions and repositories alike.
//!
//! ```text
//! [stageN- | phaseN_ | NAME-]? (global_step | step | checkpoint | iter | ba | ckpt | epoch) [-_=.]? DIGITS [k|K]?
//!     (-tokens X (B|T))? (-seed-NAME)? (-SUFFIX)?
//! ```

mod examples;
mod listing;
mod parts;
mod words;

use std::fmt;

pub use self::examples::{Example, UNDERSTOOD};
pub use self::listing::Listing;
use self::parts::{Parts, epoch_before};
pub use self::words::Counts;
use self::words::{BOUNDARIES, MODEL, MODEL_DIGITS, SEPARATORS, WORDS, split_ending};
pub(crate) use self::words::{ENDINGS, is_unfinished};

/// What the name of a checkpoint says. It prints as it was read, letter by letter.
///
/// ```
/// use outcrop_checkpoint::CheckpointName;
///
/// let name = CheckpointName::parse("stage2-ingredient3-step23852-tokens51B").unwrap();
/// assert_eq!((name.stage(), name.number()), (Some("stage2-ingredient3"), 23_852));
/// assert_eq!(name.tokens(), Some("tokens51B"));
/// assert_eq!(name.to_string(), "stage2-ingredient3-step23852-tokens51B");
/// let seed = CheckpointName::parse("step69369-seed-default").unwrap();
/// assert_eq!((seed.stage(), seed.seed()), (None, Some("default")));
/// assert_eq!(CheckpointName::parse("main"), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointName {
    before: String,
    word: &'static str,
    separator: Option<char>,
    digits: String,
    thousand: Option<char>,
    after: String,
    ending: String,
    number: u64,
    counts: Counts,
    epoch: Option<u64>,
    parts: Parts,
}

impl CheckpointName {
    /// Reads the name of a folder, file, revision or repository; none where it does not fit, or fits twice.
    pub fn parse(name: &str) -> Option<Self> {
        let (body, ending) = split_ending(name);
        let place = match body.bytes().all(|b| b.is_ascii_digit()) {
            true => NumberedWord {
                start: 0,
                word: "",
                separator: None,
                digits: body,
                thousand: None,
                end: body.len(),
                number: body.parse().ok()?,
                counts: Counts::Other,
            },
            false => chosen(&places(body))?,
        };
        let (before, after) = (&body[..place.start], &body[place.end..]);
        let (prefix, epoch) = epoch_before(before, places(before));
        Some(Self {
            before: before.to_owned(),
            word: place.word,
            separator: place.separator,
            digits: place.digits.to_owned(),
            thousand: place.thousand,
            after: after.to_owned(),
            ending: ending.to_owned(),
            number: place.number,
            counts: place.counts,
            epoch,
            parts: Parts::of(&prefix, after),
        })
    }

    /// The number: `step-50K` has 50000.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// What the number counts.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The epoch that it names beside the step.
    pub fn epoch(&self) -> Option<u64> {
        self.epoch
    }

    /// The stage in which steps count, with its ingredient or mix; none for the only one of a run.
    pub fn stage(&self) -> Option<&str> {
        self.parts.stage.as_deref()
    }

    /// The seed, which makes another run of it.
    pub fn seed(&self) -> Option<&str> {
        self.parts.seed.as_deref()
    }

    /// Stage and seed in one word, as [`Select::stage`](crate::Select) chooses them: `stage1`,
    /// `seed-default`.
    pub fn part(&self) -> Option<&str> {
        self.parts.both.as_deref()
    }

    /// The tokens seen as the name tells them (`tokens51B`, `105b`). Runs round them up, down and to the
    /// nearest: tokens are to be computed, not read here.
    pub fn tokens(&self) -> Option<&str> {
        self.parts.tokens.as_deref()
    }

    /// The step that it names; where its number counts something else, so many steps each.
    ///
    /// ```
    /// use outcrop_checkpoint::CheckpointName;
    ///
    /// let name = CheckpointName::parse("ckpt_012").unwrap();
    /// assert_eq!((name.step(None), name.step(Some(100))), (None, Some(1200)));
    /// ```
    pub fn step(&self, steps_per_count: Option<u64>) -> Option<u64> {
        match self.counts {
            Counts::Steps => Some(self.number),
            Counts::Other => self.number.checked_mul(steps_per_count?),
        }
    }

    /// As read, but its number counts saves.
    pub(crate) fn counting_saves(mut self) -> Self {
        self.counts = Counts::Other;
        self
    }
}

impl fmt::Display for CheckpointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.before, self.word)?;
        self.separator.map_or(Ok(()), |sign| write!(f, "{sign}"))?;
        write!(f, "{}", self.digits)?;
        self.thousand.map_or(Ok(()), |sign| write!(f, "{sign}"))?;
        write!(f, "{}{}", self.after, self.ending)
    }
}

/// A word with its number in a name.
#[derive(Clone, Debug)]
struct NumberedWord<'a> {
    start: usize,
    word: &'static str,
    separator: Option<char>,
    digits: &'a str,
    thousand: Option<char>,
    end: usize,
    number: u64,
    counts: Counts,
}

/// The one that counts steps or, where none does, the one that counts something else.
fn chosen<'a>(found: &[NumberedWord<'a>]) -> Option<NumberedWord<'a>> {
    let of = |counts| found.iter().filter(move |place| place.counts == counts);
    let mut steps = of(Counts::Steps);
    match (steps.next(), steps.next()) {
        (Some(place), None) => Some(place.clone()),
        (Some(_), Some(_)) => None,
        (None, _) => {
            let mut others = of(Counts::Other);
            others.next().filter(|_| others.next().is_none()).cloned()
        }
    }
}

/// Every number after a word, each once.
fn places(name: &str) -> Vec<NumberedWord<'_>> {
    let mut found: Vec<NumberedWord<'_>> = Vec::new();
    for word in &WORDS {
        for (start, _) in name.match_indices(word.word) {
            let place = number_after(name, start, word.word);
            if let Some(mut place) = place
                && found.iter().all(|other| other.end != place.end)
            {
                place.counts = word.counts;
                found.push(place);
            }
        }
    }
    found
}

/// The number that belongs to a word which stands at `start`: `step-50K` is 50000.
fn number_after<'a>(name: &'a str, start: usize, word: &'static str) -> Option<NumberedWord<'a>> {
    if !(start == 0 || name[..start].ends_with(BOUNDARIES)) {
        return None;
    }
    let rest = &name[start + word.len()..];
    let separator = rest.chars().next().filter(|sign| SEPARATORS.contains(sign));
    let rest = &rest[separator.map_or(0, char::len_utf8)..];
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = rest.split_at(digits);
    let thousand = rest.chars().next().filter(|sign| matches!(sign, 'k' | 'K'));
    let rest = &rest[thousand.map_or(0, char::len_utf8)..];
    let number: u64 = digits.parse().ok()?;
    if word == MODEL && !(start == 0 && separator == Some('_') && digits.len() >= MODEL_DIGITS) {
        return None;
    }
    let number = match thousand {
        Some(_) => number.checked_mul(1000)?,
        None => number,
    };
    let whole = rest.is_empty() || rest.starts_with(BOUNDARIES);
    whole.then_some(NumberedWord {
        start,
        word,
        separator,
        digits,
        thousand,
        end: name.len() - rest.len(),
        number,
        counts: Counts::Steps,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_read_as_they_say() {
        for example in UNDERSTOOD {
            let found = CheckpointName::parse(example.name).unwrap();
            let told = (found.part(), found.number(), found.counts());
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
            "model_2",
            "model-00000200.bin",
            "my_model_00000200.bin",
            "",
        ] {
            assert_eq!(CheckpointName::parse(name), None, "{name}");
        }
    }

    #[test]
    fn numbers_of_saves_are_steps_when_someone_says_how_many() {
        let step = |name: &str, each| CheckpointName::parse(name).unwrap().step(each);
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
            let found = CheckpointName::parse(name).unwrap();
            let told = (found.part(), found.epoch(), found.number());
            assert_eq!(told, (None, Some(3), 700), "{name}");
        }
        let nested = CheckpointName::parse("stage1/step10").unwrap();
        assert_eq!((nested.stage(), nested.number()), (Some("stage1"), 10));
    }

    #[test]
    fn a_seed_is_told_from_a_stage() {
        for (name, stage, seed) in [
            ("step69369-seed-default", None, Some("default")),
            ("step5-seed-large-aux-2", None, Some("large-aux-2")),
            ("stage1-step5-tokens1B-seed-2", Some("stage1"), Some("2")),
            ("multiberts-seed_0-step_20k", Some("multiberts"), Some("0")),
            ("seed3-step5", None, Some("3")),
            ("seedling-step5", Some("seedling"), None),
        ] {
            let found = CheckpointName::parse(name).unwrap();
            assert_eq!((found.stage(), found.seed()), (stage, seed), "{name}");
        }
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
