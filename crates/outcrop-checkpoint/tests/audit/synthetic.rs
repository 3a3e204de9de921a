//! Series of small models, made up.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use outcrop_checkpoint::{
    Audit, AuditOptions, CheckpointSeries, Code, Finding, Tensor, audit, write_tensors,
};

/// Standard normal enough: the sum of twelve uniforms (splitmix64).
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn uniform(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as f32 / u64::MAX as f32
    }

    pub(crate) fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.uniform()).sum::<f32>() - 6.0
    }
}

pub(crate) const NAMES: [&str; 4] = [
    "gpt_neox.embed_in.weight",
    "gpt_neox.layers.0.attention.dense.weight",
    "gpt_neox.layers.1.attention.dense.weight",
    "gpt_neox.layers.2.attention.dense.weight",
];

pub(crate) type Tensors = Vec<Tensor>;

pub(crate) fn model(noise: &mut Noise) -> Tensors {
    let matrix = |name: &&str| Tensor {
        name: name.to_string(),
        shape: vec![24, 16],
        data: (0..24 * 16).map(|_| noise.normal()).collect(),
    };
    let mut model: Tensors = NAMES.iter().map(matrix).collect();
    // As a fresh layer norm and a buffer: the same in every step, and no reason for suspicion.
    for (name, shape) in [
        ("norm.weight", vec![16]),
        ("ones", vec![4, 4]),
        ("mask", vec![2, 2]),
    ] {
        let n = shape.iter().product();
        let data = (0..n)
            .map(|i| if name == "mask" { i as f32 } else { 1.0 })
            .collect();
        model.push(Tensor {
            name: name.into(),
            shape,
            data,
        });
    }
    model
}

/// The matrices take one step of a random walk.
pub(crate) fn walk(model: &Tensors, size: f32, noise: &mut Noise) -> Tensors {
    let mut next = model.clone();
    for tensor in next.iter_mut().take(NAMES.len()) {
        tensor
            .data
            .iter_mut()
            .for_each(|v| *v += size * noise.normal());
    }
    next
}

pub(crate) fn write(dir: &Path, step: u64, model: &[Tensor]) {
    let folder = dir.join(format!("step{step}"));
    fs::create_dir_all(&folder).unwrap();
    write_tensors(&folder.join("model.safetensors"), model, &BTreeMap::new()).unwrap();
}

/// As two shards, the first two tensors in one and the rest in the other.
pub(crate) fn write_shards(dir: &Path, step: u64, first: &[Tensor], second: &[Tensor]) {
    let folder = dir.join(format!("step{step}"));
    fs::create_dir_all(&folder).unwrap();
    let mut map = serde_json::Map::new();
    for (file, tensors) in [("a.safetensors", first), ("b.safetensors", second)] {
        write_tensors(&folder.join(file), tensors, &BTreeMap::new()).unwrap();
        map.extend(tensors.iter().map(|t| (t.name.clone(), file.into())));
    }
    let index = serde_json::json!({ "weight_map": map }).to_string();
    fs::write(folder.join("model.safetensors.index.json"), index).unwrap();
}

pub(crate) fn audited(dir: &Path) -> Audit {
    audit(
        &CheckpointSeries::open(dir).unwrap(),
        &AuditOptions::default(),
    )
}

pub(crate) fn of(audit: &Audit, code: Code) -> Vec<&Finding> {
    audit.findings.iter().filter(|f| f.code == code).collect()
}

pub(crate) fn suspects(audit: &Audit) -> Vec<u64> {
    audit.suspect_steps().into_iter().collect()
}

/// Pythia's steps up to the last.
pub(crate) fn pythia(last: u64) -> Vec<u64> {
    let powers = std::iter::once(0).chain((0..10).map(|p| 1 << p));
    powers.chain((1..=last / 1000).map(|k| 1000 * k)).collect()
}

/// As training moves weights: towards where they end, fast in the middle of log(step), with noise.
pub(crate) fn trained(steps: &[u64], seed: u64) -> Vec<Tensors> {
    let mut noise = Noise(seed);
    let (start, end) = (model(&mut noise), model(&mut noise));
    let mut drift = start.clone();
    let mut last = 0.0;
    steps
        .iter()
        .map(|&step| {
            let way = 1.0 / (1.0 + (1000.0 / (step as f32 + 0.1)).powf(1.2));
            drift = walk(&drift, 0.3 * (way - last), &mut noise);
            last = way;
            let mut now = drift.clone();
            for ((now, start), end) in now.iter_mut().zip(&start).zip(&end) {
                for (i, v) in now.data.iter_mut().enumerate() {
                    *v += way * (end.data[i] - start.data[i]);
                }
            }
            now
        })
        .collect()
}
