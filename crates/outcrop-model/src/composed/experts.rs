//! A mixture of experts, each of which computes every row: more work than [`outcrop_block`] has, in few operations.

use burn::tensor::{Tensor, activation};
use outcrop_arch::{Rows, Step, TensorKind, TensorRole};

use super::Composed;

impl Composed<'_> {
    /// What router and experts make of their rows, [batch, positions, d_model].
    pub(super) fn mixture(&mut self, step: &Step) -> Tensor<3> {
        let Step::Experts {
            count,
            chosen,
            normalised,
            kind,
            limit,
            shared,
            from,
            ..
        } = *step
        else {
            unreachable!("it is a mixture of experts")
        };
        let scores = self.project(TensorRole::Router, from);
        let factors = factors(scores, [count, chosen], normalised);
        let [gate, up] = [TensorRole::ExpertGate, TensorRole::ExpertUp];
        let [gate, up] = [gate, up].map(|role| self.project(role, from));
        let hidden = self.gated(kind, [gate, up], limit);
        let [batch, positions, width] = hidden.dims();
        let by_expert = hidden.reshape([batch, positions, count, width / count]);
        let weighted = by_expert * factors.clone().unsqueeze_dim::<4>(3);
        // the matrices of experts, one beside another in memory, one below another
        let (_, down) = self.matrix(TensorRole::ExpertDown);
        let d_model = down.dims()[1] / count;
        let down = down.reshape([width / count, count, d_model]);
        let down = down.permute([1, 0, 2]).reshape([width, d_model]);
        let written = weighted
            .reshape([batch, positions, width])
            .matmul(down.unsqueeze());
        let written = match self.vector(TensorRole::ExpertDown, TensorKind::Bias) {
            Some(bias) => written + factors.matmul(bias.reshape([count, d_model]).unsqueeze()),
            None => written,
        };
        match shared {
            true => written + self.shared(step, from),
            false => written,
        }
    }

    /// What the expert writes that every row passes.
    fn shared(&mut self, step: &Step, from: Rows) -> Tensor<3> {
        let Step::Experts { kind, limit, .. } = *step else {
            unreachable!("it is a mixture of experts")
        };
        let score = activation::sigmoid(self.project(TensorRole::SharedScore, from));
        let [gate, up] = [TensorRole::SharedGate, TensorRole::SharedUp];
        let [gate, up] = [gate, up].map(|role| self.project(role, from));
        self.rows_of_shared(self.gated(kind, [gate, up], limit)) * score
    }

    fn rows_of_shared(&self, hidden: Tensor<3>) -> Tensor<3> {
        let (_, down) = self.matrix(TensorRole::SharedDown);
        let written = hidden.matmul(down.unsqueeze());
        match self.vector(TensorRole::SharedDown, TensorKind::Bias) {
            Some(bias) => written + bias.unsqueeze(),
            None => written,
        }
    }

    /// f(g) h, or f(min(g, c)) (1 + min(max(h, -c), c)) where there is a bound c.
    fn gated(
        &self,
        kind: outcrop_arch::Nonlinearity,
        [gate, up]: [Tensor<3>; 2],
        limit: Option<f64>,
    ) -> Tensor<3> {
        match limit {
            Some(limit) => {
                let up = up.clamp(-limit, limit) + 1.0;
                self.activated(kind, gate.clamp_max(limit)) * up
            }
            None => self.activated(kind, gate) * up,
        }
    }
}

/// What the outputs of experts are multiplied by, [batch, positions, experts], from the scores of the router: 0 for all but
/// the chosen ones.
fn factors(scores: Tensor<3>, [count, chosen]: [usize; 2], normalised: bool) -> Tensor<3> {
    let p = activation::softmax(scores, 2);
    let factors = match chosen < count {
        true => {
            let places = p.clone().argtopk(chosen, 2);
            let mask = places.one_hot::<4>(count).sum_dim(2).squeeze_dim::<3>(2);
            p * mask.float()
        }
        false => p,
    };
    match normalised {
        true => factors.clone() / factors.sum_dim(2),
        false => factors,
    }
}
