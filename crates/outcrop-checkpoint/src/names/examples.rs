//! The names that are understood, by example.

use super::Counts;

/// An example of a name, and what is read in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// The name of a folder, file or revision.
    pub name: &'static str,
    /// Who names checkpoints so.
    pub of: &'static str,
    /// The stage in which the step counts, if it names one.
    pub stage: Option<&'static str>,
    /// The number.
    pub number: u64,
    /// What it counts.
    pub counts: Counts,
}

const fn example(
    name: &'static str,
    of: &'static str,
    stage: Option<&'static str>,
    number: u64,
) -> Example {
    Example {
        name,
        of,
        stage,
        number,
        counts: Counts::Steps,
    }
}

/// The names that are understood, by example.
pub const UNDERSTOOD: [Example; 23] = [
    example("step143000", "Pythia", None, 143_000),
    example("step-000512", "Outcrop, litgpt, torchtitan", None, 512),
    example("checkpoint-500", "transformers' Trainer", None, 500),
    example("global_step1000", "DeepSpeed, BLOOM", None, 1000),
    example("iter_0002384", "Megatron", None, 2384),
    example("step1000-tokens4B", "OLMo", None, 1000),
    example("step1000-unsharded", "OLMo", None, 1000),
    example("step-50K-105b", "TinyLlama", None, 50_000),
    example("epoch=0-step=1000.ckpt", "Lightning", None, 1000),
    example("model_00001000.bin", "llm.c, nanochat", None, 1000),
    example("state_step001000.pt", "modded-nanogpt", None, 1000),
    example("ep0-ba100", "Composer", None, 100),
    example(
        "stage1-step10000-tokens21B",
        "OLMo 2",
        Some("stage1"),
        10_000,
    ),
    example(
        "stage2-ingredient3-step23852-tokens51B",
        "OLMo 2",
        Some("stage2-ingredient3"),
        23_852,
    ),
    example(
        "stage2-step47684-mix-round5",
        "OLMo 3",
        Some("stage2-mix-round5"),
        47_684,
    ),
    example(
        "lc-32k-to-64k-step-20000",
        "SmolLM3",
        Some("lc-32k-to-64k"),
        20_000,
    ),
    example("extension_step0001000", "Lucie", Some("extension"), 1000),
    example(
        "CrystalCoder_phase1_checkpoint_055500",
        "CrystalCoder",
        Some("CrystalCoder_phase1"),
        55_500,
    ),
    example(
        "step69369-seed-default",
        "DataDecide",
        Some("seed-default"),
        69_369,
    ),
    example(
        "multiberts-seed_0-step_20k",
        "MultiBERTs",
        Some("multiberts-seed_0"),
        20_000,
    ),
    Example {
        counts: Counts::Other,
        ..example("ckpt_000", "Amber", None, 0)
    },
    Example {
        counts: Counts::Other,
        ..example("epoch_1", "torchtune", None, 1)
    },
    Example {
        counts: Counts::Other,
        ..example("1000", "Levanter, Orbax", None, 1000)
    },
];
