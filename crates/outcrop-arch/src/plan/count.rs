use super::{Plan, Step, TensorRole};
use crate::ArchSpec;

/// How many parameters an architecture has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// All of them.
    pub total: u64,
    /// Without token embedding, position embedding and unembedding.
    pub non_embedding: u64,
}

impl Plan {
    /// Number of parameters, in total and without embeddings.
    pub fn parameters(&self) -> Parameters {
        let mut sum = Parameters::default();
        for (times, section) in self.sections() {
            for part in section.parts.iter().filter(|part| !part.optional) {
                let count = times as u64 * part.count();
                sum.total += count;
                sum.non_embedding += if is_embedding(part.role) { 0 } else { count };
            }
        }
        sum
    }

    /// Numbers of the matrix that makes logits, which multiplies even where it is tied.
    fn unembedding(&self) -> u64 {
        let parts = self.end.parts.iter();
        let head = |part: &&super::Part| {
            (part.role, part.kind) == (TensorRole::Unembedding, super::TensorKind::Matrix)
        };
        let heads = parts.filter(head);
        heads.map(super::Part::count).sum()
    }

    /// Multiplications of scores for one token that sees `context` positions: one for each number of queries.
    fn scores(&self, context: usize) -> f64 {
        let of = |step: &Step| match step {
            Step::Attend { heads, d_head, .. } => *heads as f64 * *d_head as f64,
            Step::Embed { .. }
            | Step::AddPosition { .. }
            | Step::Norm { .. }
            | Step::Scale { .. }
            | Step::Clip { .. }
            | Step::Project { .. }
            | Step::HeadNorm { .. }
            | Step::Rotate { .. }
            | Step::Activate { .. }
            | Step::Multiply { .. }
            | Step::Add { .. }
            | Step::Unembed { .. } => 0.0,
        };
        let sections = self.sections().map(|(times, section)| {
            let widths: f64 = section.steps.iter().map(of).sum();
            times as f64 * context as f64 * widths
        });
        sections.sum()
    }
}

/// Whether a part is left out of counts without embeddings.
fn is_embedding(role: TensorRole) -> bool {
    matches!(
        role,
        TensorRole::TokenEmbedding | TensorRole::PositionEmbedding | TensorRole::Unembedding
    )
}

impl ArchSpec {
    /// Number of parameters, in total and without embeddings.
    pub fn parameters(&self) -> Parameters {
        Plan::new(self).parameters()
    }

    /// Floating-point operations of training on one token, forward and backward: 6 N for the
    /// matrices and 12 L H d_head T for attention scores over the whole context T (Kaplan et al.
    /// 2020, section 2.1). N is without embeddings but with the unembedding, which multiplies even
    /// where it is tied.
    ///
    /// ```
    /// use outcrop_arch::ArchSpec;
    ///
    /// let spec = ArchSpec::pythia("70m")?; // L = 6, d = 512, T = 2048, vocabulary 50304
    /// let matrices = 18_915_328 + 50_304 * 512; // as `parameters` counts
    /// assert_eq!(spec.flops_per_token(), (6 * matrices + 12 * 6 * 512 * 2048) as f64);
    /// # Ok::<(), outcrop_arch::Error>(())
    /// ```
    pub fn flops_per_token(&self) -> f64 {
        let plan = Plan::new(self);
        let matrices = plan.parameters().non_embedding as f64 + plan.unembedding() as f64;
        6.0 * matrices + 12.0 * plan.scores(self.context)
    }
}
