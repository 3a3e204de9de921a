//! `cargo xtask test-slurm`: a sweep on a real SLURM of one node, whose elements are preempted, stopped ahead of a time
//! limit and killed, ends with the bits of the same sweep without a cluster; so do checkpoints that an array measures.

mod cluster;
mod measure;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use self::cluster::Cluster;
use crate::process;

/// Six runs of some seconds each on one core.
const PROFILE: &str = "name = 'six'
description = 'six runs that can be interrupted'
seeds = [1, 2]
[base.arch]
d_model = 32
heads = 2
context = 64
[base.train]
steps = 960
batch = 16
learning_rate = 1e-2
warmup = 20
[base.schedule]
measure = '0,every:20'
save = 'every:240'
[design]
kind = 'grid'
[design.arch]
layers = [1, 2, 3]
";

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(240);

/// Runs the test, or says why it is skipped.
pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, String> {
    if let Some(argument) = arguments.first() {
        let argument = argument.to_string_lossy();
        return Ok(crate::bad_use(&format!(
            "`{argument}`: test-slurm takes no arguments"
        )));
    }
    if let Err(why) = cluster::install() {
        println!("test-slurm: skipped, since {why}");
        return Ok(ExitCode::SUCCESS);
    }
    process::finish(&mut crate::reproduce::build(&[]))?;
    let outcrop = crate::reproduce::beside_us("outcrop")?;
    let folder = std::env::temp_dir().join(format!("outcrop-slurm-{}", std::process::id()));
    fs::create_dir_all(&folder).map_err(|e| format!("make {}: {e}", folder.display()))?;
    let from = Instant::now();
    let tested = test(&outcrop, &folder);
    match &tested {
        Ok(()) => drop(fs::remove_dir_all(&folder)),
        Err(_) => eprintln!("its files are in {}", folder.display()),
    }
    tested?;
    println!("test-slurm: passed in {} s", from.elapsed().as_secs());
    Ok(ExitCode::SUCCESS)
}

fn test(outcrop: &Path, folder: &Path) -> Result<(), String> {
    let profile = folder.join("six.toml");
    fs::write(&profile, PROFILE).map_err(|e| format!("write {}: {e}", profile.display()))?;
    let (local, array) = (folder.join("local"), folder.join("array"));
    let sweep = |command: Command, out: &Path| {
        let mut command = command;
        command
            .current_dir(folder)
            .arg("sweep")
            .arg(&profile)
            .arg("--out")
            .arg(out);
        command
    };
    process::finish(
        sweep(Command::new(outcrop), &local).args(["--engine", "local", "--jobs", "2"]),
    )?;
    let cluster = Cluster::start(folder)?;
    let mut submit = sweep(cluster.command(&outcrop.display().to_string()), &array);
    process::finish(submit.args(["--engine", "slurm", "--mem", "100M", "--time", "00:10:00"]))?;
    let job = job(&array)?;
    let sweep = Sweep {
        cluster: &cluster,
        outcrop,
        array: &array,
        job,
    };
    sweep.interrupt()?;
    sweep.compare(&local)?;
    measure::test(outcrop, folder, &cluster)
}

/// The job of the only array.
fn job(array: &Path) -> Result<String, String> {
    let path = array.join("slurm/jobs.jsonl");
    let text = fs::read_to_string(&path).map_err(|e| format!("read {}: {e}", path.display()))?;
    let job = text.split('"').nth(3).map(str::to_owned);
    job.ok_or_else(|| format!("find a job in {}", path.display()))
}

/// The sweep on the cluster.
struct Sweep<'a> {
    cluster: &'a Cluster,
    outcrop: &'a Path,
    array: &'a Path,
    job: String,
}

impl Sweep<'_> {
    /// Kills the process of one element, stops another as ahead of its time limit, and preempts those that run then.
    fn interrupt(&self) -> Result<(), String> {
        self.wait_for(0, 20)?;
        self.wait_for(1, 20)?;
        let element = |index: usize| format!("{}_{index}", self.job);
        // before it ends by itself
        println!("the process of element 1 is killed");
        let process = self.process(1)?;
        process::finish(Command::new("kill").args(["-KILL", &process]))?;
        println!("element 0 gets SIGUSR2, as ahead of its time limit");
        let mut scancel = self.cluster.command("scancel");
        let scancel = scancel
            .args(["--signal=USR2", &element(0)])
            .stderr(Stdio::null());
        let mut scancel = scancel.spawn().map_err(|e| format!("start scancel: {e}"))?;
        let asked = self.wait_in_log(0, "75");
        let _ = scancel.kill().and_then(|()| scancel.wait()); // it would go on trying for a minute
        asked?;
        self.wait_in_log(1, "137")?;
        self.wait_for(2, 20)?;
        println!("a job of another partition preempts what runs");
        let urgent = [
            "--partition=urgent",
            "--exclusive",
            "--output=/dev/null",
            "--wrap=sleep 1",
        ];
        self.cluster.said("sbatch", &urgent)?;
        self.cluster.wait("an end of all runs", PATIENCE, || {
            Ok(self.status()?.starts_with("6 runs: 6 finished"))
        })?;
        self.check_preempted()?;
        self.cluster.wait("the report", PATIENCE, || {
            Ok(self.array.join("report/report.html").exists())
        })
    }

    /// That the scripts of some elements say so.
    fn check_preempted(&self) -> Result<(), String> {
        let is_preempted = |index: usize| {
            let log = fs::read_to_string(self.log(index)).unwrap_or_default();
            log.contains("DUE TO PREEMPTION")
        };
        match (0..6).any(is_preempted) {
            true => Ok(()),
            false => Err("see an element that was preempted".into()),
        }
    }

    /// What an element wrote.
    fn log(&self, index: usize) -> PathBuf {
        self.array.join(format!("slurm/{}_{index}.out", self.job))
    }

    fn status(&self) -> Result<String, String> {
        let outcrop = self.outcrop.display().to_string();
        self.cluster.said(
            &outcrop,
            &["sweep", "status", &self.array.display().to_string()],
        )
    }

    /// The run directory of an element.
    fn run(&self, index: usize) -> PathBuf {
        self.array.join("runs").join(model(index))
    }

    /// Waits until an element has measured a step.
    fn wait_for(&self, index: usize, step: u64) -> Result<(), String> {
        let line = format!("\n{},{step},", model(index));
        self.cluster
            .wait(&format!("step {step} of element {index}"), PATIENCE, || {
                let rows = fs::read_to_string(self.run(index).join("measurements.csv"));
                Ok(rows.is_ok_and(|rows| rows.contains(&line)))
            })
    }

    /// Waits until the script of an element said that it asks to be queued again, after this exit status.
    fn wait_in_log(&self, index: usize, status: &str) -> Result<(), String> {
        let log = self.log(index);
        let words = format!("exit status {status}, queued again");
        self.cluster
            .wait(&format!("`{words}` of element {index}"), PATIENCE, || {
                Ok(fs::read_to_string(&log).is_ok_and(|text| text.contains(&words)))
            })
    }

    /// The process that trains an element, as the lock of its run directory names it.
    fn process(&self, index: usize) -> Result<String, String> {
        let path = self.run(index).join(".lock");
        let holder =
            fs::read_to_string(&path).map_err(|e| format!("read {}: {e}", path.display()))?;
        let id = holder.split("(process ").nth(1);
        let id = id.and_then(|rest| rest.split_whitespace().next());
        id.map(str::to_owned)
            .ok_or_else(|| format!("find a process in `{holder}`"))
    }

    /// Compares the files of all runs; where an interruption fell, a checkpoint stays that a straight run does not write.
    fn compare(&self, local: &Path) -> Result<(), String> {
        let (expected, found) = (
            files(&local.join("runs"))?,
            files(&self.array.join("runs"))?,
        );
        for (name, bytes) in &expected {
            match found.get(name) {
                Some(same) if same == bytes => {}
                Some(_) => return Err(format!("find the same bits in {name} of a sweep on SLURM")),
                None => return Err(format!("find {name} in a sweep on SLURM")),
            }
        }
        println!("{} files of 6 runs have the same bits", expected.len());
        Ok(())
    }
}

/// The name of a run: of two seeds of each of three points.
fn model(index: usize) -> String {
    format!("six-{:04}-s{}", index / 2 + 1, index % 2 + 1)
}

/// Every file below a folder with its content.
fn files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let read = |e: std::io::Error| format!("read {}: {e}", folder.display());
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(current) = open.pop() {
        for entry in fs::read_dir(&current).map_err(read)? {
            let path = entry.map_err(read)?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path
                    .strip_prefix(folder)
                    .unwrap_or(&path)
                    .display()
                    .to_string();
                found.insert(name, fs::read(&path).map_err(read)?);
            }
        }
    }
    Ok(found)
}
