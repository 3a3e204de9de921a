//! Parts of a plan as the inputs of blocks and of the loss, and back.

use architectures::Parts;
use outcrop_arch::{Section, TensorKind, TensorRole};
use outcrop_block::Input;

use crate::reference::Weights;

/// A tied unembedding is an embedding outside of the loss.
fn name(layer: Option<usize>, role: TensorRole, kind: TensorKind) -> String {
    let place = layer.map(|layer| format!("{layer}.")).unwrap_or_default();
    match role == TensorRole::TokenEmbedding {
        true => format!("{role:?}.{:?}", TensorKind::Embedding),
        false => format!("{place}{role:?}.{kind:?}"),
    }
}

/// Calls for every number of an input: the part, its number there, its number here.
fn each(input: &Input, layer: Option<usize>, mut visit: impl FnMut(&str, usize, usize)) {
    let width = input.shape[input.shape.len() - 1];
    let rows = input.shape.iter().product::<usize>() / width;
    if input.kind == TensorKind::Embedding {
        let name = name(layer, input.roles[0], input.kind);
        return (0..rows * width).for_each(|i| visit(&name, i, i));
    }
    let mut first = 0;
    for columns in &input.columns {
        let name = name(layer, columns.role, input.kind);
        for (i, output) in columns.outputs.clone().enumerate() {
            for row in 0..rows {
                visit(&name, output * rows + row, row * width + first + i);
            }
        }
        first += columns.outputs.len();
    }
}

/// The numbers of inputs.
pub(crate) fn gather(inputs: &[Input], layer: Option<usize>, parts: &Parts) -> Vec<Vec<f32>> {
    let values = |input: &Input| {
        let mut values = vec![0.0; input.shape.iter().product()];
        each(input, layer, |name, there, here| {
            values[here] = parts[name][there]
        });
        values
    };
    inputs.iter().map(values).collect()
}

/// Adds numbers of inputs to those of the parts.
pub(crate) fn scatter(inputs: &[Input], layer: Option<usize>, from: &[Vec<f32>], to: &mut Parts) {
    for (input, values) in inputs.iter().zip(from) {
        each(input, layer, |name, there, here| {
            if !to.contains_key(name) {
                to.insert(name.into(), Vec::new());
            }
            let part = to.get_mut(name).expect("it was inserted");
            part.resize(part.len().max(there + 1), 0.0);
            part[there] += values[here];
        });
    }
}

/// The weights that a section's steps read, in f64.
pub(crate) fn of_section(section: &Section, layer: Option<usize>, parts: &Parts) -> Weights {
    let own = section.parts.iter().filter(|part| !part.optional);
    let own = own.map(|part| {
        let values = &parts[&architectures::part_name(layer, part)];
        ((part.role, part.kind), values)
    });
    // where it is tied
    let table = (TensorRole::TokenEmbedding, TensorKind::Matrix);
    let table = (table, &parts["TokenEmbedding.Embedding"]);
    let all = own.chain([table]);
    all.map(|(key, values)| (key, f64s(values))).collect()
}

pub(crate) fn f64s(values: &[f32]) -> Vec<f64> {
    values.iter().map(|x| f64::from(*x)).collect()
}
