//! `outcrop measure --hub`, killed at random instants: the same command ends with the bytes of a
//! straight run.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use outcrop_arch::{ArchSpec, GPT_NEOX};
use outcrop_checkpoint::{Tensor, write_tensors};

use crate::server::{Server, Wire};

const STEPS: [u64; 4] = [0, 1, 2, 4];
/// What a run leaves that must be the same byte for byte.
const TABLES: [&str; 3] = ["measurements.csv", "places.csv", "architectures.csv"];

/// Numbers from 0 to 1 (splitmix64).
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as f64 / u64::MAX as f64
    }
}

/// Small models at [`STEPS`], from a server that breaks off every fifth download.
fn serve(dir: &Path) -> Server {
    let server = Server::start();
    let arch = ArchSpec {
        vocab: 61,
        context: 64,
        ..ArchSpec::new(2, 32, 2)
    };
    for (i, step) in STEPS.iter().enumerate() {
        let mut noise = Noise(*step);
        let tensors = GPT_NEOX.tensors(&arch).unwrap().into_iter();
        let drawn = tensors.map(|t| Tensor {
            data: (0..t.shape.iter().product())
                .map(|_| noise.next() as f32 - 0.5)
                .collect(),
            name: t.name,
            shape: t.shape,
        });
        let path = dir.join("model.safetensors");
        write_tensors(&path, &drawn.collect::<Vec<_>>(), &BTreeMap::new()).unwrap();
        let config = arch.to_config().unwrap().to_string().into_bytes();
        let files = [
            ("config.json", config),
            ("model.safetensors", fs::read(path).unwrap()),
        ];
        for (name, bytes) in files {
            server.put(&format!("step{step}"), &format!("{i:040x}"), name, &bytes);
        }
    }
    let count = AtomicUsize::new(0);
    let hostile = move |line: &str, good: Vec<u8>, wire: &mut Wire| {
        let weights = line.starts_with("GET /cdn") && line.contains("safetensors");
        let breaks = weights && count.fetch_add(1, Ordering::Relaxed) % 5 == 4;
        wire.finish();
        wire.send(&good[..if breaks { good.len() / 2 } else { good.len() }]);
    };
    server.state.lock().unwrap().hostile = Some(Arc::new(hostile));
    server
}

fn start(binary: &Path, server: &Server, dir: &Path) -> Child {
    let steps = STEPS.map(|step| step.to_string()).join(",");
    let mut command = Command::new(binary);
    command.args([
        "measure",
        "--hub",
        "org/tiny",
        "--windows",
        "2",
        "--length",
        "16",
    ]);
    command.args(["--threads", "1", "--steps", &steps]);
    command.arg("--out").arg(dir.join("out"));
    command.arg("--hub-cache").arg(dir.join("cache"));
    command.env("HF_ENDPOINT", &server.endpoint);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Runs to the end; what was left in the tables, or what went wrong.
fn finish(child: Child, dir: &Path) -> Result<Vec<Vec<u8>>, String> {
    let output = child.wait_with_output().unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let read =
        |name: &&str| fs::read(dir.join("out").join(name)).map_err(|e| format!("{name}: {e}"));
    TABLES.iter().map(read).collect()
}

/// Kills `trials` runs, each up to three times, and says of each that did not end as a straight run why.
pub(crate) fn kill(binary: &Path, trials: usize, seed: u64) -> Vec<String> {
    let scratch = tempfile::tempdir().unwrap();
    let server = serve(scratch.path());
    let straight = scratch.path().join("straight");
    let clock = Instant::now();
    let expected = finish(start(binary, &server, &straight), &straight).unwrap();
    let whole = clock.elapsed();
    let mut noise = Noise(seed);
    let mut lost = Vec::new();
    for trial in 0..trials {
        let dir = scratch.path().join("killed");
        let mut moments = Vec::new();
        for _ in 0..1 + (3.0 * noise.next()) as usize {
            let moment = whole.mul_f64(noise.next()).max(Duration::from_millis(1));
            moments.push(moment);
            let mut child = start(binary, &server, &dir);
            std::thread::sleep(moment);
            child.kill().unwrap();
            child.wait().unwrap();
        }
        match finish(start(binary, &server, &dir), &dir) {
            Ok(found) if found == expected => {}
            Ok(_) => lost.push(format!(
                "trial {trial}, killed after {moments:?}: other tables"
            )),
            Err(why) => lost.push(format!("trial {trial}, killed after {moments:?}: {why}")),
        }
        let _ = fs::remove_dir_all(&dir);
    }
    lost
}
