//! An MLP that is a mixture of experts.

use super::build::List;
use super::{Rows, Step, TensorRole};
use crate::Experts;

impl List<'_> {
    /// Router and experts, of the rows `from` to what the sublayer writes.
    pub(super) fn experts(&mut self, experts: &Experts, from: Rows) {
        let (d, bias) = (self.arch.d_model, self.arch.bias.mlp());
        let inner = experts.count * experts.width;
        self.map(TensorRole::Router, [experts.count, d], bias);
        self.map(TensorRole::ExpertGate, [inner, d], bias);
        self.map(TensorRole::ExpertUp, [inner, d], bias);
        let down = [experts.count * d, experts.width];
        self.map(TensorRole::ExpertDown, down, bias);
        if let Some(width) = experts.shared {
            self.map(TensorRole::SharedScore, [1, d], false);
            self.map(TensorRole::SharedGate, [width, d], bias);
            self.map(TensorRole::SharedUp, [width, d], bias);
            self.map(TensorRole::SharedDown, [d, width], bias);
        }
        self.step(Step::Experts {
            count: experts.count,
            chosen: experts.chosen,
            normalised: experts.normalised,
            kind: self.arch.activation.properties().kind,
            limit: experts.limit,
            shared: experts.shared.is_some(),
            from,
            to: Rows::Write,
        });
    }
}
