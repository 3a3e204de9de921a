//! A folder with small stand-ins of everything that command lines name.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A run whose checkpoints any tokenizer of up to 640 tokens fits.
const RUN: &str = "model = 'bb-3x64-h1-ff4'
[arch]
layers = 3
d_model = 16
heads = 1
context = 32
vocab = 640
[train]
steps = 64
batch = 4
learning_rate = 1e-2
warmup = 10
[schedule]
measure = '0,1,every:3'
save = '0,every:8'
[measure]
observe = 'tokens'
";

/// Models of the atlas that stand for all of them: what varies among these varies here, and lambda is
/// identified in some. Scoring all of them would take minutes.
const MODELS: [&str; 16] = [
    "bb-1x48-h1-ff8",
    "bb-1x48-h1-ff4-s2",
    "bb-1x96-h4-ff2",
    "bb-2x32-h4-ff8",
    "bb-2x48-h2-ff1",
    "bb-2x96-h1-ff4",
    "bb-2x128-h2-ff8",
    "bb-3x64-h1-ff4",
    "bb-3x128-h2-ff2",
    "bb-4x32-h1-ff8-s2",
    "bb-4x32-h2-ff8",
    "bb-4x96-h2-ff8",
    "bb-5x64-h2-ff2",
    "bb-6x32-h4-ff2",
    "bb-6x48-h4-ff1",
    "bb-6x128-h4-ff4",
];

/// A small Gemma 2.
const GEMMA: &str = r#"{"model_type": "gemma2", "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 1, "head_dim": 12, "intermediate_size": 48, "vocab_size": 65, "max_position_embeddings": 64,
    "hidden_activation": "gelu_pytorch_tanh", "query_pre_attn_scalar": 12, "sliding_window": 16}"#;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

pub(super) struct World(TempDir);

impl World {
    pub(super) fn new() -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        world.runs();
        world.series();
        world.results();
        world.tables();
        world
    }

    fn at(&self, path: &str) -> PathBuf {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    /// A copy to work in.
    pub(super) fn copy(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        copy(self.0.path(), folder.path());
        folder
    }

    fn runs(&self) {
        std::fs::write(self.at("spec.toml"), RUN).unwrap();
        for folder in ["gemma", "gemma-2-2b"] {
            std::fs::create_dir_all(self.at(folder)).unwrap();
            std::fs::write(self.at(&format!("{folder}/config.json")), GEMMA).unwrap();
        }
        let train = |out: &str, more: &[&str]| {
            let status = outcrop()
                .args(["train", "-q", "spec.toml", "--out", out])
                .args(more)
                .current_dir(self.0.path())
                .output();
            assert!(status.unwrap().status.success());
        };
        train("runs/quick/runs/bb-3x64-h1-ff4", &[]);
        train(
            "runs/default",
            &["--set", "arch.d_model=24", "--set", "model=default"],
        );
        for seed in ["1", "2", "3"] {
            let (name, seed) = (format!("mine-s{seed}"), format!("train.seed={seed}"));
            let model = format!("model={name}");
            let out = format!("runs/mine-seeds/runs/{name}");
            train(&out, &["--set", &model, "--set", &seed]);
        }
        for (variant, d_ff) in [("default", "64"), ("wide", "96")] {
            for seed in ["1", "2"] {
                let settings = [
                    format!("model={variant}-s{seed}"),
                    format!("arch.d_ff={d_ff}"),
                    format!("train.seed={seed}"),
                ];
                let settings: Vec<&str> = settings.iter().flat_map(|s| ["--set", s]).collect();
                train(&format!("runs/control/runs/{variant}-s{seed}"), &settings);
            }
        }
        let run = self.at("runs/quick/runs/bb-3x64-h1-ff4");
        copy(&run, &self.at("runs/mine"));
        for table in ["measurements.csv", "architectures.csv"] {
            let to = self.at(&format!("measured/pythia-14m/{table}"));
            std::fs::copy(run.join(table), to).unwrap();
        }
        let printed = outcrop()
            .args(["train", "--print-default"])
            .output()
            .unwrap()
            .stdout;
        for spec in ["my-run.toml", "mine.toml"] {
            std::fs::write(self.at(spec), &printed).unwrap();
        }
    }

    /// Checkpoints by step with a tokenizer, on their own and as a hub's cache has them.
    fn series(&self) {
        let saved = self.at("runs/mine/checkpoints");
        let tokenizer = "crates/outcrop-tokens/tests/fixtures/bpe/tokenizer.json";
        for (i, step) in (0..).zip((0..64).step_by(8)) {
            let from = saved.join(format!("step-{step:06}"));
            for series in ["pythia-70m", "pythia-2.8b"] {
                self.checkpoint(&from, &format!("{series}/step{step}"), tokenizer);
            }
            let cache = "models--EleutherAI--pythia-70m";
            let commit = format!("{i}{}", &COMMIT[1..]);
            std::fs::write(self.at(&format!("{cache}/refs/step{step}")), &commit).unwrap();
            self.checkpoint(&from, &format!("{cache}/snapshots/{commit}"), tokenizer);
        }
        self.checkpoint(&saved.join("step-000064"), "model", tokenizer);
        let document = "{\"text\": \"Massive activations are few, large, and early. \"}\n";
        std::fs::write(self.at("documents.jsonl"), document.repeat(2000)).unwrap();
        std::fs::write(self.at("ids.npy"), npy(4, 32)).unwrap();
    }

    fn checkpoint(&self, from: &Path, to: &str, tokenizer: &str) {
        let to = self.at(to);
        std::fs::create_dir_all(&to).unwrap();
        for file in ["model.safetensors", "config.json"] {
            std::fs::copy(from.join(file), to.join(file)).unwrap();
        }
        std::fs::copy(repository().join(tokenizer), to.join("tokenizer.json")).unwrap();
    }

    /// Some of the atlas, under the names of results folders.
    fn results(&self) {
        for table in ["architectures.csv", "fits.csv"] {
            let all = std::fs::read_to_string(repository().join("data/atlas").join(table)).unwrap();
            let of_ours = |line: &&str| {
                let model = line.split(',').next().unwrap_or_default();
                model == "model" || MODELS.contains(&model)
            };
            let some = all.lines().filter(of_ours).collect::<Vec<_>>().join("\n") + "\n";
            for folder in [
                "data/atlas",
                "data/atlas2",
                "data/atlas3",
                "runs/quick",
                "runs/small",
            ] {
                std::fs::write(self.at(&format!("{folder}/{table}")), &some).unwrap();
            }
        }
        let measured = self.at("runs/mine/measurements.csv");
        std::fs::copy(measured, self.at("runs/quick/measurements.csv")).unwrap();
    }

    fn tables(&self) {
        let fit = "crates/outcrop-fit/examples/data";
        copy(&repository().join(fit), &self.at(fit));
        std::fs::create_dir_all(self.at("crates/outcrop/data")).unwrap();
        let series = "crates/outcrop-fit/tests/fixtures/trial_series.csv";
        let all = std::fs::read_to_string(repository().join(series)).unwrap();
        let some = all.lines().take(1 + 2 * 37).collect::<Vec<_>>().join("\n") + "\n";
        std::fs::write(self.at(series), &some).unwrap();
        for table in ["trajectories.csv", "TABLE"] {
            std::fs::write(self.at(table), &some).unwrap();
        }
        std::fs::copy(
            self.at("runs/mine/measurements.csv"),
            self.at("measurements.csv"),
        )
        .unwrap();
        std::fs::write(self.at("observables.csv"), observables()).unwrap();
        std::fs::write(self.at("seeds.csv"), seeds()).unwrap();
        let published = repository().join("crates/outcrop-core/tests/fixtures/published");
        copy(&published, &self.at("pythia-massive-activations"));
        copy(&published.join("pythia_14m"), &self.at("pythia_70m"));
        // as many steps as a fit needs
        for step in [2000, 4000, 8000] {
            let stats = published.join("pythia_14m/stats/exp2_pythia_14m_step1000");
            let later = format!("pythia_70m/stats/exp2_pythia_14m_step{step}");
            std::fs::copy(&stats, self.at(&later)).unwrap();
        }
    }
}

/// Steps at which stand-ins are observed.
fn steps() -> impl Iterator<Item = u32> {
    std::iter::once(0).chain((0..24).map(|i| 1 << (i / 2)).scan(0, |last, step| {
        *last = step.max(*last + 1);
        Some(*last)
    }))
}

/// From 0 to 1 around step 60, with a wiggle.
fn rise(step: u32, phase: f64) -> f64 {
    let t = f64::from(step).max(0.5);
    1.0 / (1.0 + (60.0 / t).powi(2)) + 0.01 * (3.1 * t.ln() + phase).sin()
}

/// A long table: two observables of the layers, and one of the heads.
fn observables() -> String {
    let mut csv = "model,step,layer,head,place,observable,value,sem,n\n".to_owned();
    for (step, layer) in steps().flat_map(|step| [(step, 1), (step, 2)]) {
        let up = rise(step, f64::from(layer));
        let norm = 5.0 + 40.0 * up;
        csv += &format!("m,{step},{layer},,residual-stream,norm_first,{norm},0.5,8\n");
        let near_zero = 0.1 + 0.7 * up;
        csv += &format!("m,{step},{layer},,attention-input,near_zero,{near_zero},0.01,8\n");
        let drain = 1.1 - up;
        csv += &format!("m,{step},{layer},1,values,value_drain,{drain},0.02,8\n");
    }
    csv
}

/// The ratio of one layer in three seeds.
fn seeds() -> String {
    let mut csv = "model,layer,step,ratio\n".to_owned();
    for (step, seed) in steps().flat_map(|step| [(step, 1), (step, 2), (step, 3)]) {
        csv += &format!(
            "seed{seed},1,{step},{}\n",
            3.0 + 90.0 * rise(step, f64::from(seed))
        );
    }
    csv
}

fn outcrop() -> Command {
    Command::new(env!("CARGO_BIN_EXE_outcrop"))
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &to),
            false => drop(std::fs::copy(&path, &to).unwrap()),
        }
    }
}

/// Rows of ids as NumPy saves them.
fn npy(rows: u32, columns: u32) -> Vec<u8> {
    let header =
        format!("{{'descr': '<u4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    let header = format!("{header:<117}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    (0..rows * columns).for_each(|id| bytes.extend((id % 600).to_le_bytes()));
    bytes
}
