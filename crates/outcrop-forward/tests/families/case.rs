//! One model of `export.py`, with the weights that both sides draw.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use outcrop_checkpoint::{Tensor, write_tensors};
use serde::Deserialize;
use serde_json::Value;

/// What `export.py` writes of a model.
#[derive(Clone, Deserialize)]
pub(crate) struct Case {
    pub(crate) config: Value,
    /// Name, shape, mean and scale of every tensor of its file.
    tensors: Vec<(String, Vec<usize>, f32, f32)>,
    pub(crate) ids: Vec<Vec<u32>>,
    /// By layer and sequence.
    pub(crate) layers: Vec<Vec<State>>,
    pub(crate) loss: Vec<f64>,
    /// By layer that has a router.
    #[serde(default)]
    pub(crate) routers: Vec<Router>,
    /// Of the first sequence, the attention that the first position receives, by layer and head; of some models.
    #[serde(default)]
    pub(crate) sinks: Vec<Vec<f64>>,
    /// Name in the file of tensors that are not called there as they are here, and whether they are transposed there.
    #[serde(skip)]
    pub(crate) renamed: HashMap<String, (String, bool)>,
}

/// What the router of a layer did with all tokens.
#[derive(Clone, Deserialize)]
pub(crate) struct Router {
    /// From 1.
    pub(crate) layer: usize,
    /// By expert, the tokens that chose it.
    pub(crate) counts: Vec<usize>,
    /// By expert, the mean probability.
    pub(crate) probabilities: Vec<f64>,
}

/// What is known of the residual stream of one sequence after one layer.
#[derive(Clone, Deserialize)]
pub(crate) struct State {
    pub(crate) max: f64,
    /// Magnitude, position, channel.
    pub(crate) top: [(f64, u32, u32); 3],
    pub(crate) median: f64,
    /// Whole rows by position.
    pub(crate) rows: HashMap<usize, Vec<f64>>,
}

impl Case {
    pub(crate) fn model_type(&self) -> &str {
        self.config["model_type"].as_str().unwrap()
    }

    /// The tensors of its file.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.iter().map(|(name, ..)| name.as_str())
    }

    /// Gives a tensor one more row.
    pub(crate) fn reshape(&mut self, name: &str) {
        let mut tensors = self.tensors.iter_mut();
        tensors.find(|(known, ..)| known == name).unwrap().1[0] += 1;
    }

    /// Draws the tensors whose names end so from a range that is wider by this factor.
    pub(crate) fn widen(&mut self, end: &str, by: f32) {
        let tensors = self.tensors.iter_mut();
        let named = tensors.filter(|(name, ..)| name.ends_with(end));
        named.for_each(|(_, _, _, scale)| *scale *= by);
    }

    /// Takes a tensor out.
    pub(crate) fn remove(&mut self, name: &str) {
        self.tensors.retain(|(known, ..)| known != name);
    }

    /// Writes the config and the weights into `folder`, as a published checkpoint has them.
    pub(crate) fn write(&self, folder: &Path) {
        std::fs::write(folder.join("config.json"), self.config.to_string()).unwrap();
        let tensor = |(name, shape, mean, scale): &(String, Vec<usize>, f32, f32)| {
            let data = drawn(name, shape.iter().product(), *mean, *scale);
            match (self.renamed.get(name), shape.as_slice()) {
                (Some((name, true)), [rows, columns]) => Tensor {
                    name: name.clone(),
                    shape: vec![*columns, *rows],
                    data: transposed(&data, *columns),
                },
                (renamed, _) => Tensor {
                    name: renamed.map_or(name, |(name, _)| name).clone(),
                    shape: shape.clone(),
                    data,
                },
            }
        };
        let tensors: Vec<Tensor> = self.tensors.iter().map(tensor).collect();
        let path = folder.join("model.safetensors");
        write_tensors(&path, &tensors, &BTreeMap::new()).unwrap();
    }
}

/// A matrix of so many columns with rows for columns.
fn transposed(data: &[f32], columns: usize) -> Vec<f32> {
    let column = |c: usize| data.iter().skip(c).step_by(columns).copied();
    (0..columns).flat_map(column).collect()
}

/// The numbers of a tensor: FNV-1a of its name, then splitmix64 of the index; the same in `export.py`.
fn drawn(name: &str, count: usize, mean: f32, scale: f32) -> Vec<f32> {
    let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    });
    let number = |i: usize| {
        let mut z = seed.wrapping_add((i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        mean + scale * ((z >> 40) as f32 / (1u32 << 24) as f32 - 0.5)
    };
    (0..count).map(number).collect()
}
