//! Which of the dicts in a pickle is the state dict of the model.

use std::collections::HashSet;

use super::machine::Machine;
use super::tensors::{members, tensors, text};
use super::value::{Id, Value};
use super::{Pickled, Refusal, Result};

/// Usual keys of a state dict; it is found under other keys, too, with a note.
const USUAL: [&str; 6] = [
    "",
    "state_dict",
    "model_state_dict",
    "model",
    "module",
    "weights",
];
/// Words in names of objects that are never the model.
const NEVER: [&str; 12] = [
    "optim",
    "optimizer",
    "optimizers",
    "optimiser",
    "scheduler",
    "schedulers",
    "scaler",
    "rng",
    "random",
    "grads",
    "gradients",
    "moments",
];
/// Words in the names of averages of the model.
const AVERAGES: [&str; 6] = ["ema", "swa", "average", "averaged", "avg", "shadow"];
/// What optimisers keep of a parameter, under its name.
const MOMENTS: [&str; 8] = [
    "exp_avg",
    "exp_avg_sq",
    "max_exp_avg_sq",
    "exp_inf",
    "momentum_buffer",
    "square_avg",
    "acc_delta",
    "sum",
];
/// Dicts in dicts that are looked into.
const DEPTH: usize = 6;
/// Bytes of a key beyond which it leads nowhere.
const LONGEST: usize = 256;
/// Names that a message shows.
const SHOWN: usize = 6;

/// The state dict of a model.
pub(crate) struct StateDict {
    /// By name, in the order of the pickle.
    pub(crate) tensors: Vec<(String, Pickled)>,
    /// Notes for the user on where it was found.
    pub(crate) note: Option<String>,
}

/// A dict that was reached from the top.
struct Node {
    /// The place of its dict.
    parent: Option<usize>,
    /// Its key there.
    key: Id,
    dict: Id,
    depth: usize,
    average: bool,
}

/// The dicts of a pickle, those nearest to the top first, each once.
struct Dicts<'a> {
    machine: &'a Machine<'a>,
    nodes: Vec<Node>,
}

/// How much a dict looks like a state dict, the most first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Matrices under names of modules.
    Modules,
    /// Matrices.
    Matrices,
    /// The same as an average.
    Average,
}

/// The state dict in the pickle whose value is `root`: the dict with matrices of floating-point
/// numbers, at any depth; that on top in a shard, which may have vectors only. Optimisers, states of random numbers and single scalars are skipped,
/// and averages of a model beside it.
///
/// # Errors
/// Where there is none, or more than one, with what was seen.
pub(crate) fn find_model(machine: &Machine<'_>, root: Id, is_shard: bool) -> Result<StateDict> {
    if is_shard && has_tensors(machine, root) {
        return Ok(StateDict {
            tensors: tensors(machine, root)?,
            note: None,
        });
    }
    let dicts = Dicts::below(machine, root);
    let ranked = (0..dicts.nodes.len()).filter_map(|place| Some((dicts.rank(place)?, place)));
    let ranked: Vec<(Rank, usize)> = ranked.collect();
    let Some((best, _)) = ranked.iter().min() else {
        return Err(nothing(machine, root));
    };
    let best = *best;
    let (first, rest): (Vec<_>, Vec<_>) =
        ranked.iter().copied().partition(|(rank, _)| *rank == best);
    match first[..] {
        [(_, place)] => Ok(StateDict {
            tensors: tensors(machine, dicts.nodes[place].dict)?,
            note: dicts.note(place, &rest),
        }),
        _ => Err(dicts.several(&first)),
    }
}

impl<'a> Dicts<'a> {
    fn below(machine: &'a Machine<'a>, root: Id) -> Self {
        let mut seen = HashSet::from([root]);
        let mut nodes = vec![Node {
            parent: None,
            key: root,
            dict: root,
            depth: 0,
            average: false,
        }];
        let mut place = 0;
        while place < nodes.len() {
            let Node {
                dict,
                depth,
                average,
                ..
            } = nodes[place];
            for &(key, value) in members(machine, dict) {
                let Some(name) = text(machine, key).filter(|name| name.len() <= LONGEST) else {
                    continue;
                };
                let is_dict = matches!(machine.value(value), Value::Dict(_));
                if is_dict && depth < DEPTH && !has_word(name, &NEVER) && seen.insert(value) {
                    nodes.push(Node {
                        parent: Some(place),
                        key,
                        dict: value,
                        depth: depth + 1,
                        average: average || has_word(name, &AVERAGES),
                    });
                }
            }
            place += 1;
        }
        Self { machine, nodes }
    }

    /// The keys that lead from the top to a dict.
    fn path(&self, place: usize) -> Vec<&'a str> {
        let (mut path, mut node) = (Vec::new(), &self.nodes[place]);
        while let Some(parent) = node.parent {
            path.extend(text(self.machine, node.key));
            node = &self.nodes[parent];
        }
        path.reverse();
        path
    }

    /// None for a dict without matrices, or with those of an optimiser.
    fn rank(&self, place: usize) -> Option<Rank> {
        let node = &self.nodes[place];
        let mut matrices = members(self.machine, node.dict)
            .iter()
            .filter_map(|(key, value)| {
                let key = text(self.machine, *key).filter(|key| !MOMENTS.contains(key))?;
                match self.machine.value(*value) {
                    Value::Tensor(tensor)
                        if tensor.shape.len() < 2 || !tensor.dtype.is_floating() =>
                    {
                        None
                    }
                    // what is odd is named where it belongs to the model
                    Value::Tensor(_) | Value::Odd(_) => {
                        Some(key.bytes().take(LONGEST).any(|b| b == b'.'))
                    }
                    _ => None,
                }
            });
        let first = matrices.next()?;
        Some(match node.average {
            true => Rank::Average,
            false if first || matrices.any(|of_module| of_module) => Rank::Modules,
            false => Rank::Matrices,
        })
    }

    fn note(&self, place: usize, rest: &[(Rank, usize)]) -> Option<String> {
        let path = self.path(place).join(".");
        if USUAL.contains(&path.as_str()) && rest.is_empty() {
            return None;
        }
        let mut note = match path.as_str() {
            "" => "the weights are those on top of the file".into(),
            path => format!("the weights are those under `{path}` in the file"),
        };
        if !rest.is_empty() {
            note += &format!("; the matrices {} are left out", self.places(rest));
        }
        Some(note)
    }

    fn places(&self, of: &[(Rank, usize)]) -> String {
        let places =
            of.iter()
                .take(SHOWN)
                .map(|(_, place)| match self.path(*place).join(".").as_str() {
                    "" => "on top".into(),
                    path => format!("under `{path}`"),
                });
        let places: Vec<String> = places.collect();
        let more = match of.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        places.join(", ") + &more
    }

    fn several(&self, found: &[(Rank, usize)]) -> Refusal {
        let keys: Vec<String> = found
            .iter()
            .map(|(_, place)| self.path(*place))
            .find(|path| !path.is_empty())
            .unwrap_or_default()
            .iter()
            .map(|key| format!("[{key:?}]"))
            .collect();
        Refusal::Other(format!(
            "it holds matrices {}, and which are the model cannot be told; save the model's state \
             dict alone, as `torch.save(torch.load(PATH){}, NEW)` does",
            self.places(found),
            keys.concat()
        ))
    }
}

fn nothing(machine: &Machine<'_>, root: Id) -> Refusal {
    let seen = match machine.value(root) {
        Value::Dict(members) if members.is_empty() => "an empty dict".into(),
        Value::Dict(members) => {
            let keys = members.iter().take(SHOWN).map(|(key, _)| {
                let name = text(machine, *key).unwrap_or("a number");
                format!("`{}`", name.chars().take(LONGEST).collect::<String>())
            });
            format!("a dict of {}", keys.collect::<Vec<_>>().join(", "))
        }
        Value::List(_) | Value::Tuple(_) => "a list".into(),
        Value::Tensor(_) => "a single tensor".into(),
        _ => "no dict".into(),
    };
    Refusal::Other(format!(
        "it holds no state dict of a model: on top is {seen}, and no dict in it has a matrix of \
         floating-point numbers that is not an optimiser's"
    ))
}

/// Whether what is called so is never the model, nor says anything of it.
pub(crate) fn is_never(name: &str) -> bool {
    has_word(name, &NEVER)
}

/// Whether one of `words` is among those of a name such as `ema_state_dict`.
fn has_word(name: &str, words: &[&str]) -> bool {
    let mut parts = name.split(|c: char| !c.is_ascii_alphanumeric());
    parts.any(|part| words.contains(&part.to_ascii_lowercase().as_str()))
}

fn has_tensors(machine: &Machine<'_>, dict: Id) -> bool {
    let is_tensor = |id| matches!(machine.value(id), Value::Tensor(_) | Value::Odd(_));
    members(machine, dict).iter().any(|(_, id)| is_tensor(*id))
}
