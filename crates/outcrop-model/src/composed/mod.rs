//! Sections of a plan computed step by step with Burn's own operations: on GPUs, for taps inside of a block, and to
//! compare the operations of our own with.

mod attention;
mod experts;
mod rotation;
mod weighting;

use std::collections::HashMap;

use burn::tensor::module::{embedding, linear};
use burn::tensor::{Int, Tensor, activation};
use outcrop_arch::{
    ExtraScore, Nonlinearity, Over, Rows, Section, Step, TensorKind, TensorName, TensorRole,
};

use self::attention::{Attend, attend};
pub(crate) use self::rotation::Rotations;
use self::weighting::Extra;
use crate::TapPoint;
use crate::parameters::Parameters;

/// A section that is being computed.
pub(crate) struct Composed<'a> {
    steps: &'a [Step],
    /// Width of a head, in a block.
    d_head: Option<usize>,
    /// Its own, then those of the start, one of which may be the unembedding.
    parameters: [&'a Parameters; 2],
    rotations: &'a Rotations,
    /// Token ids [batch, positions], at the start.
    ids: Option<Tensor<2, Int>>,
    /// [batch, positions, width]
    rows: HashMap<Rows, Tensor<3>>,
    /// What a matrix of several parts gave for those whose step is still to come.
    ready: HashMap<TensorRole, Tensor<3>>,
    /// [batch, positions, vocab], at the end.
    logits: Option<Tensor<3>>,
}

impl<'a> Composed<'a> {
    pub(crate) fn new(
        section: &'a Section,
        parameters: [&'a Parameters; 2],
        rotations: &'a Rotations,
    ) -> Self {
        Self {
            steps: &section.steps,
            d_head: section.d_head(),
            parameters,
            rotations,
            ids: None,
            rows: HashMap::new(),
            ready: HashMap::new(),
            logits: None,
        }
    }

    /// The residual stream [batch, positions, d_model] of token ids.
    pub(crate) fn embed(mut self, ids: Tensor<2, Int>) -> Tensor<3> {
        self.ids = Some(ids);
        self.run(|_, _| ());
        self.row(Rows::Residual)
    }

    /// The residual stream after a block, of `x` before it. `tap` gets what sublayers add to it.
    pub(crate) fn block(
        mut self,
        x: Tensor<3>,
        tap: impl FnMut(TapPoint, &Tensor<3>),
    ) -> Tensor<3> {
        self.rows.insert(Rows::Residual, x);
        self.run(tap);
        self.row(Rows::Residual)
    }

    /// The logits [batch, positions, vocab] of the residual stream `x` after the last block.
    pub(crate) fn unembed(mut self, x: Tensor<3>) -> Tensor<3> {
        self.rows.insert(Rows::Residual, x);
        self.run(|_, _| ());
        match self.logits {
            Some(logits) => logits,
            None => unreachable!("a plan ends with an unembedding"),
        }
    }

    fn run(&mut self, mut tap: impl FnMut(TapPoint, &Tensor<3>)) {
        let mut writes = TapPoint::AttnWrite;
        for step in self.steps {
            match step {
                Step::Project { role, .. } => writes = written_by(*role),
                Step::Experts { .. } => writes = TapPoint::MlpWrite,
                Step::Add { from, .. } => tap(writes, &self.row(*from)),
                Step::Embed { .. }
                | Step::AddPosition { .. }
                | Step::Insert { .. }
                | Step::Remove { .. }
                | Step::Gain { .. }
                | Step::ProjectSlices { .. }
                | Step::Norm { .. }
                | Step::DynamicTanh { .. }
                | Step::Scale { .. }
                | Step::Clip { .. }
                | Step::HeadNorm { .. }
                | Step::Rotate { .. }
                | Step::Attend { .. }
                | Step::Activate { .. }
                | Step::Multiply { .. }
                | Step::Unembed { .. } => {}
            }
            self.step(step);
        }
    }

    fn step(&mut self, step: &Step) {
        let (to, y) = match *step {
            Step::Embed { role } => (Rows::Residual, self.embedded(role)),
            Step::AddPosition { role } => {
                let x = self.row(Rows::Residual);
                let rows = self.matrix(role).1.narrow(0, 0, x.dims()[1]);
                (Rows::Residual, x + rows.unsqueeze())
            }
            Step::Norm {
                role,
                centred,
                eps,
                from,
                to,
            } => {
                let x = normalise(self.row(from), centred, eps);
                (to, self.scaled(role, x))
            }
            Step::DynamicTanh { role, from, to } => {
                let x = match self.vector(role, TensorKind::Alpha) {
                    Some(alpha) => self.row(from) * alpha.unsqueeze(),
                    None => unreachable!("a plan has an alpha for {role:?}"),
                };
                (to, self.scaled(role, x.tanh()))
            }
            Step::Project { role, from, to } => (to, self.project(role, from)),
            Step::ProjectSlices { role, from, to } => (to, self.project_slices(role, from)),
            Step::Scale { of, by } => (of, self.row(of) * by),
            Step::Clip { of, limit } => (of, self.row(of).clamp(-limit, limit)),
            Step::HeadNorm { of, .. } => (of, self.head_norm(step)),
            Step::Rotate {
                of,
                ref angles,
                pairs,
            } => {
                let heads = self.rotations.rotate(self.heads(of), angles, pairs);
                (of, joined(heads))
            }
            Step::Attend {
                d_head,
                weighting,
                extra,
                window,
                alibi,
                scale,
                softcap,
                ..
            } => {
                let how = Attend {
                    weighting,
                    window,
                    alibi,
                    scale: scale.unwrap_or_else(|| 1.0 / (d_head as f64).sqrt()),
                    softcap,
                };
                let given = [Rows::Queries, Rows::Keys, Rows::Values].map(|of| self.heads(of));
                (
                    Rows::Read,
                    joined(attend(how, given, self.extra(extra).as_ref())),
                )
            }
            Step::Activate { kind, of } => (of, self.activated(kind, self.row(of))),
            Step::Multiply { from, to } => (to, multiplied(self.row(to), self.row(from))),
            Step::Insert { role, at } => (Rows::Residual, self.inserted(role, at)),
            Step::Remove { count } => {
                let x = self.row(Rows::Residual);
                let rest = x.dims()[1] - count;
                (Rows::Residual, x.narrow(1, count, rest))
            }
            Step::Experts { to, .. } => (to, self.mixture(step)),
            Step::Gain { .. } => unreachable!("a model with what has no gradients is not made"),
            Step::Add { from, to } => (to, self.row(to) + self.row(from)),
            Step::Unembed {
                role,
                from,
                scale,
                softcap,
            } => {
                let logits = self.unembedded(role, self.row(from)) * scale;
                self.logits = Some(capped(logits, softcap));
                return;
            }
        };
        self.rows.insert(to, y);
    }

    /// The extra scores of queries, as far as they are learned.
    fn extra(&self, extra: Option<ExtraScore>) -> Option<Extra> {
        extra.map(|extra| match extra {
            ExtraScore::Zero => Extra::Zero,
            ExtraScore::Logits => Extra::Logits(self.bias(TensorRole::SinkLogits)),
            ExtraScore::Key => Extra::Key(self.bias(TensorRole::ExtraKey), None),
            ExtraScore::KeyValue => Extra::Key(
                self.bias(TensorRole::ExtraKey),
                Some(Box::new(self.bias(TensorRole::ExtraValue))),
            ),
        })
    }

    fn bias(&self, role: TensorRole) -> Tensor<1> {
        match self.vector(role, TensorKind::Bias) {
            Some(bias) => bias,
            None => unreachable!("a plan has a vector for {role:?}"),
        }
    }

    fn row(&self, rows: Rows) -> Tensor<3> {
        match self.rows.get(&rows) {
            Some(tensor) => tensor.clone(),
            None => unreachable!("a plan writes {rows:?} before it reads them"),
        }
    }

    /// Rows by head, [batch, positions, heads, d_head].
    fn heads(&self, rows: Rows) -> Tensor<4> {
        let x = self.row(rows);
        let [batch, positions, width] = x.dims();
        let d_head = self.d_head.unwrap_or(width);
        x.reshape([batch, positions, width / d_head, d_head])
    }

    fn vector(&self, role: TensorRole, kind: TensorKind) -> Option<Tensor<1>> {
        self.parameters
            .iter()
            .find_map(|list| list.vector(role, kind))
    }

    fn matrix(&self, role: TensorRole) -> (&'a TensorName, Tensor<2>) {
        match self.parameters.iter().find_map(|list| list.matrix(role)) {
            Some(found) => found,
            None => unreachable!("a plan has a matrix for {role:?}"),
        }
    }

    fn embedded(&self, role: TensorRole) -> Tensor<3> {
        match &self.ids {
            Some(ids) => embedding(self.matrix(role).1, ids.clone()),
            None => unreachable!("only the start of a plan embeds"),
        }
    }

    /// The residual stream with the rows of a table before row `at` of each sequence.
    fn inserted(&self, role: TensorRole, at: usize) -> Tensor<3> {
        let (x, table) = (self.row(Rows::Residual), self.matrix(role).1);
        let ([batch, positions, width], [count, _]) = (x.dims(), table.dims());
        let table = table.unsqueeze::<3>().expand([batch, count, width]);
        let [before, after] = [(0, at), (at, positions - at)]
            .map(|(first, count)| (count > 0).then(|| x.clone().narrow(1, first, count)));
        let parts = before.into_iter().chain([table]).chain(after);
        Tensor::cat(parts.collect(), 1)
    }

    fn unembedded(&self, role: TensorRole, x: Tensor<3>) -> Tensor<3> {
        let (name, weight) = self.matrix(role);
        let weight = match name.kind {
            TensorKind::Embedding => weight.transpose(),
            TensorKind::Matrix
            | TensorKind::Bias
            | TensorKind::Gain
            | TensorKind::Shift
            | TensorKind::Alpha => weight,
        };
        let bias = self.vector(TensorRole::Unembedding, TensorKind::Bias);
        linear(x, weight, bias)
    }

    /// The norm of queries or keys.
    fn head_norm(&self, step: &Step) -> Tensor<3> {
        let Step::HeadNorm {
            role,
            centred,
            eps,
            of,
            over,
        } = *step
        else {
            unreachable!("it is a norm of heads")
        };
        match over {
            Over::Head => {
                let heads = normalise(self.heads(of), centred, eps);
                joined(self.scaled(role, heads))
            }
            Over::Heads => {
                let heads = joined(normalise(self.heads(of), centred, eps));
                self.scaled(role, heads)
            }
            Over::Width => self.scaled(role, normalise(self.row(of), centred, eps)),
        }
    }

    /// Times the gain and plus the shift of a norm, where it has them.
    fn scaled<const D: usize>(&self, role: TensorRole, x: Tensor<D>) -> Tensor<D> {
        let x = match self.vector(role, TensorKind::Gain) {
            Some(gain) => x * gain.unsqueeze(),
            None => x,
        };
        match self.vector(role, TensorKind::Shift) {
            Some(shift) => x + shift.unsqueeze(),
            None => x,
        }
    }

    fn activated(&self, kind: Nonlinearity, x: Tensor<3>) -> Tensor<3> {
        match kind {
            Nonlinearity::Gelu => activation::gelu(x),
            Nonlinearity::GeluTanh => activation::gelu_approximate(x),
            Nonlinearity::Xielu => self.xielu(x),
            Nonlinearity::Relu => activation::relu(x),
            Nonlinearity::Relu2 => activation::relu(x).square(),
            Nonlinearity::Silu => activation::silu(x),
            Nonlinearity::Sigmoid => activation::sigmoid(x),
            Nonlinearity::QuickGelu => x.clone() * activation::sigmoid(x * 1.702),
        }
    }

    fn xielu(&self, x: Tensor<3>) -> Tensor<3> {
        let roles = [
            TensorRole::ActivationPositive,
            TensorRole::ActivationNegative,
        ];
        let [above, below] = roles.map(|role| match self.vector(role, TensorKind::Shift) {
            Some(alpha) => activation::softplus(alpha, 1.0).unsqueeze::<3>(),
            None => unreachable!("a plan has a number for {role:?}"),
        });
        let (high, low) = (activation::relu(x.clone()), activation::relu(-x.clone()));
        let bent = (-low.clone()).exp() - 1.0 + low;
        high.square() * above + bent * (below + 0.5) + x * 0.5
    }

    /// What the matrix of `role` gives. Where it has other parts too, theirs lie ready after the first.
    /// A number for each slice.
    fn project_slices(&self, role: TensorRole, from: Rows) -> Tensor<3> {
        let (x, table) = (self.row(from), self.matrix(role).1);
        let ([batch, positions, _], [slices, length]) = (x.dims(), table.dims());
        let products = x.reshape([batch, positions, slices, length]) * table.unsqueeze::<4>();
        let y = products.sum_dim(3).reshape([batch, positions, slices]);
        match self.vector(role, TensorKind::Bias) {
            Some(bias) => y + bias.unsqueeze(),
            None => y,
        }
    }

    fn project(&mut self, role: TensorRole, from: Rows) -> Tensor<3> {
        if let Some(ready) = self.ready.remove(&role) {
            return ready;
        }
        let (name, weight) = self.matrix(role);
        let y = linear(self.row(from), weight, self.vector(role, TensorKind::Bias));
        self.ready.extend(parts(name, y));
        match self.ready.remove(&role) {
            Some(y) => y,
            None => unreachable!("the matrix was found by {role:?}"),
        }
    }
}

/// What a matrix gave, [batch, positions, outputs], by the parts of the plan that it holds.
fn parts(name: &TensorName, y: Tensor<3>) -> Vec<(TensorRole, Tensor<3>)> {
    let [batch, positions, width] = y.dims();
    // each group has a span of every part
    let groups = name.spans.iter().filter(|s| s.role == name.spans[0].role);
    let groups = groups.count();
    let y = y.reshape([batch, positions, groups, width / groups]);
    let mut first = 0;
    let spans = name.spans.iter().take(name.spans.len() / groups);
    let part = spans.map(|span| {
        let part = y.clone().narrow(3, first, span.rows);
        first += span.rows;
        (span.role, joined(part))
    });
    part.collect()
}

/// Heads or groups one after another.
fn joined(x: Tensor<4>) -> Tensor<3> {
    let [batch, positions, heads, width] = x.dims();
    x.reshape([batch, positions, heads * width])
}

/// Number by number; each of fewer factors for as many numbers that follow one another.
fn multiplied(x: Tensor<3>, factors: Tensor<3>) -> Tensor<3> {
    let [batch, positions, width] = x.dims();
    let count = factors.dims()[2];
    if count == width {
        return x * factors;
    }
    let x = x.reshape([batch, positions, count, width / count]);
    joined(x * factors.reshape([batch, positions, count, 1]))
}

/// (x - m) / sqrt(mean((x - m)^2) + eps) over the last dimension, m the mean where it is `centred`, else 0.
fn normalise<const D: usize>(x: Tensor<D>, centred: bool, eps: f64) -> Tensor<D> {
    let x = match centred {
        true => x.clone() - x.mean_dim(D - 1),
        false => x,
    };
    let size = (x.clone().square().mean_dim(D - 1) + eps).sqrt();
    x / size
}

/// c tanh(x / c), where there is a bound c.
fn capped<const D: usize>(x: Tensor<D>, cap: Option<f64>) -> Tensor<D> {
    match cap {
        Some(cap) => (x / cap).tanh() * cap,
        None => x,
    }
}

/// Which sublayer writes with the matrix of `role`.
fn written_by(role: TensorRole) -> TapPoint {
    match role == TensorRole::AttentionOutput {
        true => TapPoint::AttnWrite,
        false => TapPoint::MlpWrite,
    }
}
