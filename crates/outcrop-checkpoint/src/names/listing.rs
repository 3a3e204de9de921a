//! The names of one run together.

use std::collections::{BTreeMap, BTreeSet};

use super::CheckpointName;

/// What the names of a run say, of folders, revisions or repositories.
///
/// ```
/// use outcrop_checkpoint::Listing;
///
/// let names = ["main", "stage1-step0", "stage1-step900", "stage2-step50", "stage2-step100"];
/// let listing = Listing::of(names);
/// assert_eq!(listing.others, ["main"]);
/// assert_eq!(listing.begins("stage2", &[]), Some(900));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The names that give a number, as they were given.
    pub named: Vec<CheckpointName>,
    /// The others, as they were given.
    pub others: Vec<String>,
}

/// First and last step of a stage.
type Span = (u64, u64);

impl Listing {
    /// Reads names.
    pub fn of<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> Self {
        let mut listing = Self::default();
        for name in names {
            match CheckpointName::parse(name.as_ref()) {
                Some(read) => listing.named.push(read),
                None => listing.others.push(name.as_ref().to_owned()),
            }
        }
        listing
    }

    /// The parts of the run, each with the number of its names; see [`CheckpointName::part`].
    pub fn parts(&self) -> BTreeMap<Option<&str>, usize> {
        let mut parts = BTreeMap::new();
        for name in &self.named {
            *parts.entry(name.part()).or_default() += 1;
        }
        parts
    }

    /// Steps of all stages before `stage`, where the names are all that the run has: 0 where steps do not begin
    /// anew. `order` names the stages from the first on (`none` for names without one); without it, stages with a
    /// number (`stage2`, `phase1`) follow each other. None where the order is not known, or where the stages
    /// before have branches of different lengths.
    pub fn begins(&self, stage: &str, order: &[String]) -> Option<u64> {
        let wanted = rank(Some(stage), order)?;
        // what a stage begins at, and the step that the run has reached when it ends
        let (mut begins, mut reached) = (0, None::<u64>);
        for (rank, stages) in &self.spans(order)? {
            let first = stages.values().map(|span| span.0).min()?;
            begins = match reached {
                Some(end) if first < end - begins => end,
                // whether the last step of the stage before or one of its own, nobody says
                Some(end) if first == end - begins => return None,
                _ => begins,
            };
            if *rank == wanted {
                return Some(begins);
            }
            let ends: BTreeSet<u64> = stages.values().map(|span| span.1).collect();
            let one = ends.first().filter(|_| ends.len() == 1);
            reached = Some(begins.checked_add(*one?)?);
        }
        None
    }

    /// First and last step of each stage, by rank; none where a number is no step.
    fn spans(&self, order: &[String]) -> Option<BTreeMap<u64, BTreeMap<Option<&str>, Span>>> {
        let mut spans: BTreeMap<u64, BTreeMap<Option<&str>, Span>> = BTreeMap::new();
        for name in self.named.iter().filter(|name| name.seed().is_none()) {
            let step = name.step(None)?;
            if let Some(rank) = rank(name.stage(), order) {
                let stages = spans.entry(rank).or_default();
                let span = stages.entry(name.stage()).or_insert((step, step));
                *span = (span.0.min(step), span.1.max(step));
            }
        }
        Some(spans)
    }
}

/// Where a stage stands among the others.
fn rank(stage: Option<&str>, order: &[String]) -> Option<u64> {
    if order.is_empty() {
        return numbered(stage);
    }
    let stage = stage.unwrap_or("none");
    let is_it = |name: &String| stage == name || branch_of(stage, name);
    order.iter().position(is_it).map(|rank| rank as u64)
}

/// Whether a stage is a branch of another: `stage2-ingredient1` of `stage2`.
fn branch_of(stage: &str, name: &str) -> bool {
    let rest = stage.strip_prefix(name);
    rest.is_some_and(|rest| rest.starts_with(['-', '_']))
}

/// The number of `stage2-ingredient1`, `phase1` or `CrystalCoder_phase1`; 0 for no stage.
fn numbered(stage: Option<&str>) -> Option<u64> {
    let Some(stage) = stage else { return Some(0) };
    let mut words = stage.split(['-', '_']);
    let number = |word: &str| {
        let digits = word.strip_prefix("stage").or(word.strip_prefix("phase"))?;
        digits.parse().ok()
    };
    words.find_map(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begins(names: &[&str], stage: &str, order: &[&str]) -> Option<u64> {
        let order: Vec<String> = order.iter().map(|name| (*name).to_owned()).collect();
        Listing::of(names).begins(stage, &order)
    }

    #[test]
    fn stages_follow_each_other() {
        let olmo = [
            "stage1-step0-tokens0B",
            "stage1-step1907359-tokens4001B",
            "stage2-ingredient1-step1000-tokens3B",
            "stage2-ingredient1-step23852-tokens51B",
            "stage2-ingredient2-step23852-tokens51B",
            "stage3-step500",
        ];
        assert_eq!(begins(&olmo, "stage1", &[]), Some(0));
        assert_eq!(begins(&olmo, "stage2-ingredient2", &[]), Some(1_907_359));
        assert_eq!(begins(&olmo, "stage3", &[]), Some(1_931_211));
        // branches of other lengths: nobody knows from which the third went on
        let other = [&olmo[..], &["stage2-ingredient3-step9"]].concat();
        assert_eq!(begins(&other, "stage3", &[]), None);
        assert_eq!(begins(&other, "stage2-ingredient3", &[]), Some(1_907_359));
    }

    #[test]
    fn steps_that_go_on_keep_their_beginning() {
        let smol = [
            "stage1-step-40000",
            "stage1-step-3440000",
            "stage2-step-3480000",
            "stage2-step-4200000",
            "stage3-step-4720000",
            "lc-4k-to-32k-step-4000",
            "lc-4k-to-32k-step-20000",
            "lc-32k-to-64k-step-4000",
        ];
        let order = [
            "stage1",
            "stage2",
            "stage3",
            "lc-4k-to-32k",
            "lc-32k-to-64k",
        ];
        assert_eq!(begins(&smol, "stage3", &order), Some(0));
        assert_eq!(begins(&smol, "lc-4k-to-32k", &order), Some(4_720_000));
        assert_eq!(begins(&smol, "lc-32k-to-64k", &order), Some(4_740_000));
        assert_eq!(begins(&smol, "lc-4k-to-32k", &[]), None);
        let either = ["stage1-step9", "stage2-step9"];
        assert_eq!(begins(&either, "stage2", &[]), None);
    }

    #[test]
    fn a_stage_after_names_without_one() {
        let lucie = ["step0005000", "step0753851", "extension_step0001000"];
        let order = ["none", "extension"];
        assert_eq!(begins(&lucie, "extension", &order), Some(753_851));
        assert_eq!(begins(&lucie, "extension", &[]), None);
    }
}
