//! Checkpoints that the elements of an array measure: their tables are those of one process.

use std::path::Path;
use std::process::Command;

use super::cluster::Cluster;
use super::{PATIENCE, files};
use crate::process;

/// Six checkpoints.
const TRAIN: &str = "train --set arch.d_model=32 --set arch.layers=2 --set train.steps=50 --set train.warmup=10 --set train.batch=4 \
     --set schedule.measure=last --set schedule.save=0,every:10 --out trained";
const MEASURE: &str = "measure trained --sinks --observe tails";

/// Measures them here and on the cluster, and compares.
pub(super) fn test(outcrop: &Path, folder: &Path, cluster: &Cluster) -> Result<(), String> {
    println!("the elements of an array measure checkpoints");
    let run = |mut command: Command, line: &str| {
        let words = line.split_whitespace();
        process::finish(command.current_dir(folder).args(words))
    };
    run(Command::new(outcrop), TRAIN)?;
    run(Command::new(outcrop), &format!("{MEASURE} --out one"))?;
    let submit = cluster.command(&outcrop.display().to_string());
    let settings = "--engine slurm --pack 2 --mem 100M --time 00:10:00";
    run(submit, &format!("{MEASURE} --out joined {settings}"))?;
    let joined = folder.join("joined");
    cluster.wait("the joined tables", PATIENCE, || {
        let ended = cluster.said("squeue", &["--noheader"])?.trim().is_empty();
        Ok(ended && joined.join("provenance.json").exists())
    })?;
    let (mut expected, mut found) = (files(&folder.join("one"))?, files(&joined)?);
    for files in [&mut expected, &mut found] {
        files.remove(".lock"); // it names a process
    }
    if !expected.keys().eq(found.keys()) {
        return Err(format!(
            "find the files of one process in {}",
            joined.display()
        ));
    }
    match expected
        .iter()
        .find(|(name, bytes)| found[*name] != **bytes)
    {
        Some((name, _)) => Err(format!(
            "find the same bytes in {name} of a measurement on SLURM"
        )),
        None => {
            println!(
                "{} files of 6 checkpoints have the same bytes",
                expected.len()
            );
            Ok(())
        }
    }
}
