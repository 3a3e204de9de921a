//! What stands around the number of a name.

use super::NumberedWord;
use super::words::{BOUNDARIES, Counts, counts_tokens, says_nothing};

/// What tells apart runs and their parts, and the tokens that a name tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) stage: Option<String>,
    pub(super) seed: Option<String>,
    /// Stage and seed as they stand in the name.
    pub(super) both: Option<String>,
    pub(super) tokens: Option<String>,
}

impl Parts {
    /// Reads what stands before the number's word and behind the number.
    pub(super) fn of(before: &str, after: &str) -> Self {
        let mut after: Vec<&str> = after.trim_matches(BOUNDARIES).split('-').collect();
        let silent = |part: &&&str| counts_tokens(part) || says_nothing(part);
        let known = after.iter().take_while(silent).count();
        let tokens = after[..known].iter().find(|part| counts_tokens(part));
        let tokens = tokens.map(|part| (*part).to_owned());
        after.drain(..known);
        let before = before.trim_matches(BOUNDARIES).split('-');
        let before: Vec<&str> = before.filter(|part| !says_nothing_before(part)).collect();
        let both = joined([trimmed(&before), after.join("-")]);
        let (mut rest, mut seed) = (before, None);
        // what follows the seed belongs to it, but for what it is before
        take_seed(&mut rest, &mut seed, 1);
        take_seed(&mut after, &mut seed, usize::MAX);
        Self {
            stage: joined([trimmed(&rest), after.join("-")]),
            seed,
            both,
            tokens,
        }
    }
}

/// A metric, a word for every checkpoint but the last, the folder of all, what modded-nanogpt calls a checkpoint.
fn says_nothing_before(part: &str) -> bool {
    part.contains('=') || matches!(part, "intermediate" | "checkpoints" | "state")
}

fn trimmed(parts: &[&str]) -> String {
    parts.join("-").trim_matches(BOUNDARIES).to_owned()
}

fn joined(parts: [String; 2]) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join("-"))
}

/// Takes `seed-NAME`, `seed_NAME` or `seedN` out of `parts`; in the first form NAME has so many parts at most.
fn take_seed(parts: &mut Vec<&str>, seed: &mut Option<String>, most: usize) {
    let is_seed = |part: &&str| {
        let rest = part.strip_prefix("seed");
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(seed_sign))
    };
    let Some(place) = parts.iter().position(is_seed) else {
        return;
    };
    let name = parts[place].trim_start_matches("seed").trim_matches('_');
    let (name, end) = match name.is_empty() {
        false => (name.to_owned(), place + 1),
        true => {
            let end = (place + 1).saturating_add(most).min(parts.len());
            (parts[place + 1..end].join("-"), end)
        }
    };
    if !name.is_empty() && seed.is_none() {
        *seed = Some(name);
        parts.drain(place..end);
    }
}

fn seed_sign(sign: char) -> bool {
    sign == '_' || sign.is_ascii_digit()
}

/// What stands before a step without the epoch that is named there, and that epoch.
pub(super) fn epoch_before(before: &str, found: Vec<NumberedWord<'_>>) -> (String, Option<u64>) {
    match found.first().filter(|place| place.counts == Counts::Other) {
        Some(epoch) => {
            let around = [&before[..epoch.start], &before[epoch.end..]];
            (around.concat(), Some(epoch.number))
        }
        None => (before.to_owned(), None),
    }
}
