use std::collections::BTreeSet;

use outcrop_arch::{ArchSpec, AttentionWeighting, ExtraScore, Over, Plan, RotaryPairs, Rows, Step};

/// Names the steps, as far as engines compute them in ways of their own. A new one is a row: the compiler asks for it,
/// and `tests/cover.rs` then for a case.
macro_rules! steps {
    ($($name:literal: $step:pat,)* published { $($other:literal: $published:pat,)* }) => {
        /// All names, in the order of the list.
        pub const STEPS: &[&str] = &[$($name),*];

        fn name(step: &Step) -> &'static str {
            match step {
                $($published => $other,)*
                $($step => $name,)*
            }
        }
    };
}

/// Keys of architectures that forward passes of published models alone have, and training refuses: they need no case
/// here, since `crates/outcrop-forward/tests/families` compares them with transformers.
pub(crate) const PUBLISHED: &[&str] = &["bidirectional", "layer_scale", "patches"];

steps! {
    "embed": Step::Embed { .. },
    "add position": Step::AddPosition { .. },
    "insert": Step::Insert { .. },
    "remove": Step::Remove { .. },
    "norm, centred": Step::Norm { centred: true, .. },
    "norm": Step::Norm { centred: false, .. },
    "tanh in the place of a norm": Step::DynamicTanh { .. },
    "scale": Step::Scale { .. },
    "clip": Step::Clip { .. },
    "project": Step::Project { .. },
    "project slices": Step::ProjectSlices { .. },
    "norm of a head": Step::HeadNorm { over: Over::Head, .. },
    "norm of a head, a gain for each": Step::HeadNorm { over: Over::Heads, .. },
    "norm of all heads": Step::HeadNorm { over: Over::Width, .. },
    "rotate": Step::Rotate { pairs: RotaryPairs::Halves, .. },
    "rotate back": Step::Rotate { pairs: RotaryPairs::HalvesBack, .. },
    "rotate neighbours": Step::Rotate { pairs: RotaryPairs::Neighbours, .. },
    "attend with one in the sum": Step::Attend { extra: Some(ExtraScore::Zero), .. },
    "attend with sink logits": Step::Attend { extra: Some(ExtraScore::Logits), .. },
    "attend, clipped": Step::Attend { weighting: AttentionWeighting::ClippedSoftmax { .. }, extra: None, .. },
    "attend with softpick": Step::Attend { weighting: AttentionWeighting::Softpick, extra: None, .. },
    "attend with sigmoids": Step::Attend { weighting: AttentionWeighting::Sigmoid, extra: None, .. },
    "attend with a learned key": Step::Attend { extra: Some(ExtraScore::Key), .. },
    "attend with a learned key and value": Step::Attend { extra: Some(ExtraScore::KeyValue), .. },
    "attend": Step::Attend { window: None, alibi: None, .. },
    "attend in a window": Step::Attend { window: Some(_), alibi: None, .. },
    "attend with biases": Step::Attend { window: None, alibi: Some(_), .. },
    "attend with biases in a window": Step::Attend { window: Some(_), alibi: Some(_), .. },
    "activate": Step::Activate { .. },
    "multiply": Step::Multiply { to: Rows::Hidden, .. },
    "multiply what heads read": Step::Multiply { .. },
    "add": Step::Add { .. },
    "unembed": Step::Unembed { .. },
    "experts": Step::Experts { .. },
    published {
        "attend to later positions": Step::Attend { bidirectional: true, .. },
        "gain": Step::Gain { .. },
    }
}

/// The steps of an architecture's plan.
pub fn steps(arch: &ArchSpec) -> BTreeSet<&'static str> {
    Plan::new(arch).steps().map(name).collect()
}
