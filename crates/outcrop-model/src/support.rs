//! Which plans this model can compute.

use outcrop_arch::{ArchSpec, Attention, Nonlinearity, Norm, Plan, Rows, Step};

use crate::{Error, Result};

/// Refuses a plan with a step that would be silently computed as something else.
pub(crate) fn supported(arch: &ArchSpec, plan: &Plan) -> Result<()> {
    let norm = arch.norm;
    if norm != Norm::LayerNorm {
        return Err(Error::Unsupported {
            field: "arch.norm",
            value: norm.word().into(),
            supported: Norm::LayerNorm.word(),
        });
    }
    let lacking = plan.steps().find_map(|step| lack(step, arch.d_model));
    lacking.map_or(Ok(()), |lack| {
        Err(Error::Unsupported {
            field: lack.field,
            value: lack.value,
            supported: lack.supported,
        })
    })
}

/// A field of an architecture that asks for a step that this model lacks.
struct Lack {
    field: &'static str,
    value: String,
    supported: &'static str,
}

fn no(field: &'static str, value: impl ToString, supported: &'static str) -> Option<Lack> {
    Some(Lack {
        field,
        value: value.to_string(),
        supported,
    })
}

fn lack(step: &Step, d_model: usize) -> Option<Lack> {
    let gated = || no("arch.activation", "swiglu", "gelu, gelu-tanh, relu");
    match step {
        Step::Norm { from, to, .. } => match (from, to) {
            (Rows::Write, _) => no("arch.norm_placement", "peri", "pre"),
            (from, to) if from == to => no("arch.norm_placement", "post", "pre"),
            (_, _) => None,
        },
        Step::HeadNorm { .. } => no("arch.qk_norm", true, "false"),
        Step::Attend {
            heads,
            kv_heads,
            d_head,
            weights: Attention::Softmax,
            window,
            alibi,
        } => {
            if kv_heads != heads {
                return no("arch.kv_heads", kv_heads, "the number of heads");
            }
            if heads * d_head != d_model {
                return no("arch.head_dim", d_head, "d_model / heads");
            }
            if let Some(width) = window {
                return no("arch.window", format!("{width} positions"), "none");
            }
            match alibi {
                true => no("arch.position", "alibi", "rotary, learned, none"),
                false => None,
            }
        }
        Step::Activate { kind, .. } => match kind {
            Nonlinearity::Gelu | Nonlinearity::GeluTanh | Nonlinearity::Relu => None,
            Nonlinearity::Silu => gated(),
        },
        Step::Multiply { .. } => gated(),
        Step::Embed { .. }
        | Step::AddPosition { .. }
        | Step::Project { .. }
        | Step::Rotate { .. }
        | Step::Add { .. }
        | Step::Unembed { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use outcrop_arch::{Activation, NormPlacement, Position, Window};

    use super::*;

    /// What is said of a change of the spec.
    type Lacking = (&'static str, fn(&mut ArchSpec));

    #[test]
    fn each_step_that_is_lacking_is_named_by_its_field() {
        let base = ArchSpec::new(2, 64, 4);
        let check = |arch: &ArchSpec| supported(arch, &Plan::new(arch));
        assert!(check(&base).is_ok());
        let lacking: [Lacking; 8] = [
            ("arch.norm = rms-norm", |a| a.norm = Norm::RmsNorm),
            ("arch.norm_placement = peri", |a| {
                a.norm_placement = NormPlacement::Peri;
            }),
            ("arch.norm_placement = post", |a| {
                a.norm_placement = NormPlacement::Post;
            }),
            ("arch.qk_norm = true", |a| a.qk_norm = true),
            ("arch.kv_heads = 2", |a| a.kv_heads = 2),
            ("arch.head_dim = 8", |a| a.head_dim = Some(8)),
            ("arch.activation = swiglu", |a| {
                a.activation = Activation::SwiGlu;
            }),
            ("arch.position = alibi", |a| a.position = Position::Alibi),
        ];
        for (expected, change) in lacking {
            let mut arch = base.clone();
            change(&mut arch);
            let error = check(&arch).map_err(|e| e.to_string());
            let error = error.expect_err(expected);
            assert!(error.contains(expected), "{expected}: {error}");
        }
        let window = Some(Window {
            width: 8,
            layers: vec![2],
        });
        let error = check(&ArchSpec { window, ..base }).map_err(|e| e.to_string());
        assert!(error.is_err_and(|e| e.contains("arch.window")));
    }
}
