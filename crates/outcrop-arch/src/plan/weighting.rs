//! How scores become weights.

use super::build::List;
use super::{TensorKind, TensorRole};
use crate::{AttentionWeighting, ExtraScore};

impl List<'_> {
    /// The score beside those of the keys; [`ArchSpec::check`] allows one.
    pub(super) fn extra_score(&self) -> Option<ExtraScore> {
        let arch = self.arch;
        if arch.sink_logits {
            return Some(ExtraScore::Logits);
        }
        let one = arch.attention.properties().one;
        let zero = || one.then_some(ExtraScore::Zero);
        arch.kv_bias.properties().or_else(zero)
    }

    pub(super) fn weighting(&self) -> AttentionWeighting {
        let arch = self.arch;
        match arch.attention.properties().weighting {
            AttentionWeighting::ClippedSoftmax { .. } => arch.clipping.weighting(arch.context),
            same @ (AttentionWeighting::Softmax
            | AttentionWeighting::Softpick
            | AttentionWeighting::Sigmoid) => same,
        }
    }

    /// The vectors of the extra score.
    pub(super) fn extra_vectors(&mut self, extra: ExtraScore) {
        let width = self.arch.kv_heads * self.arch.d_head();
        let vectors: &[(TensorRole, usize)] = match extra {
            ExtraScore::Zero => &[],
            ExtraScore::Logits => &[(TensorRole::SinkLogits, self.arch.heads)],
            ExtraScore::Key => &[(TensorRole::ExtraKey, width)],
            ExtraScore::KeyValue => &[
                (TensorRole::ExtraKey, width),
                (TensorRole::ExtraValue, width),
            ],
        };
        for (role, width) in vectors {
            self.vector(*role, TensorKind::Bias, *width);
        }
    }
}
