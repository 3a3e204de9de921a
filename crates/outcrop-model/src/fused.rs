//! The CPU's operations: the start, a whole block, and the loss from the residual stream, as one of Burn's each. What they
//! compute is `outcrop-block`'s; here its inputs come out of Burn's tensors, and its gradients go back.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::{Autodiff, Flex, tensor::FloatTensor};
use burn::backend::{AutodiffBackend, TensorMetadata};
use burn::tensor::{Device, Int, Tensor, TensorData};
use burn_flex::FlexTensor;
use outcrop_arch::{Plan, TensorKind};
use outcrop_block::{Block, Input, Loss, Start};

use crate::loss::Ended;
use crate::parameters::{Network, Parameters};
use crate::{HiddenSequences, TapSequences};

/// A tensor of the CPU with its place in the graph, if it has one.
type Tracked = FloatTensor<Autodiff<Flex>>;

/// Most inputs of an operation, the residual stream among them.
const MOST: usize = 32;

/// The start of a plan, its blocks and its loss, those that `outcrop-block` has; none on other devices.
#[derive(Clone, Debug)]
pub(crate) struct Fused {
    start: Option<Arc<Start>>,
    /// By layer; blocks that are alike are one.
    blocks: Vec<Option<Arc<Block>>>,
    loss: Option<Arc<Loss>>,
}

impl Fused {
    /// What there is for a plan on this device.
    pub(crate) fn new(plan: &Plan, network: &Network, device: &Device) -> Self {
        if !crate::in_memory(device) {
            return Self::none(plan);
        }
        let takes = |inputs: &[Input], lists: &[&Parameters]| {
            inputs.len() < MOST && inputs.iter().all(|input| input_of(lists, input).is_some())
        };
        let kinds = plan.blocks.iter();
        let kinds: Vec<_> = kinds
            .map(|kind| Block::new(&kind.section).ok().map(Arc::new))
            .collect();
        let block = |layer: usize| {
            let section = plan.block(layer);
            let kind = plan
                .blocks
                .iter()
                .position(|kind| std::ptr::eq(&kind.section, section))?;
            let block = kinds[kind].clone()?;
            takes(block.inputs(), &[&network.blocks[layer - 1]]).then_some(block)
        };
        let loss = Loss::new(&plan.end).ok();
        let loss = loss.filter(|loss| takes(loss.inputs(), &[&network.end, &network.start]));
        let start = Start::new(&plan.start).ok().filter(|start| {
            let inputs = [start.tables(), start.inputs()].concat();
            takes(&inputs, &[&network.start])
        });
        Self {
            start: start.map(Arc::new),
            blocks: (1..=plan.layers()).map(block).collect(),
            loss: loss.map(Arc::new),
        }
    }

    /// Nothing.
    pub(crate) fn none(plan: &Plan) -> Self {
        Self {
            start: None,
            blocks: vec![None; plan.layers()],
            loss: None,
        }
    }

    /// From token ids to the first block.
    pub(crate) fn start(&self) -> Option<&Arc<Start>> {
        self.start.as_ref()
    }

    /// The block at `layer`, from 1.
    pub(crate) fn block(&self, layer: usize) -> Option<&Arc<Block>> {
        self.blocks[layer - 1].as_ref()
    }

    /// The last norm, the unembedding and the mean cross-entropy.
    pub(crate) fn loss(&self) -> Option<&Arc<Loss>> {
        self.loss.as_ref()
    }
}

/// The residual stream before the first block, of token `ids` [batch, positions].
pub(crate) fn start(
    start: &Arc<Start>,
    ids: Tensor<2, Int>,
    parameters: &Parameters,
    device: &Device,
) -> Tensor<3> {
    let [batch, positions] = ids.dims();
    let (ids, count) = (indices(ids), start.tables().len());
    let given = start.tables().iter().chain(start.inputs());
    let given = given.filter_map(|input| input_of(&[parameters], input));
    let given: Vec<Tracked> = given.collect();
    let laid: Vec<FlexTensor> = given.iter().map(laid_out).collect();
    let (x, tape) = {
        let numbers = numbers(&laid);
        let (tables, weights) = numbers.split_at(count);
        start.forward(tables, weights, &ids, positions)
    };
    let d_model = x.len() / (batch * positions).max(1);
    let x = tensor(x, [batch, positions, d_model]);
    let start = Arc::clone(start);
    let shared = given[..count].to_vec();
    finish(&given, shared, x, device, move |dx| {
        let numbers = numbers(&laid);
        let gradients = start.backward(&numbers[count..], &ids, positions, &tape, slice(&dx));
        let gradients = gradients.into_iter().zip(&laid);
        gradients.map(|(g, like)| tensor(g, like.shape())).collect()
    })
}

/// The residual stream after a block, from `x` [batch, positions, d_model] before it. `tap` gets what it leaves.
pub(crate) fn block(
    block: &Arc<Block>,
    x: Tensor<3>,
    parameters: &Parameters,
    tap: Option<&dyn TapSequences>,
) -> Tensor<3> {
    let (device, shape) = (x.device(), x.dims());
    let [_, positions, d_model] = shape;
    let given = given(x, block.inputs(), &[parameters]);
    let laid: Vec<FlexTensor> = given.iter().map(laid_out).collect();
    let show = |first: usize, hidden: &[f32]| {
        if let Some(tap) = tap {
            tap.tap_sequences(HiddenSequences {
                first,
                hidden,
                positions,
                d_model,
            });
        }
    };
    let [x, weights @ ..] = &*numbers(&laid) else {
        unreachable!("the residual stream is given")
    };
    let tap = tap.is_some().then_some(&show as outcrop_block::TapRows<'_>);
    let (y, tape) = block.forward(weights, x, positions, device.is_autodiff(), tap);
    let y = tensor(y, shape);
    let block = Arc::clone(block);
    finish(&given, Vec::new(), y, &device, move |dy| {
        let [x, weights @ ..] = &*numbers(&laid) else {
            return Vec::new();
        };
        let Some(tape) = tape else {
            return Vec::new();
        };
        let (dx, gradients) = block.backward(weights, x, positions, &tape, slice(&dy));
        let gradients = std::iter::once(dx).chain(gradients);
        gradients
            .zip(&laid)
            .map(|(g, like)| tensor(g, like.shape()))
            .collect()
    })
}

/// The mean cross-entropy in nats of `targets` [batch, positions], from the residual stream `x`
/// [batch, positions, d_model] after the last block. Its gradients are computed with it, those of the z-loss added.
pub(crate) fn loss(
    loss: &Loss,
    x: Tensor<3>,
    parameters: &[&Parameters],
    targets: Tensor<2, Int>,
    z_loss: f64,
) -> Ended {
    let device = x.device();
    let targets = indices(targets);
    let given = given(x, loss.inputs(), parameters);
    let laid: Vec<FlexTensor> = given.iter().map(laid_out).collect();
    let [x, weights @ ..] = &*numbers(&laid) else {
        unreachable!("the residual stream is given")
    };
    let (z_loss, asked) = (z_loss as f32, device.is_autodiff());
    let ([value, z], gradients) = loss.compute_with_z(weights, x, &targets, z_loss, asked);
    let gradients = gradients
        .into_iter()
        .flat_map(|(dx, rest)| std::iter::once(dx).chain(rest));
    let gradients = gradients
        .zip(&laid)
        .map(|(g, like)| tensor(g, like.shape()));
    let mut gradients: Vec<FlexTensor> = gradients.collect();
    let z = (z_loss != 0.0).then(|| Tensor::from_data([z], &device));
    let value = tensor(vec![value], [1]);
    let cross_entropy = finish(&given, Vec::new(), value, &device, move |factor| {
        let factor = slice(&factor)[0];
        if factor != 1.0 {
            for gradient in &mut gradients {
                gradient
                    .storage_mut::<f32>()
                    .iter_mut()
                    .for_each(|x| *x *= factor);
            }
        }
        gradients
    });
    Ended {
        total: cross_entropy.clone(),
        cross_entropy,
        z,
    }
}

/// Ids as places in a table.
fn indices(ids: Tensor<2, Int>) -> Vec<usize> {
    let ids = ids.into_data().convert::<i64>();
    ids.iter::<i64>().map(|id| id as usize).collect()
}

/// The residual stream and the inputs of an operation.
fn given(x: Tensor<3>, inputs: &[Input], lists: &[&Parameters]) -> Vec<Tracked> {
    let inputs = inputs.iter().filter_map(|input| input_of(lists, input));
    std::iter::once(tracked(x)).chain(inputs).collect()
}

/// The parameter that an operation takes; none where no parameter has the same columns.
fn input_of(lists: &[&Parameters], input: &Input) -> Option<Tracked> {
    let role = *input.roles.first()?;
    match input.kind {
        TensorKind::Matrix | TensorKind::Embedding => {
            let (name, weight) = lists.iter().find_map(|list| list.matrix(role))?;
            let columns = input.columns.iter().map(|c| (c.role, c.outputs.clone()));
            let spans = name.spans.iter();
            let spans = spans.map(|span| (span.role, span.first..span.first + span.rows));
            columns.eq(spans).then(|| tracked(weight))
        }
        TensorKind::Bias | TensorKind::Gain | TensorKind::Shift => {
            let vector = lists.iter().find_map(|list| list.vector(role, input.kind));
            vector.map(tracked)
        }
    }
}

/// The primitive of a tensor, with or without autodiff.
pub(crate) fn tracked<const D: usize>(tensor: Tensor<D>) -> Tracked {
    if let Ok(tensor) = tensor.clone().try_into_primitive::<Autodiff<Flex>>() {
        return tensor;
    }
    match tensor.try_into_primitive::<Flex>() {
        Ok(tensor) => Autodiff::<Flex>::from_inner(tensor),
        Err(e) => unreachable!("fused operations run on flex alone: {e:?}"),
    }
}

/// The numbers of a tensor in the order of its indices.
pub(crate) fn laid_out(tensor: &Tracked) -> FlexTensor {
    tensor.primitive().to_contiguous()
}

pub(crate) fn slice(tensor: &FlexTensor) -> &[f32] {
    match tensor.as_slice() {
        Some(numbers) => numbers,
        None => unreachable!("it was laid out"),
    }
}

fn numbers(tensors: &[FlexTensor]) -> Vec<&[f32]> {
    tensors.iter().map(slice).collect()
}

fn tensor(values: Vec<f32>, shape: impl Into<burn::tensor::Shape>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

/// What gives the gradients of the inputs, once, from that of the output.
type Way = Box<dyn FnOnce(FlexTensor) -> Vec<FlexTensor> + Send>;

/// It, as Burn keeps it.
#[derive(Clone)]
struct Kept {
    way: Arc<Mutex<Option<Way>>>,
    /// Of the first inputs, parameters that other operations have as well.
    shared: Vec<Tracked>,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

#[derive(Debug)]
struct Operation;

impl<const N: usize> Backward<Flex, N> for Operation {
    type State = Kept;

    fn backward(self, ops: Ops<Kept, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let dy = gradients.consume::<Flex>(&ops.node).to_contiguous();
        let Kept { way, shared } = ops.state;
        let way = way.lock().unwrap_or_else(PoisonError::into_inner).take();
        let found = way.map(|way| way(dy)).unwrap_or_default();
        for (i, (parent, gradient)) in ops.parents.into_iter().zip(found).enumerate() {
            if let Some(parent) = parent {
                let before = shared.get(i).and_then(|x| gradients.remove::<Flex>(x));
                gradients.register::<Flex>(parent.id, added(gradient, before));
            }
        }
    }
}

/// The sum of gradients that two operations give.
fn added(gradient: FlexTensor, before: Option<FlexTensor>) -> FlexTensor {
    let Some(before) = before else {
        return gradient;
    };
    let (mut sum, other) = (gradient, before.to_contiguous());
    let numbers = sum.storage_mut::<f32>().iter_mut();
    numbers.zip(slice(&other)).for_each(|(sum, x)| *sum += x);
    sum
}

/// Puts what an operation gave, `output`, into the graph of what it was given; `shared` are the first of these where
/// other operations have them as well.
pub(crate) fn finish<const D: usize>(
    given: &[Tracked],
    shared: Vec<Tracked>,
    output: FlexTensor,
    device: &Device,
    way: impl FnOnce(FlexTensor) -> Vec<FlexTensor> + Send + 'static,
) -> Tensor<D> {
    let way: Way = Box::new(way);
    let way = Arc::new(Mutex::new(Some(way)));
    let kept = Kept { way, shared };
    let nodes: Vec<NodeGuard> = given.iter().map(|tensor| tensor.node()).collect();
    // Burn wants their number at compile time
    let output = match nodes.len() {
        0..=4 => in_graph::<4>(nodes, output, kept),
        5..=8 => in_graph::<8>(nodes, output, kept),
        9..=16 => in_graph::<16>(nodes, output, kept),
        _ => in_graph::<MOST>(nodes, output, kept),
    };
    match device.is_autodiff() {
        true => Tensor::from_primitive::<Autodiff<Flex>>(output),
        false => Tensor::from_primitive::<Flex>(output.into_primitive()),
    }
}

/// With `N` inputs: those behind the given ones are a number without a gradient.
fn in_graph<const N: usize>(mut nodes: Vec<NodeGuard>, output: FlexTensor, kept: Kept) -> Tracked {
    let nothing = Autodiff::<Flex>::from_inner(tensor(vec![0.0], [1]));
    nodes.resize_with(N, || nothing.node());
    let Ok(nodes) = <[NodeGuard; N]>::try_from(nodes) else {
        unreachable!("there are N")
    };
    let prepared = Operation.prepare::<NoCheckpointing>(nodes).compute_bound();
    match prepared.stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(kept, output),
        OpsKind::UnTracked(prepared) => prepared.finish(output),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use outcrop_arch::ArchSpec;

    use super::*;

    #[test]
    fn every_architecture_of_the_table_runs_in_operations_of_our_own() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let cases = root.join("tests/architectures/cases.json");
        let cases = std::fs::read_to_string(cases).unwrap();
        let cases: BTreeMap<String, ArchSpec> = serde_json::from_str(&cases).unwrap();
        for (name, spec) in cases {
            let (plan, device) = (Plan::new(&spec), Device::flex());
            let network = Network::new(&plan, &device).unwrap();
            let fused = Fused::new(&plan, &network, &device.autodiff());
            assert!(fused.blocks.iter().all(Option::is_some), "{name}");
            assert!(fused.start().is_some() && fused.loss().is_some(), "{name}");
        }
    }
}
