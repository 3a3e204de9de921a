//! Which plans this forward pass can compute.

use outcrop_arch::{Attention, Nonlinearity, Plan, Rows, Step};

use crate::{Error, Result};

/// Refuses a plan with a step that would be silently computed as something else.
pub(crate) fn supported(plan: &Plan) -> Result<()> {
    let lacking = plan.steps().find_map(lack);
    lacking.map_or(Ok(()), |what| Err(Error::Lacks { what }))
}

fn lack(step: &Step) -> Option<&'static str> {
    match step {
        Step::Norm { from, to, .. } => match (from, to) {
            (Rows::Write, _) => Some("norms of what sublayers write (norm_placement = peri)"),
            (from, to) if from == to => Some("norms after the addition (norm_placement = post)"),
            (_, _) => None,
        },
        Step::HeadNorm { centred, .. } => centred.then_some("LayerNorm of heads"),
        Step::Attend {
            weights: Attention::Softmax,
            alibi,
            ..
        } => alibi.then_some("ALiBi (position = alibi)"),
        Step::Activate { kind, of } => match (kind, *of == Rows::Gate) {
            (Nonlinearity::Silu, true) => None,
            (Nonlinearity::Gelu | Nonlinearity::GeluTanh | Nonlinearity::Relu, false) => None,
            (Nonlinearity::Silu, false) => Some("SiLU in an MLP without a gate"),
            (Nonlinearity::Gelu | Nonlinearity::GeluTanh | Nonlinearity::Relu, true) => {
                Some("a gated MLP of another nonlinearity than SiLU")
            }
        },
        Step::Embed { .. }
        | Step::AddPosition { .. }
        | Step::Project { .. }
        | Step::Rotate { .. }
        | Step::Multiply { .. }
        | Step::Add { .. }
        | Step::Unembed { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use outcrop_arch::{Activation, ArchSpec, Norm, NormPlacement, Position, Residual};

    use super::*;

    #[test]
    fn what_is_lacking_is_named() {
        let llama = ArchSpec {
            norm: Norm::RmsNorm,
            residual: Residual::Sequential,
            activation: Activation::SwiGlu,
            qk_norm: true,
            kv_heads: 1,
            ..ArchSpec::new(2, 64, 4)
        };
        let check = |arch: &ArchSpec| supported(&Plan::new(arch)).map_err(|e| e.to_string());
        assert!(check(&llama).is_ok());
        for (norm_placement, word) in [(NormPlacement::Peri, "peri"), (NormPlacement::Post, "post")]
        {
            let arch = ArchSpec {
                norm_placement,
                ..llama.clone()
            };
            assert!(check(&arch).is_err_and(|e| e.contains(word)));
        }
        let position = Position::Alibi;
        let alibi = check(&ArchSpec { position, ..llama });
        assert!(alibi.is_err_and(|e| e.contains("ALiBi")));
    }
}
