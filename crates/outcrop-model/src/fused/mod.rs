//! Training on the CPU in two operations of our own: a whole block, and the loss from the residual stream.
//! Each has its backward pass written out, so that nothing is kept that can be computed again more cheaply, no
//! tensor is laid out anew between two steps, and products run on `outcrop-gemm`,
//! norms and the like on `outcrop-vector`. On other devices, and for measuring, the same is composed of Burn's operations.
//!
//! | module | what it computes |
//! |---|---|
//! | `block`, `back` | one block of the transformer, forward and backward |
//! | `loss` | the last norm, the unembedding and the cross-entropy |
//! | `attention` | causal attention with rotary embedding |
//! | `linear`, `activation` | linear maps, the nonlinearity of the MLP |
//! | `memory` | buffers that go from step to step |
//!
//! Only this file knows Burn. Sums over rows are made in lanes, whose number depends on the shape alone: the
//! same bits on any number of threads.

mod activation;
mod attention;
mod back;
mod block;
mod linear;
mod loss;
mod memory;
mod support;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{Autodiff, Flex, tensor::FloatTensor};
use burn::backend::{AutodiffBackend, TensorMetadata};
use burn::tensor::{Device, Int, Tensor, TensorData};
use burn_flex::FlexTensor;
use outcrop_arch::{ArchSpec, Position, Section, Step, TensorKind, TensorRole};

use self::attention::{Heads, Rotary};
use self::block::{Kept, Parameters, Parts, Shape};
use self::loss::Head;
pub(crate) use self::support::computes;
use crate::TapSequences;
use crate::composed::Rotations;
use crate::parameters::Parameters as Given;

/// A tensor of the CPU with its place in the graph, if it has one.
type Tracked = FloatTensor<Autodiff<Flex>>;

/// Whether the operations here run on this device.
pub(crate) fn runs_on(device: &Device) -> bool {
    *device == Device::flex()
}

/// The residual stream after a block, from `x` [batch, positions, d_model] before it. `tap` gets what the block
/// leaves.
pub(crate) fn block(
    x: Tensor<3>,
    parameters: &Given,
    spec: &ArchSpec,
    rotations: &Rotations,
    tap: Option<&dyn TapSequences>,
) -> Tensor<3> {
    let device = x.device();
    let norm = |role| norm(&[parameters], role, &device);
    let linear = |role| linear(parameters, role, &device);
    let [attention_gain, attention_shift] = norm(TensorRole::AttentionNorm);
    let [qkv, qkv_bias] = linear(TensorRole::Query);
    let [dense, dense_bias] = linear(TensorRole::AttentionOutput);
    let [mlp_gain, mlp_shift] = norm(TensorRole::MlpNorm);
    let [up, up_bias] = linear(TensorRole::MlpUp);
    let [down, down_bias] = linear(TensorRole::MlpDown);
    let shape = x.dims();
    let given = [
        tracked(x),
        attention_gain,
        attention_shift,
        qkv,
        qkv_bias,
        dense,
        dense_bias,
        mlp_gain,
        mlp_shift,
        up,
        up_bias,
        down,
        down_bias,
    ];
    let tables = match spec.position {
        Position::Rotary { base, .. } => rotations.tables(spec.rotary_dims(), base),
        Position::Learned | Position::Alibi | Position::None => None,
    };
    let tables = tables.map(|tables| tables.each_ref().map(|t| laid_out(&tracked(t.clone()))));
    let state = BlockState {
        spec: spec.clone(),
        tokens: shape[1],
        tables,
        given: given.each_ref().map(laid_out),
        kept: None,
    };
    let x = numbers(&state.given[0]);
    let (y, kept) = block::forward(state.shape(), state.parameters(), x, tap);
    let kept = Some(Arc::new(kept));
    let y = tensor(y, shape);
    finish(BlockOp, given, BlockState { kept, ..state }, y, &device)
}

/// The mean cross-entropy in nats of `targets` [batch, positions], from the residual stream `x`
/// [batch, positions, d_model] after the last block. `parameters` are those of the end and of the start.
pub(crate) fn loss(
    x: Tensor<3>,
    end: &Section,
    parameters: [&Given; 2],
    targets: Tensor<2, Int>,
) -> Tensor<1> {
    let device = x.device();
    let (mut eps, mut head) = (0.0, TensorRole::Unembedding);
    for step in &end.steps {
        if let Step::Norm { eps: given, .. } = step {
            eps = *given;
        }
        if let Step::Unembed { role, .. } = step {
            head = *role;
        }
    }
    let unembedding = unembedding(&parameters, head);
    let targets = targets.into_data().convert::<i64>();
    let targets = targets.iter::<i64>().map(|t| t as usize);
    let targets: Vec<usize> = targets.collect();
    let [gain, shift] = norm(&parameters, TensorRole::FinalNorm, &device);
    let given = [tracked(x), gain, shift, tracked(unembedding)];
    let laid = given.each_ref().map(laid_out);
    let [x, gain, shift, weight] = laid.each_ref().map(numbers);
    let head = Head {
        norm: [gain, shift],
        eps: eps as f32,
        weight,
        targets: &targets,
    };
    let (value, gradients) = loss::loss(head, x, device.is_autodiff());
    let gradients = gradients.map(|g| {
        let [gain, shift] = g.norm;
        let mut of = laid.iter().zip([g.x, gain, shift, g.weight]);
        std::array::from_fn(|_| of.next().map(|(t, g)| tensor_like(g, t)))
    });
    let gradients = gradients.unwrap_or_default();
    finish(LossOp, given, gradients, tensor(vec![value], [1]), &device)
}

/// Gain and shift.
fn norm(parameters: &[&Given], role: TensorRole, device: &Device) -> [Tracked; 2] {
    let vector = |kind| parameters.iter().find_map(|list| list.vector(role, kind));
    let gain = vector(TensorKind::Gain).unwrap_or_else(|| Tensor::ones([1], device));
    let shift = vector(TensorKind::Shift);
    let shift = shift.unwrap_or_else(|| Tensor::zeros(gain.dims(), device));
    [tracked(gain), tracked(shift)]
}

/// Weight and bias; zeros, which get no gradient, where there is no bias.
fn linear(parameters: &Given, role: TensorRole, device: &Device) -> [Tracked; 2] {
    let weight = parameters.matrix(role).map(|(_, weight)| weight);
    let weight = weight.unwrap_or_else(|| Tensor::zeros([1, 1], device));
    let bias = parameters.vector(role, TensorKind::Bias);
    let bias = bias.unwrap_or_else(|| Tensor::zeros([weight.dims()[1]], device));
    [tracked(weight), tracked(bias)]
}

/// [d_model, vocab]
fn unembedding(parameters: &[&Given], role: TensorRole) -> Tensor<2> {
    let found = parameters.iter().find_map(|list| list.matrix(role));
    match found {
        Some((name, weight)) if name.kind == TensorKind::Embedding => weight.transpose(),
        Some((_, weight)) => weight,
        None => unreachable!("a plan has an unembedding"),
    }
}

/// The primitive of a tensor, with or without autodiff.
fn tracked<const D: usize>(tensor: Tensor<D>) -> Tracked {
    if let Ok(tensor) = tensor.clone().try_into_primitive::<Autodiff<Flex>>() {
        return tensor;
    }
    match tensor.try_into_primitive::<Flex>() {
        Ok(tensor) => Autodiff::<Flex>::from_inner(tensor),
        Err(e) => unreachable!("fused operations run on flex alone: {e:?}"),
    }
}

/// The numbers of a tensor in the order of its indices.
fn laid_out(tensor: &Tracked) -> FlexTensor {
    tensor.primitive().to_contiguous()
}

fn numbers(tensor: &FlexTensor) -> &[f32] {
    match tensor.as_slice() {
        Some(numbers) => numbers,
        None => unreachable!("it was laid out"),
    }
}

fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

fn tensor_like(values: Vec<f32>, other: &FlexTensor) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, other.shape()))
}

/// Puts what an operation gave, `output`, into the graph of what it was given.
fn finish<const N: usize, const D: usize, B: Backward<Flex, N>>(
    operation: B,
    given: [Tracked; N],
    state: B::State,
    output: FlexTensor,
    device: &Device,
) -> Tensor<D> {
    let nodes = given.map(|t| t.node());
    let prepared = operation.prepare::<NoCheckpointing>(nodes).compute_bound();
    let output = match prepared.stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(state, output),
        OpsKind::UnTracked(prepared) => prepared.finish(output),
    };
    match device.is_autodiff() {
        true => Tensor::from_primitive::<Autodiff<Flex>>(output),
        false => Tensor::from_primitive::<Flex>(output.into_primitive()),
    }
}

#[derive(Debug)]
struct BlockOp;

/// What the backward pass through a block needs.
#[derive(Clone, Debug)]
struct BlockState {
    spec: ArchSpec,
    tokens: usize,
    tables: Option<[FlexTensor; 2]>,
    /// The residual stream, then pairs in the order of [`Parts`].
    given: [FlexTensor; 13],
    kept: Option<Arc<Kept>>,
}

impl BlockState {
    fn shape(&self) -> Shape<'_> {
        let spec = &self.spec;
        let rotary = self.tables.as_ref().map(|tables| Rotary {
            half: spec.rotary_dims() / 2,
            tables: tables.each_ref().map(numbers),
        });
        Shape {
            heads: Heads {
                heads: spec.heads,
                d_head: spec.d_model / spec.heads,
                rotary,
            },
            tokens: self.tokens,
            d_ff: spec.d_ff,
            eps: spec.norm_eps as f32,
            activation: spec.activation,
            residual: spec.residual,
        }
    }

    fn parameters(&self) -> Parameters<'_> {
        let pair = |i: usize| [1, 2].map(|j| numbers(&self.given[2 * i + j]));
        Parts::from_array(std::array::from_fn(pair))
    }
}

impl Backward<Flex, 13> for BlockOp {
    type State = BlockState;

    fn backward(self, ops: Ops<BlockState, 13>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let dy = gradients.consume::<Flex>(&ops.node).to_contiguous();
        let state = ops.state;
        let Some(kept) = &state.kept else {
            return;
        };
        let x = numbers(&state.given[0]);
        let (dx, parts) = back::backward(state.shape(), state.parameters(), x, kept, numbers(&dy));
        let values = std::iter::once(dx).chain(parts.into_array().into_iter().flatten());
        for ((parent, values), given) in ops.parents.into_iter().zip(values).zip(&state.given) {
            if let Some(parent) = parent {
                gradients.register::<Flex>(parent.id, tensor_like(values, given));
            }
        }
    }
}

/// Its gradients are computed with the loss.
#[derive(Debug)]
struct LossOp;

impl Backward<Flex, 4> for LossOp {
    type State = [Option<FlexTensor>; 4];

    fn backward(self, ops: Ops<Self::State, 4>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let factor = gradients.consume::<Flex>(&ops.node).to_contiguous();
        let factor = numbers(&factor)[0];
        for (parent, gradient) in ops.parents.into_iter().zip(ops.state) {
            if let (Some(parent), Some(mut gradient)) = (parent, gradient) {
                if factor != 1.0 {
                    let values = gradient.storage_mut::<f32>();
                    values.iter_mut().for_each(|x| *x *= factor);
                }
                gradients.register::<Flex>(parent.id, gradient);
            }
        }
    }
}
