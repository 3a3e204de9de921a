//! Run directories with tables of what was measured, made without training.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::Path;

/// A small run.
pub(crate) const SPEC: &str = "model = 'm'
[arch]
layers = 2
d_model = 16
heads = 2
context = 16
[train]
steps = 6
batch = 2
warmup = 2
[schedule]
measure = '0,every:2'
";

/// Layers whose ratio grows as the emergence curve does, to a height that the architecture decides.
pub(crate) fn run(folder: &Path, name: &str, layers: u32, d_model: usize) {
    std::fs::create_dir_all(folder).unwrap();
    let spec = SPEC
        .replace("'m'", &format!("'{name}'"))
        .replace("layers = 2", &format!("layers = {layers}"))
        .replace("d_model = 16", &format!("d_model = {d_model}"));
    std::fs::write(folder.join("run.toml"), spec).unwrap();
    let mut csv = "model,step,sequence,layer,top1,top2,top3,median\n".to_owned();
    for i in 0..24u32 {
        let step = 1.4f64.powi(i as i32).floor() - 1.0;
        for layer in 1..=layers {
            let height = d_model as f64 / 4.0 + f64::from(layer);
            let ratio = 5.0 + height * (1.0 - (-step / 200.0).exp());
            csv += &format!("{name},{step},0,{layer},{ratio},1,1,1\n");
        }
    }
    std::fs::write(folder.join("measurements.csv"), csv).unwrap();
}

/// Six run directories below `runs`, m0 to m5, of six architectures: enough to learn from.
pub(crate) fn six_models(runs: &Path) {
    for (i, (layers, width)) in [(1, 16), (2, 16), (2, 32), (3, 32), (3, 48), (4, 64)]
        .into_iter()
        .enumerate()
    {
        let name = format!("m{i}");
        run(&runs.join(&name), &name, layers, width);
    }
}
