//! Which stored tensor is which of the architecture.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use outcrop_arch::{Family, TensorName, TensorRole};
use outcrop_checkpoint::Weights;

use crate::Result;

/// Names that are listed of one kind of fault.
const SHOWN: usize = 4;
/// Words in the names of what training programs keep beside weights, as `best_val_loss`.
const BOOKKEEPING: [&str; 17] = [
    "loss",
    "losses",
    "epoch",
    "epochs",
    "step",
    "steps",
    "iter",
    "iters",
    "iteration",
    "iterations",
    "lr",
    "rng",
    "seed",
    "best",
    "tokens",
    "samples",
    "time",
];

/// The stored names of an architecture's tensors.
pub(super) struct Matched {
    /// By the name that the architecture has for them.
    pub(super) stored: BTreeMap<String, String>,
    /// Notes for the user, as sentences without a full stop.
    pub(super) notes: Vec<String>,
    /// Why the weights are not those of the architecture.
    pub(super) faults: Vec<String>,
}

/// Finds the tensors of `wanted` among the weights: under the family's names, or under these behind one
/// prefix, which is that of the embedding of tokens or of patches.
pub(super) fn matched(
    family: &Family,
    wanted: &[TensorName],
    weights: &Weights,
) -> Result<Matched> {
    let mut found = Matched {
        stored: BTreeMap::new(),
        notes: Vec::new(),
        faults: Vec::new(),
    };
    let prefix = found.prefix(family, wanted, weights);
    let mut beside = Vec::new();
    for name in weights.names() {
        let inside = name.strip_prefix(prefix).unwrap_or(name);
        if weights
            .get(name)
            .is_some_and(|info| info.shape.contains(&0))
        {
            // no numbers, as registers where there are none
        } else if is_bookkeeping(inside, weights) {
            beside.push(inside);
        } else if let Some(fault) = constant(family, inside, name, weights)? {
            found.faults.push(fault);
        } else if let Some(standard) = family.standard_name(inside) {
            found.insert(standard, name, weights)?;
        }
    }
    if !beside.is_empty() {
        let note = format!("beside the weights are {}, left out", listed(&beside));
        found.notes.push(note);
    }
    Ok(found)
}

/// What is wrong with a number that every file of the family has with the same value, to the precision of bfloat16.
fn constant(
    family: &Family,
    inside: &str,
    name: &str,
    weights: &Weights,
) -> Result<Option<String>> {
    let constants = family.layout().constants.iter();
    let Some((_, only)) = constants.clone().find(|(end, _)| inside.ends_with(end)) else {
        return Ok(None);
    };
    let mut values = Vec::new();
    weights.read_f32(name, &mut values)?;
    let same = |x: &f32| (x - only).abs() <= only.abs() / 128.0;
    let right = values.len() == 1 && values.iter().all(same);
    Ok((!right).then(|| format!("`{name}` is {values:?}; supported is {only}")))
}

impl Matched {
    /// The prefix before the names of the family; empty if there is none.
    fn prefix<'a>(
        &mut self,
        family: &Family,
        wanted: &[TensorName],
        weights: &'a Weights,
    ) -> &'a str {
        let embedding = wanted.iter().find(|tensor| {
            [TensorRole::TokenEmbedding, TensorRole::PatchEmbedding].contains(&tensor.role)
        });
        let Some(full) = embedding.map(|tensor| tensor.name.as_str()) else {
            return "";
        };
        // The body alone lacks the first part.
        let bare = full.split_once('.').map_or(full, |(_, rest)| rest);
        let before = |name: &'a str| {
            let prefix = name
                .strip_suffix(full)
                .or_else(|| name.strip_suffix(bare))?;
            (prefix.is_empty() || prefix.ends_with('.')).then_some(prefix)
        };
        let mut prefixes: Vec<&str> = weights.names().filter_map(before).collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        match prefixes[..] {
            [] | [""] => "",
            [one] => {
                let note = format!("`{one}` was taken off the names of the tensors");
                self.notes.push(note);
                one
            }
            _ if prefixes.contains(&"") => "",
            _ => {
                let fault = format!(
                    "weights of the {family} family are stored under {}; keep one",
                    listed(&prefixes)
                );
                self.faults.push(fault);
                ""
            }
        }
    }

    fn insert(&mut self, standard: String, name: &str, weights: &Weights) -> Result<()> {
        match self.stored.entry(standard) {
            Entry::Vacant(free) => {
                free.insert(name.to_owned());
            }
            Entry::Occupied(held) if !weights.same(held.get(), name)? => {
                let fault = format!(
                    "`{}` and `{name}` are one tensor by their names, and their values differ; keep one",
                    held.get()
                );
                self.faults.push(fault);
            }
            Entry::Occupied(_) => {}
        }
        Ok(())
    }

    /// Adds that some tensors are missing, or too many: a few of them by name.
    pub(super) fn fault(&mut self, names: &[String], [is, are]: [&str; 2]) {
        if !names.is_empty() {
            let verb = if names.len() == 1 { is } else { are };
            self.faults.push(format!("{} {verb}", listed(names)));
        }
    }

    /// Adds which tensors have another shape.
    pub(super) fn shapes(&mut self, mut faults: Vec<String>) {
        let more = faults.len().saturating_sub(SHOWN);
        faults.truncate(SHOWN);
        self.faults.append(&mut faults);
        if more > 0 {
            self.faults.push(format!("{more} more have another shape"));
        }
    }

    /// Adds some of the names that there are.
    pub(super) fn show(&mut self, weights: &Weights) {
        let names: Vec<&str> = weights.names().collect();
        if !names.is_empty() {
            self.faults.push(format!("stored are {}", listed(&names)));
        }
    }
}

/// Whether a tensor is what a training program keeps, and no weight: outside the modules, of one
/// element or of whole numbers, under such a name.
fn is_bookkeeping(name: &str, weights: &Weights) -> bool {
    let no_weight = weights
        .get(name)
        .is_some_and(|info| info.shape.iter().product::<usize>() == 1 || !info.dtype.is_readable());
    no_weight && !name.contains('.') && name.split('_').any(|word| BOOKKEEPING.contains(&word))
}

/// The first names, and how many more there are.
fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let first: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    match names.len().saturating_sub(SHOWN) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
