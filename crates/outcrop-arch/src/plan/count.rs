use super::{Plan, Section, Step, TensorRole};
use crate::ArchSpec;

/// How many parameters an architecture has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// All of them.
    pub total: u64,
    /// Without token embedding, position embedding and unembedding.
    pub non_embedding: u64,
    /// Of these, how many one token passes: all but those of experts that it does not choose.
    pub active: u64,
}

impl Plan {
    /// Number of parameters: in total, without embeddings, and of those what one token passes.
    pub fn parameters(&self) -> Parameters {
        let mut sum = Parameters::default();
        for (times, section) in self.sections() {
            for part in section.parts.iter().filter(|part| !part.optional) {
                let count = times as u64 * part.count();
                sum.total += count;
                if !is_embedding(part.role) {
                    sum.non_embedding += count;
                    let [chosen, all] = section.choice(part.role);
                    sum.active += count / all as u64 * chosen as u64;
                }
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
        let of = |step: &Step| {
            let counts = step.counts().heads;
            counts.map_or(0.0, |[heads, _, d_head]| heads as f64 * d_head as f64)
        };
        let sections = self.sections().map(|(times, section)| {
            let widths: f64 = section.steps.iter().map(of).sum();
            times as f64 * context as f64 * widths
        });
        sections.sum()
    }
}

impl Section {
    /// Key-value heads, the width of a head and experts, as far as it has some.
    pub(crate) fn counts(&self) -> [Option<usize>; 3] {
        let all = || self.steps.iter().map(Step::counts);
        let heads = all().find_map(|counts| counts.heads);
        let experts = all().find_map(|counts| counts.experts);
        [
            heads.map(|[_, kv_heads, _]| kv_heads),
            heads.map(|[.., d_head]| d_head),
            experts.map(|[_, count]| count),
        ]
    }

    /// The width of a head of its attention; none where it has no attention.
    pub fn d_head(&self) -> Option<usize> {
        self.counts()[1]
    }

    /// How many experts, which have parts of this role, a token passes, and of how many; 1 of 1 for other roles.
    fn choice(&self, role: TensorRole) -> [usize; 2] {
        let of = |step: &Step| step.counts().experts;
        let found = self.steps.iter().find_map(of);
        found.filter(|_| role.is_of_experts()).unwrap_or([1, 1])
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
    /// Number of parameters: in total, without embeddings, and of those what one token passes.
    ///
    /// ```
    /// use outcrop_arch::{Activation, ArchSpec, Experts, Residual};
    ///
    /// // two of eight experts of 3 x 64 x 100 parameters in each of two layers
    /// let experts = Experts { count: 8, chosen: 2, width: 100, layers: vec![1, 2], normalised: true, limit: None, shared: None };
    /// let arch = ArchSpec {
    ///     experts: Some(experts),
    ///     activation: Activation::SwiGlu,
    ///     residual: Residual::Sequential,
    ///     bias: outcrop_arch::Bias::None,
    ///     ..ArchSpec::new(2, 64, 4)
    /// };
    /// let parameters = arch.parameters();
    /// assert_eq!(parameters.non_embedding - parameters.active, 2 * 6 * 3 * 64 * 100);
    /// ```
    pub fn parameters(&self) -> Parameters {
        Plan::new(self).parameters()
    }

    /// Floating-point operations of training on one token, forward and backward: 6 N for the
    /// matrices and 12 L H d_head T for attention scores over the whole context T (Kaplan et al.
    /// 2020, section 2.1). N is without embeddings but with the unembedding, which multiplies even
    /// where it is tied, and without the experts that a token does not choose.
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
        let matrices = plan.parameters().active as f64 + plan.unembedding() as f64;
        let positions = self.leading() + self.context;
        6.0 * matrices + 12.0 * plan.scores(positions)
    }
}
