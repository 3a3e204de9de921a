//! A series that the elements of a job array measure, each checkpoint into a folder of its own, and the tables of all
//! elements as those of one process.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args as _;
use outcrop_core::{Error as CoreError, sha256_hex};
use outcrop_series::Folder;

use super::out_folder::OutFolder;
use super::share::Share;
use super::{Args, Work, measure, origin};
use crate::cli::engine::Engine;
use crate::cli::output::{print, say};
use crate::cli::sweep::submit;
use crate::cli::{clock, stop, voice};
use crate::cluster::{Attempts, Measures, Settings, Submission};
use crate::pipeline::{LineHead, Manifest, Results, check_extends, heads, heads_at, write_lines};
use crate::{Error, Result};

#[derive(clap::Args)]
#[command(next_help_heading = "Cluster")]
pub(super) struct ClusterArgs {
    /// What measures: this process, or job arrays of SLURM, whose tables are joined when all elements are over.
    #[arg(long, value_enum, default_value = "local")]
    engine: Engine,
    /// Only write the tables of what elements of --engine slurm have measured; the job after them does it.
    #[arg(long, requires = "out", conflicts_with = "engine")]
    join: bool,
    /// The first checkpoint of an element.
    #[arg(long, hide = true, requires = "out", conflicts_with = "engine")]
    index: Option<usize>,
    /// Checkpoints from there on.
    #[arg(long, hide = true, default_value_t = 1)]
    count: usize,
    #[command(flatten)]
    settings: Settings,
}

/// Measures here what is asked of this process, or hands all of it to a cluster.
pub(super) fn run(args: &Args) -> Result<()> {
    let cluster = &args.cluster;
    match (cluster.engine, cluster.index, cluster.join) {
        (_, Some(index), _) => element(args, index),
        (_, None, true) => join(args),
        (Engine::Slurm, None, false) => start(args),
        (Engine::Local, None, false) => {
            let stop =
                stop::on_signal("stopping after this checkpoint (once more to stop at once)")?;
            measure(args, &stop, Work::default())
        }
    }
}

/// The folder beside that of the tables in which elements work.
fn parts(out: &OutFolder) -> Results {
    let mut name = out.folder.clone().into_os_string();
    name.push(".parts");
    Results::new(PathBuf::from(name))
}

/// The folder that `--out` names, which elements and the job after them are always given.
fn parts_of(args: &Args) -> Results {
    parts(&OutFolder::new(args.out.as_deref(), ""))
}

/// Writes a line for each checkpoint, and submits those that are not measured.
fn start(args: &Args) -> Result<()> {
    if args.threads.is_some() {
        let allowed = "left out with --engine slurm: --cpus says how many cores an element has";
        return Err(CoreError::range("--threads", "a number", allowed).into());
    }
    if let Some(name) = args.observe.compares_steps() {
        let allowed = "what is of one checkpoint: it compares steps, and elements measure them apart; measure it without \
                       --engine slurm";
        return Err(CoreError::range("--observe", name, allowed).into());
    }
    let stop = stop::on_signal("stopping (once more to stop at once)")?;
    let series = origin::listed(&args.origin, &stop).map_err(Error::or_interrupted)?;
    let model = args.model.clone().unwrap_or(series.name);
    let name = origin::with_stage(&model, series.stage.as_ref());
    let out = OutFolder::new(args.out.as_deref(), &name);
    let target = args.out.clone().unwrap_or_else(|| out.folder.clone());
    let measures = Measures {
        words: words(std::env::args_os().skip(1), &target)?,
        from: here()?,
    };
    let what = sha256_hex(measures.words.join("\n").as_bytes());
    let lines = series.steps.iter().enumerate();
    let lines: Vec<LineHead> = lines
        .map(|(index, step)| LineHead::of_checkpoint(index, *step, &what))
        .collect();
    let results = parts(&out);
    let _lock = results.claim(&[], &clock::holder("measure"))?;
    let ids: Vec<&str> = lines.iter().map(|line| line.id.as_str()).collect();
    check_extends(&results, &ids)?;
    write_lines(&results, &lines)?;
    print(&format!(
        "{}: {} checkpoints of {model}",
        Manifest::file(&results).display(),
        lines.len()
    ));
    let submission = Submission {
        sweep: name,
        backend: args.backend.clone(),
        measures: Some(measures),
        settings: args.cluster.settings.clone(),
    };
    submit(&submission, &results, args.origin.dry_run)
}

/// The folder that the process is in.
fn here() -> Result<String> {
    let here = std::env::current_dir().map_err(|e| CoreError::io("find", "this folder", e))?;
    utf8(here.into_os_string())
}

fn utf8(word: std::ffi::OsString) -> Result<String> {
    word.into_string().map_err(|word| {
        let allowed = "UTF-8 with --engine slurm, since it stands in a script";
        CoreError::range("argument", word.display(), allowed).into()
    })
}

/// The words of this command without those about the cluster, and with the folder of the tables.
fn words(all: impl Iterator<Item = std::ffi::OsString>, out: &Path) -> Result<Vec<String>> {
    let settings = Settings::augment_args(clap::Command::new(""));
    let names = settings.get_arguments().filter_map(clap::Arg::get_long);
    let with_value: BTreeSet<String> = names
        .chain(["engine", "out"])
        .map(|name| format!("--{name}"))
        .chain(["-o".to_owned()])
        .collect();
    let (mut kept, mut all) = (Vec::new(), all);
    while let Some(word) = all.next() {
        let word = utf8(word)?;
        let name = word.split_once('=').map_or(word.as_str(), |(name, _)| name);
        let is_joined = name.len() < word.len() || (word.starts_with("-o") && word.len() > 2);
        match () {
            () if word == "--dry-run" => {}
            () if with_value.contains(&word) => drop(all.next()),
            () if is_joined && (with_value.contains(name) || word.starts_with("-o")) => {}
            () => kept.push(word),
        }
    }
    kept.extend(["--out".to_owned(), utf8(out.as_os_str().to_owned())?]);
    Ok(kept)
}

/// Measures the checkpoints of an element. The exit status is as that of `sweep run`.
fn element(args: &Args, index: usize) -> Result<()> {
    let stop = stop::on_first_signal("stopping after this checkpoint")?;
    let results = parts_of(args);
    let manifest = Manifest::file(&results);
    let end = index.saturating_add(args.cluster.count);
    let lines = heads_at(&manifest, index..end)?;
    if lines.is_empty() {
        let reason = format!("it has no line {}", index + 1);
        return Err(CoreError::parse(manifest.display().to_string(), reason).into());
    }
    let mut failed = 0;
    for line in &lines {
        match checkpoint(args, line, &results, &stop) {
            Ok(()) => {}
            Err(Error::Interrupted) => return Err(Error::QueueAgain),
            Err(error) => {
                let why = format!("failed to {error}");
                voice::error(&format!("{}: {why}", line.model));
                Attempts::fail(&results, &line.model, &line.id, &why)?;
                failed += 1;
            }
        }
    }
    match failed {
        0 => Ok(()),
        failed => Err(Error::UnmeasuredInArray {
            failed,
            of: lines.len(),
        }),
    }
}

/// Measures the checkpoint of a line into a folder of its own, unless that was done or tried too often.
fn checkpoint(
    args: &Args,
    line: &LineHead,
    results: &Results,
    stop: &Arc<AtomicBool>,
) -> Result<()> {
    let folder = results.run(&line.model).path().to_owned();
    let Some(step) = line.step else {
        let place = Manifest::file(results).display().to_string();
        return Err(CoreError::parse(place, format!("line {} has no step", line.index + 1)).into());
    };
    if Folder::new(&folder).holds(step) {
        return Ok(());
    }
    let attempts = Attempts::start(results, &line.model, &line.id)?;
    if attempts.starts > args.cluster.settings.retries.saturating_add(1) {
        return Err(Error::StartedTooOften {
            starts: attempts.starts - 1,
        });
    }
    let work = Work {
        share: Share::Only(step),
        out: Some(OutFolder::of_element(folder)),
        parts: BTreeMap::new(),
    };
    measure(args, stop, work)
}

/// Writes the tables of what was measured, and names what was not.
fn join(args: &Args) -> Result<()> {
    let stop = stop::on_signal("stopping after this checkpoint (once more to stop at once)")?;
    let results = parts_of(args);
    let path = Manifest::file(&results);
    if !path.is_file() {
        let allowed = "that of a series which was measured with --engine slurm: beside it is its folder .parts";
        return Err(CoreError::range("--out", results.path().display(), allowed).into());
    }
    let (mut parts, mut missing) = (BTreeMap::new(), BTreeSet::new());
    for line in heads(&path)? {
        let folder = results.run(&line.model).path().to_owned();
        let Some(step) = line.step else { continue };
        match Folder::new(&folder).holds(step) {
            true => drop(parts.insert(step, folder)),
            false => drop(missing.insert(step)),
        }
    }
    if !missing.is_empty() {
        let steps: Vec<String> = missing.iter().map(u64::to_string).collect();
        say(&format!(
            "warning: without these steps, which no element has measured: {}; `outcrop sweep status {}` says why",
            steps.join(", "),
            results.path().display()
        ));
    }
    if parts.is_empty() {
        return Err(Error::NothingMeasured { of: missing.len() });
    }
    let work = Work {
        share: Share::Without(missing),
        out: None,
        parts,
    };
    measure(args, &stop, work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_about_the_cluster_are_left_out() {
        let line = "measure --hub a/b --engine slurm --pack=3 --time 1:00 --sbatch x=1 --dry-run -o there --sinks";
        let all = line.split(' ').map(Into::into);
        let found = words(all, Path::new("here")).unwrap();
        assert_eq!(found.join(" "), "measure --hub a/b --sinks --out here");
        let all = ["measure", "a", "--out=x", "-oy", "--engine=slurm"].map(Into::into);
        let found = words(all.into_iter(), Path::new("z.csv")).unwrap();
        assert_eq!(found, ["measure", "a", "--out", "z.csv"]);
    }
}
