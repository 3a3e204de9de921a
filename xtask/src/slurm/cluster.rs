//! A SLURM cluster of one node on this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::process;

/// The programs that it is made of.
const PROGRAMS: [&str; 4] = ["munged", "slurmctld", "slurmd", "sbatch"];
/// The packages of Debian that have them.
const PACKAGES: [&str; 4] = ["munge", "slurmctld", "slurmd", "slurm-client"];
/// Daemons, in the order in which they are ended.
const DAEMONS: [&str; 3] = ["slurmd", "slurmctld", "munged"];

/// A running cluster; it ends when this is dropped.
pub(super) struct Cluster {
    folder: PathBuf,
}

/// Makes sure that the programs are there; says why the test cannot run where they are not.
pub(super) fn install() -> Result<(), String> {
    let id = process::output(Command::new("id").arg("-u")).unwrap_or_default();
    if id.trim() != "0" {
        return Err("it needs root".into());
    }
    if PROGRAMS.iter().all(|program| is_installed(program)) {
        return Ok(());
    }
    if !is_installed("apt-get") {
        return Err("SLURM is not installed, and there is no apt-get to install it".into());
    }
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive");
        command.stdout(Stdio::null()).stderr(Stdio::null());
        process::finish(&mut command)
    };
    let installed = apt(&["update"]).and_then(|()| {
        apt(&[&["install", "-y", "--no-install-recommends"], &PACKAGES[..]].concat())
    });
    installed.map_err(|why| format!("SLURM could not be installed: {why}"))
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(more)
        .any(|folder| folder.join(program).is_file())
}

impl Cluster {
    /// Starts it in `folder` and waits until its node is idle.
    pub(super) fn start(folder: &Path) -> Result<Self, String> {
        let made = ["state", "spool"]
            .iter()
            .try_for_each(|name| fs::create_dir_all(folder.join(name)));
        let host = process::output(Command::new("uname").arg("-n"))?;
        let config = include_str!("slurm.conf.in").replace("@DIR@", &folder.display().to_string());
        let config = config.replace("@HOST@", host.trim().split('.').next().unwrap_or_default());
        let key: Vec<u8> = (0..=255).cycle().take(1024).collect();
        made.and_then(|()| fs::write(folder.join("slurm.conf"), config))
            .and_then(|()| fs::write(folder.join("munge.key"), key))
            .map_err(|e| format!("write into {}: {e}", folder.display()))?;
        process::finish(
            Command::new("chmod")
                .arg("400")
                .arg(folder.join("munge.key")),
        )?;
        let cluster = Self {
            folder: folder.to_owned(),
        };
        let at = |option: &str, name: &str| format!("--{option}={}", folder.join(name).display());
        process::finish(cluster.command("munged").args([
            at("key-file", "munge.key"),
            at("socket", "munge.sock"),
            at("pid-file", "munged.pid"),
            at("log-file", "munged.log"),
            at("seed-file", "munged.seed"),
            "--force".into(),
        ]))?;
        process::finish(&mut cluster.command("slurmctld"))?;
        process::finish(&mut cluster.command("slurmd"))?;
        cluster.wait("a node that is idle", Duration::from_secs(30), || {
            let mut sinfo = cluster.command("sinfo");
            let states = process::output(sinfo.args(["--noheader", "--format=%T"]));
            Ok(states.is_ok_and(|states| states.contains("idle")))
        })?;
        Ok(cluster)
    }

    /// A command that speaks to this cluster.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("SLURM_CONF", self.folder.join("slurm.conf"));
        command.env("PATH", format!("{path}:/usr/sbin:/sbin"));
        command
    }

    /// What a command of this cluster writes.
    pub(super) fn said(&self, program: &str, arguments: &[&str]) -> Result<String, String> {
        process::output(self.command(program).args(arguments))
    }

    /// Looks twice a second whether something is so, and lets elements begin that SLURM holds back for two minutes after they
    /// were queued again.
    pub(super) fn wait(
        &self,
        what: &str,
        most: Duration,
        mut is_so: impl FnMut() -> Result<bool, String>,
    ) -> Result<(), String> {
        let from = Instant::now();
        while !is_so()? {
            if from.elapsed() > most {
                let queue = self.said("squeue", &["--array"]).unwrap_or_default();
                return Err(format!(
                    "see {what} within {} s; in the queue are\n{queue}",
                    most.as_secs()
                ));
            }
            self.release()?;
            sleep(Duration::from_millis(500));
        }
        Ok(())
    }

    fn release(&self) -> Result<(), String> {
        let queued = self.said("squeue", &["--noheader", "--array", "--format=%i|%r"]);
        let queued = queued.unwrap_or_default();
        let held = queued
            .lines()
            .filter_map(|line| line.trim().strip_suffix("|BeginTime"));
        for element in held {
            let now = [&format!("JobId={element}"), "StartTime=now"];
            let mut update = self.command("scontrol");
            // It may have begun in the meantime.
            let _ = update
                .arg("update")
                .args(now)
                .stderr(Stdio::null())
                .status();
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.command("scancel").args(["--user", "root"]).status();
        sleep(Duration::from_secs(1));
        for daemon in DAEMONS {
            let id =
                fs::read_to_string(self.folder.join(format!("{daemon}.pid"))).unwrap_or_default();
            if !id.trim().is_empty() {
                let _ = Command::new("kill").arg(id.trim()).status();
            }
        }
        sleep(Duration::from_secs(1));
    }
}
