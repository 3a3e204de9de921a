//! Gradients of both ways of computing, our own operations and those composed of Burn's, against PyTorch in
//! float64; see `fixtures/gradients/export_gradients.py`. `--nocapture` shows how far each is away.
#![cfg(feature = "flex")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests, which show their numbers"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::{Gradients, Tensor};
use outcrop_arch::{Activation, ArchSpec, Position, Residual, TensorKind, TensorName};
use outcrop_model::{Backend, NoTap, ParameterMap, Transformer, ids};
use safetensors::SafeTensors;

/// Takes the gradients out, laid out as files have them.
struct Take(Gradients, BTreeMap<String, Vec<f32>>);

impl ParameterMap for Take {
    fn map<const D: usize>(&mut self, weight: &TensorName, tensor: Tensor<D>) -> Tensor<D> {
        let gradient = tensor.grad_remove(&mut self.0).unwrap();
        let gradient = match weight.kind {
            TensorKind::Matrix => gradient.transpose(),
            TensorKind::Embedding | TensorKind::Bias | TensorKind::Gain | TensorKind::Shift => {
                gradient
            }
        };
        self.1
            .insert(weight.name.clone(), gradient.try_into_vec_as().unwrap());
        tensor
    }
}

/// Loss and gradients by name, and the tokens.
struct Exact {
    values: BTreeMap<String, Vec<f64>>,
    tokens: Vec<u32>,
}

fn file(name: &str, what: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/gradients");
    folder.join(format!("{name}.{what}.safetensors"))
}

fn exact(name: &str) -> Exact {
    let bytes = std::fs::read(file(name, "gradients")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let doubles = |bytes: &[u8]| {
        let words = bytes.as_chunks().0.iter();
        words.map(|word| f64::from_le_bytes(*word)).collect()
    };
    let tokens = file.tensor("tokens").unwrap();
    let tokens = tokens.data().as_chunks().0.iter();
    let values = file.tensors().into_iter().filter(|(n, _)| n != "tokens");
    Exact {
        values: values.map(|(n, t)| (n, doubles(t.data()))).collect(),
        tokens: tokens.map(|word| u32::from_le_bytes(*word)).collect(),
    }
}

fn computed(model: &Transformer, tokens: &[u32]) -> BTreeMap<String, Vec<f32>> {
    let positions = model.spec().context;
    let rows = || tokens.chunks(positions + 1);
    let tensor = |from: usize| {
        let tokens: Vec<u32> = rows()
            .flat_map(|row| &row[from..][..positions])
            .copied()
            .collect();
        ids(&tokens, [rows().len(), positions], model.device())
    };
    let loss = model.loss(tensor(0), tensor(1), &mut NoTap);
    let mut take = Take(loss.backward(), BTreeMap::new());
    model.clone().map_parameters(&mut take);
    take.1
        .insert("loss".into(), loss.inner().try_into_vec_as().unwrap());
    take.1
}

/// The largest difference of each tensor, over its own largest number.
fn distances(ours: &BTreeMap<String, Vec<f32>>, exact: &Exact) -> BTreeMap<String, f64> {
    let largest = |values: &[f64]| values.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    assert_eq!(ours.len(), exact.values.len());
    let distance = |(name, exact): (&String, &Vec<f64>)| {
        let ours = &ours[name];
        assert_eq!(ours.len(), exact.len(), "{name}");
        let differences = ours
            .iter()
            .zip(exact)
            .map(|(a, b)| (f64::from(*a) - b).abs());
        let most = differences.fold(0.0, |m, x| if x > m || x.is_nan() { x } else { m });
        (name.clone(), most / largest(exact))
    };
    exact.values.iter().map(distance).collect()
}

/// Head width, d_ff and vocabulary; as CASES of the exporter has them.
fn check(name: &str, [d_head, d_ff, vocab]: [usize; 3], change: impl Fn(&mut ArchSpec)) {
    let exact = exact(name);
    let mut spec = ArchSpec::new(2, 2 * d_head, 2);
    (spec.d_ff, spec.vocab) = (d_ff, vocab);
    change(&mut spec);
    let device = Backend::Flex.device().unwrap().autodiff();
    let model = Transformer::load(&spec, &file(name, "weights"), &device).unwrap();
    let fused = distances(&computed(&model, &exact.tokens), &exact);
    let composed = distances(&computed(&model.composed(), &exact.tokens), &exact);
    let worst = |side: &BTreeMap<String, f64>| side.values().copied().fold(0.0, f64::max);
    let nearer = fused.iter().filter(|(n, d)| **d < composed[*n]).count();
    println!(
        "{name}: at most {:.1e} away, composed {:.1e}; nearer in {nearer} of {}",
        worst(&fused),
        worst(&composed),
        fused.len()
    );
    for (name_of, distance) in fused.iter().chain(&composed) {
        assert!(*distance < 1e-5, "{name}, {name_of}: {distance:.1e}");
    }
}

fn rotary(fraction: f64) -> Position {
    Position::Rotary {
        fraction,
        base: 100.0,
    }
}

#[test]
fn rectifier() {
    check("relu5", [5, 17, 19], |spec| {
        (spec.context, spec.activation) = (13, Activation::Relu);
        (spec.residual, spec.position) = (Residual::Parallel, rotary(0.8));
    });
    check("relu7", [7, 19, 29], |spec| {
        (spec.context, spec.activation, spec.tied) = (21, Activation::Relu, true);
        (spec.residual, spec.position) = (Residual::Sequential, Position::Learned);
    });
}

#[test]
fn exact_gelu() {
    check("gelu5", [5, 23, 21], |spec| {
        (spec.context, spec.activation) = (17, Activation::Gelu);
        (spec.residual, spec.position) = (Residual::Sequential, Position::Learned);
    });
    check("faint5", [5, 11, 13], |spec| {
        (spec.context, spec.activation) = (61, Activation::Gelu);
        (spec.residual, spec.position) = (Residual::Sequential, rotary(0.8));
    });
    check("gelu6", [6, 15, 23], |spec| {
        (spec.context, spec.activation, spec.tied) = (33, Activation::Gelu, true);
        (spec.residual, spec.position) = (Residual::Parallel, rotary(0.5));
    });
}

#[test]
fn tanh_gelu() {
    check("tanh6", [6, 25, 17], |spec| {
        (spec.context, spec.activation) = (9, Activation::GeluTanh);
        (spec.residual, spec.position) = (Residual::Sequential, rotary(1.0));
    });
    check("tanh7", [7, 13, 19], |spec| {
        (spec.context, spec.activation) = (7, Activation::GeluTanh);
        (spec.residual, spec.position) = (Residual::Parallel, rotary(0.6));
    });
}
