//! Which plans the operations here can compute.

use outcrop_arch::{Attention, Nonlinearity, Plan, Rows, Step, TensorKind};

/// Whether every step of a plan is one that the operations here have; other plans are composed.
pub(crate) fn computes(plan: &Plan) -> bool {
    let d_model = plan.start.parts[0].shape[1];
    let norms = plan
        .steps()
        .filter(|step| matches!(step, Step::Norm { .. }));
    let vectors = plan.sections().flat_map(|(_, section)| &section.parts);
    let vectors = vectors.filter(|part| matches!(part.kind, TensorKind::Gain | TensorKind::Shift));
    vectors.count() == 2 * norms.count() && plan.steps().all(|step| has(step, d_model))
}

fn has(step: &Step, d_model: usize) -> bool {
    match step {
        Step::Norm {
            centred, from, to, ..
        } => *centred && *from == Rows::Residual && from != to,
        Step::Attend {
            heads,
            kv_heads,
            d_head,
            weights: Attention::Softmax,
            window,
            alibi,
        } => kv_heads == heads && heads * d_head == d_model && window.is_none() && !alibi,
        Step::Activate { kind, .. } => match kind {
            Nonlinearity::Gelu | Nonlinearity::GeluTanh | Nonlinearity::Relu => true,
            Nonlinearity::Silu => false,
        },
        Step::HeadNorm { .. } | Step::Multiply { .. } => false,
        Step::Embed { .. }
        | Step::AddPosition { .. }
        | Step::Project { .. }
        | Step::Rotate { .. }
        | Step::Add { .. }
        | Step::Unembed { .. } => true,
    }
}
