use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

use super::architectures::Architectures;
use crate::table::MIN_MODELS;
use crate::{PredictOptions, Table, Target};

/// Share of rows that the paper's protocol tests on.
const TEST_SHARE: f64 = 0.2;
/// So many models, or architectures, are left out one by one; more of them in [`GROUPS`] groups.
const MOST_ALONE: usize = 50;
/// Groups of models or architectures, each left out in turn; neighbours in the order of the table are in different ones.
const GROUPS: usize = 24;
/// Share of architectures that the extrapolation is tested on.
const LARGEST_SHARE: f64 = 0.25;

/// The protocols under which a regressor is scored.
///
/// | name | tested on | trained on | answers |
/// |---|---|---|---|
/// | `paper (random 80/20)` | a random fifth of the rows (rounded up) | the rest, other layers of the same models among them | how well layers are filled in between others |
/// | `leave one model out` | every model in turn | the other models | an architecture of which no model was seen, where there are no seeds |
/// | `leave one architecture out` | all seeds of every architecture in turn | the other architectures | an architecture of which no model was seen |
/// | `leave one corpus out` | all models of every corpus in turn | those of the other corpora | a corpus of which no model was seen, see [`Table::with_recipes`] |
/// | `extrapolation (largest left out)` | the quarter (rounded up) of the architectures with most parameters | the smaller ones | larger models than any seen |
///
/// More than 50 models or architectures are left out in 24 groups instead of one by one, so that scores of large tables take a
/// minute; each is predicted from at least 96 % of the others.
///
/// A random split always scores high, since models differ and each has layers on both sides; it is kept for comparison
/// with the paper. Where several models share an architecture (seeds), leaving one model out leaves its siblings in
/// training, and only leaving the architecture out is honest; without seeds both are the same and the third has no rows
/// of its own. Its `r2` is R2 against the mean of the test rows for the first, and Q2 against the mean of the training
/// rows for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// The paper's: one random split into 80 % training and 20 % test rows.
    Paper,
    /// Each model is predicted by a regressor that never saw it.
    LeaveOneModelOut,
    /// Each architecture is predicted by a regressor that saw no seed of it.
    LeaveOneArchitectureOut,
    /// Each model is predicted by a regressor that saw no model of its corpus.
    LeaveOneCorpusOut,
    /// The largest are predicted from the smaller ones.
    LeaveLargestOut,
}

/// The rows of a table that one regressor is trained on, and those that it is tested on.
pub(crate) struct Fold {
    pub(crate) train: Vec<usize>,
    pub(crate) test: Vec<usize>,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Paper,
        Self::LeaveOneModelOut,
        Self::LeaveOneArchitectureOut,
        Self::LeaveOneCorpusOut,
        Self::LeaveLargestOut,
    ];

    /// Its name in the `protocol` column of tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Paper => "paper (random 80/20)",
            Self::LeaveOneModelOut => "leave one model out",
            Self::LeaveOneArchitectureOut => "leave one architecture out",
            Self::LeaveOneCorpusOut => "leave one corpus out",
            Self::LeaveLargestOut => "extrapolation (largest left out)",
        }
    }

    /// The protocol that tells how well an unseen architecture is predicted.
    pub(crate) fn honest(architectures: &Architectures) -> Self {
        match architectures.has_seeds() {
            true => Self::LeaveOneArchitectureOut,
            false => Self::LeaveOneModelOut,
        }
    }

    /// The folds for `target`; none where it is identified in too few architectures. Training rows
    /// may hold rows in which it is not identified, test rows too but for the paper's.
    pub(crate) fn folds(
        self,
        table: &Table,
        architectures: &Architectures,
        target: Target,
        options: &PredictOptions,
    ) -> Vec<Fold> {
        let identified = architectures.identified(table, target);
        let (models, specs) = (table.models().len(), architectures.specs().len());
        match self {
            Self::Paper => random_splits(&table.rows_with(target), options),
            Self::LeaveOneModelOut => in_turn(table, models, |row| table.row(row).model),
            Self::LeaveOneArchitectureOut
                if architectures.has_seeds() && identified.len() >= MIN_MODELS =>
            {
                in_turn(table, specs, |row| architectures.of_row(table, row))
            }
            Self::LeaveOneCorpusOut => {
                let corpora = table.corpora().into_iter();
                let fold = |corpus: &str| hold_out(table, |row| table.corpus(row) == corpus);
                let is_enough = |fold: &Fold| is_enough(table, fold, target);
                corpora.map(fold).filter(is_enough).collect()
            }
            Self::LeaveLargestOut => largest(architectures, identified)
                .map(|held| {
                    hold_out(table, |row| {
                        held.contains(&architectures.of_row(table, row))
                    })
                })
                .into_iter()
                .collect(),
            Self::LeaveOneArchitectureOut => Vec::new(),
        }
    }
}

/// A fold for each of `count` subjects, or each group of them, all of whose rows are held out.
fn in_turn(table: &Table, count: usize, subject: impl Fn(usize) -> usize) -> Vec<Fold> {
    let folds = if count > MOST_ALONE { GROUPS } else { count };
    let fold = |fold: usize| hold_out(table, |row| subject(row) % folds == fold);
    (0..folds).map(fold).collect()
}

fn hold_out(table: &Table, is_held_out: impl Fn(usize) -> bool) -> Fold {
    let (test, train) = (0..table.rows()).partition(|row| is_held_out(*row));
    Fold { train, test }
}

/// Whether the target is identified in enough models of the training rows, and in a test row.
fn is_enough(table: &Table, fold: &Fold, target: Target) -> bool {
    let identified = |row: &usize| table.row(*row).target(target).is_some();
    let train: Vec<usize> = fold.train.iter().copied().filter(identified).collect();
    table.count_models(&train) >= MIN_MODELS && fold.test.iter().any(identified)
}

/// The largest quarter of those `identified`, where enough smaller ones remain.
fn largest(architectures: &Architectures, mut identified: Vec<usize>) -> Option<Vec<usize>> {
    identified.sort_by_key(|a| architectures.specs()[*a].parameters().total);
    let held_out = (identified.len() as f64 * LARGEST_SHARE).ceil() as usize;
    let smaller = identified.len() - held_out;
    (smaller >= MIN_MODELS).then(|| identified.split_off(smaller))
}

fn random_splits(rows: &[usize], options: &PredictOptions) -> Vec<Fold> {
    let repeats = 0..options.repeats as u64;
    repeats.map(|r| split(rows, options.seed, r)).collect()
}

/// Training and test rows of one random split: the first fifth (rounded up) of the shuffled rows is
/// the test.
fn split(rows: &[usize], seed: u64, repeat: u64) -> Fold {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(repeat);
    let mut test = rows.to_vec();
    shuffle(&mut test, &mut rng);
    let train = test.split_off((rows.len() as f64 * TEST_SHARE).ceil() as usize);
    Fold { train, test }
}

/// Fisher and Yates's shuffle.
pub(super) fn shuffle(items: &mut [usize], rng: &mut ChaCha8Rng) {
    for last in (1..items.len()).rev() {
        let drawn = (u128::from(rng.next_u64()) * (last as u128 + 1)) >> 64;
        items.swap(last, drawn as usize);
    }
}

#[cfg(test)]
mod tests {
    use outcrop_arch::ArchSpec;
    use outcrop_core::{Fit, NamedArch};

    use super::*;
    use crate::Recipe;

    #[test]
    fn a_split_is_a_partition_that_the_seed_decides() {
        let rows: Vec<usize> = (0..188).collect();
        let Fold { train, test } = split(&rows, 7, 0);
        assert_eq!((train.len(), test.len()), (150, 38)); // as scikit-learn rounds
        let mut both = [train.clone(), test.clone()].concat();
        both.sort_unstable();
        assert_eq!(both, rows);
        assert_eq!(split(&rows, 7, 0).train, train);
        assert_ne!(split(&rows, 7, 1).test, test);
        assert_ne!(split(&rows, 8, 0).test, test);
    }

    #[test]
    fn each_corpus_is_left_out_where_all_are_known() {
        let named = |i: usize| NamedArch {
            model: format!("m{i}"),
            arch: ArchSpec::new(1, 32 * (i + 1), 4),
        };
        let fit = |i: usize| Fit {
            model: format!("m{i}"),
            layer: 1,
            hypothesis: "emergence".into(),
            quantities: [("f_last", 5.0 + i as f64)].into(),
            ..Fit::default()
        };
        let archs: Vec<NamedArch> = (0..8).map(named).collect();
        let fits: Vec<Fit> = (0..8).map(fit).collect();
        let recipes = |count: usize| -> Vec<(String, Recipe)> {
            let recipe = |i: usize| Recipe {
                corpus: ["a", "b"][i % 2].to_owned(),
                ..Recipe::default()
            };
            (0..count).map(|i| (format!("m{i}"), recipe(i))).collect()
        };
        let folds = |known: usize| {
            let table = Table::new(&archs, &fits).unwrap();
            let table = table.with_recipes(&recipes(known));
            let options = PredictOptions::default();
            let architectures = Architectures::of(&table);
            Protocol::LeaveOneCorpusOut.folds(&table, &architectures, Target::LnFLast, &options)
        };
        let found = folds(8);
        let tests: Vec<&[usize]> = found.iter().map(|f| &*f.test).collect();
        assert_eq!(tests, [[0, 2, 4, 6], [1, 3, 5, 7]]);
        assert_eq!(found[0].train, [1, 3, 5, 7]);
        assert!(folds(7).is_empty() && folds(0).is_empty());
    }
}
