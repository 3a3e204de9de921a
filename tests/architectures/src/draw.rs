use std::collections::BTreeMap;

use outcrop_arch::{ArchSpec, Draw, Part, Plan, TensorKind};

/// Sequences of a batch; each has as many positions as the architecture's context.
pub const SEQUENCES: usize = 3;

/// Numbers by the part of a plan that they belong to: matrices [outputs, inputs], embeddings [rows, d_model], vectors.
pub type Parts = BTreeMap<String, Vec<f32>>;

/// 24 bits for each of the places 0, 1, ...: the upper ones of FNV-1a over the name and the place (four bytes, the
/// lowest first), mixed as at the end of MurmurHash3, since names and places differ in few bits.
fn bits(name: &str, count: usize) -> impl Iterator<Item = u32> + use<> {
    let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let start = name.bytes().fold(0xcbf2_9ce4_8422_2325, fold);
    let hash = move |i: usize| (i as u32).to_le_bytes().into_iter().fold(start, fold);
    let mixed = |hash: u64| {
        let factors = [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53];
        let round = |hash: u64, factor: u64| (hash ^ hash >> 33).wrapping_mul(factor);
        factors.into_iter().fold(hash, round)
    };
    (0..count).map(move |i| (mixed(hash(i)) >> 40) as u32)
}

/// Numbers that follow from the name, evenly spread from -0.5 to 0.5, which f32 holds exactly.
pub fn uniform(name: &str, count: usize) -> impl Iterator<Item = f64> + use<> {
    bits(name, count).map(|bits| f64::from(bits) / f64::from(1 << 24) - 0.5)
}

/// Token ids [[`SEQUENCES`], context + 1]: all but the last of a row are read, all but the first are targets.
pub fn tokens(arch: &ArchSpec) -> Vec<u32> {
    let count = SEQUENCES * (arch.context + 1);
    let vocab = arch.vocab as u32;
    bits("tokens", count).map(|bits| bits % vocab).collect()
}

/// What a part is called here and in `export.py`: `2.MlpNorm.Gain` in the second block, `FinalNorm.Gain` outside.
pub fn part_name(layer: Option<usize>, part: &Part) -> String {
    let place = layer.map(|layer| format!("{layer}.")).unwrap_or_default();
    format!("{place}{:?}.{:?}", part.role, part.kind)
}

/// Weights of an architecture: with mean and deviation as they are drawn before training, but gains, shifts and biases
/// with a deviation of 0.2. A tied unembedding is not among them.
pub fn weights(arch: &ArchSpec) -> Parts {
    let plan = Plan::new(arch);
    let ends = [&plan.start, &plan.end].map(|section| (None, section));
    let blocks = (1..=plan.layers()).map(|layer| (Some(layer), plan.block(layer)));
    let sections = ends.into_iter().chain(blocks);
    let parts = sections.flat_map(|(layer, s)| s.parts.iter().map(move |part| (layer, part)));
    let required = parts.filter(|(_, part)| !part.optional);
    required
        .map(|(layer, part)| {
            let name = part_name(layer, part);
            let values = drawn(&name, part);
            (name, values)
        })
        .collect()
}

fn drawn(name: &str, part: &Part) -> Vec<f32> {
    let (mean, std) = match part.init {
        Draw::Normal { std } => (0.0, std),
        Draw::Orthogonal => (0.0, 1.0 / (part.shape[0] as f64).sqrt()),
        Draw::Ones => (1.0, 0.2),
        Draw::Constant { value } if part.kind == TensorKind::Alpha => (value, 0.2),
        Draw::Zeros | Draw::Constant { .. } => (0.0, 0.2),
    };
    let width = std * 12f64.sqrt();
    let count = part.shape.iter().product();
    uniform(name, count)
        .map(|u| (mean + width * u) as f32)
        .collect()
}
