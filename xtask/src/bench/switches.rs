//! `cargo xtask bench switches`: the training loop by PyTorch and by us, of a Llama block and of a GPT-NeoX with one other
//! switch, from the same weights.

use std::ffi::OsString;
use std::process::ExitCode;

use super::train::{self, Case};
use super::training::{self, Shape, Variant};
use crate::bad_use;

pub(super) const ABOUT: &str = "tokens a second of the training loop, by PyTorch and by us, of a Llama block and of each \
     attention switch, on two threads [--rounds N, 5] [--seconds N, 5] [--shape 1..4, the first three] [--threads N] [--variant N, 1 is \
     the Llama block]";

const VARIANTS: [Variant; 16] = [
    Variant {
        name: "llama",
        keys: |shape| {
            format!(
                "norm = \"rms-norm\"\nactivation = \"swiglu\"\nd_ff = {}\nkv_heads = {}\nbias = false\nresidual = \"sequential\"\n\
                 position = {{ kind = \"rotary\", fraction = 1.0, base = 10000.0 }}",
                2 * shape.d_model,
                shape.heads / 2
            )
        },
    },
    attention("softmax-one", |_| "attention = \"softmax-one\"".into()),
    attention("sink-logits", |_| "sink_logits = true".into()),
    attention("key", |_| "kv_bias = \"key\"".into()),
    attention("key-value", |_| "kv_bias = \"key-value\"".into()),
    attention("clipped-softmax", |_| {
        "attention = \"clipped-softmax\"".into()
    }),
    attention("softpick", |_| "attention = \"softpick\"".into()),
    attention("sigmoid", |_| "attention = \"sigmoid\"".into()),
    attention("gate-element", |_| {
        "attention_gate = \"per-element\"".into()
    }),
    attention("gate-head", |_| "attention_gate = \"per-head\"".into()),
    attention("gate-head-slice", |_| {
        "attention_gate = \"per-head-slice\"".into()
    }),
    attention("qk-norm", |_| "qk_norm = true".into()),
    attention("sink-token", |_| "registers = 1".into()),
    attention("softcap", |_| "softcap = { scores = 50.0 }".into()),
    attention("window", |shape| {
        let layers: Vec<usize> = (1..=shape.layers).collect();
        let width = shape.context / 2;
        format!("window = {{ width = {width}, layers = {layers:?} }}")
    }),
    attention("alibi", |_| "position = { kind = \"alibi\" }".into()),
];

const fn attention(name: &'static str, keys: fn(&Shape) -> String) -> Variant {
    Variant { name, keys }
}

pub(super) fn run(arguments: &[OsString]) -> Result<ExitCode, String> {
    let request = match training::request(arguments, ABOUT) {
        Ok(request) => request,
        Err(message) => return Ok(bad_use(&message)),
    };
    let threads = request.threads_or(2);
    let shapes = request.cases().into_iter().map(|(shape, _)| shape);
    let mut shapes: Vec<&'static Shape> = shapes.collect();
    shapes.dedup();
    let of = |shape: &&'static Shape| {
        let shape = *shape;
        let numbered = VARIANTS.iter().enumerate();
        let asked = numbered.filter(|(at, _)| request.variant.is_none_or(|n| n == at + 1));
        asked.map(move |(_, variant)| Case::new(shape, threads, Some(variant)))
    };
    let cases = shapes.iter().flat_map(of).collect();
    train::compare(cases, &request)?;
    Ok(ExitCode::SUCCESS)
}
