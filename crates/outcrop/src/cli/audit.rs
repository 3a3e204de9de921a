//! `outcrop audit`.

use std::path::PathBuf;

use outcrop_checkpoint::{Audit, AuditOptions, Auditor, CheckpointSeries, Finding, run_of_folder};
use outcrop_core::Error as CoreError;
use outcrop_core::table::Row;
use serde::{Deserialize, Serialize};

use super::output::{Destination, Format, To, columns, count, print, say, write_file, write_rows};
use super::progress::Bar;
use super::select;
use crate::{Error, Result};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop audit pythia-2.8b/                          audit a folder of checkpoints
  outcrop audit models--EleutherAI--pythia-70m        a model in the hub's cache
  outcrop audit pythia-2.8b/ --out audit.json         everything, including the hash of every tensor
  outcrop audit runs/mine --strict                    status 1 if any step is suspect

Findings: steps that are exact copies of others, shards or matrices of another step, step 1
equal to step 0, a step 0 that is unrelated to the next, weights that jump away from both neighbours and
back, values that are not finite, tensors of another shape or type, missing steps of the schedule, steps
without weights, files that differ from a SHA256SUMS beside them, that cannot be read or hold no model,
and known faults of public runs (outcrop runs).")]
pub(crate) struct Args {
    /// A checkpoint, a folder of checkpoints by step, a run directory, or a model in the hub's cache.
    path: PathBuf,
    #[command(flatten)]
    select: select::Args,
    /// Hash only files: this finds copies, but does not check single tensors and their values.
    #[arg(long)]
    files_only: bool,
    /// A step is a jump if its distance to both neighbours is this many times the distance between them.
    #[arg(long, value_name = "RATIO", default_value_t = 1.5)]
    jump_ratio: f64,
    /// End with status 1 if a step is suspect.
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    to: To,
}

/// A finding as a row.
#[derive(Clone, Serialize, Deserialize)]
struct Line {
    finding: String,
    /// Steps, separated by spaces.
    suspect_steps: String,
    what: String,
}

impl Row for Line {
    const REQUIRED: &'static [&'static str] = Self::HEADER;
    const HEADER: &'static [&'static str] = &["finding", "suspect_steps", "what"];
    const NAMED: &'static [&'static str] = &["finding"];

    fn key(&self) -> String {
        format!("{}, {}", self.finding, self.what)
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if !(args.jump_ratio > 1.0 && args.jump_ratio.is_finite()) {
        return Err(CoreError::range("jump-ratio", args.jump_ratio, "more than 1").into());
    }
    let target = args.to.target()?;
    let series = CheckpointSeries::open_with(&args.path, &args.select.select())?;
    for note in &series.notes {
        say(&format!("note: {note}"));
    }
    let mut options = AuditOptions::default();
    options.tensors = !args.files_only;
    options.jump_ratio = args.jump_ratio;
    let bar = Bar::new();
    let total = series.entries.len();
    let known = run_of_folder(&args.path).map(|(run, id)| {
        say(&format!(
            "note: known faults of {id} ({}) are named",
            run.name
        ));
        run.faults_of(&id)
    });
    let mut auditor = Auditor::new(&options).with_known(known.unwrap_or_default());
    for (done, entry) in series.entries.iter().enumerate() {
        bar.share(done as f64 / total as f64);
        bar.message(entry.folder.display().to_string());
        auditor.scan(entry);
    }
    let audit = auditor.finish(&series);
    bar.finish();
    let notes = audit.checkpoints.iter().flat_map(|c| &c.notes);
    for note in notes.collect::<std::collections::BTreeSet<_>>() {
        say(&format!("note: {note}"));
    }
    write(&audit, &target)?;
    let suspects = audit.suspects();
    match args.strict && suspects > 0 {
        true => Err(Error::Suspect {
            path: args.path.clone(),
            suspects,
        }),
        false => Ok(()),
    }
}

/// JSON has everything, including the hash of every file and tensor; the other formats only the findings.
fn write(audit: &Audit, target: &Destination) -> Result<()> {
    let text = match target.format {
        Format::Table => table(audit),
        Format::Json => serde_json::to_string_pretty(audit)
            .map_err(|e| Error::Core(CoreError::parse("audit to write", e)))?,
        Format::Csv | Format::Jsonl | Format::Parquet => {
            let lines: Vec<Line> = audit.findings.iter().map(line).collect();
            return write_rows(&lines, target);
        }
    };
    match &target.file {
        Some(path) => write_file(path, (text + "\n").as_bytes()),
        None => {
            print(&text);
            Ok(())
        }
    }
}

fn line(finding: &Finding) -> Line {
    let suspects: Vec<String> = finding.suspects.iter().map(u64::to_string).collect();
    Line {
        finding: finding.code.to_string(),
        suspect_steps: suspects.join(" "),
        what: finding.words.clone(),
    }
}

/// One finding on each line, and a line that says what was audited.
fn table(audit: &Audit) -> String {
    let files: usize = audit.checkpoints.iter().map(|c| c.files.len()).sum();
    let tensors: usize = audit.checkpoints.iter().map(|c| c.tensors.len()).sum();
    let end = format!(
        "{}, {}, {}; {}, {}",
        count(audit.checkpoints.len(), "checkpoint"),
        count(files, "file"),
        count(tensors, "tensor"),
        count(audit.findings.len(), "finding"),
        count(audit.suspects(), "suspect step")
    );
    if audit.findings.is_empty() {
        return end;
    }
    let mut lines = vec![
        ["finding", "suspect steps", "what"]
            .map(str::to_owned)
            .to_vec(),
    ];
    lines.extend(audit.findings.iter().map(|finding| {
        let suspects: Vec<String> = finding.suspects.iter().map(u64::to_string).collect();
        vec![
            finding.code.to_string(),
            short(&suspects),
            finding.words.clone(),
        ]
    }));
    format!("{}\n{end}", columns(&lines))
}

/// A list that may be long.
fn short(items: &[String]) -> String {
    const FEW: usize = 6;
    match items.len() {
        0..=FEW => items.join(" "),
        n => format!("{} and {} more", items[..FEW].join(" "), n - FEW),
    }
}

/// Prints what an audit found during a measurement.
pub(crate) fn warn(audit: &Audit) {
    for finding in &audit.findings {
        say(&format!(
            "warning: audit: {}: {}",
            finding.code, finding.words
        ));
    }
    let suspects = audit.suspect_reasons();
    if !suspects.is_empty() {
        say(&format!(
            "warning: audit: {} marked in measurements.csv and left out of fits, unless \
             --include-suspect",
            count(suspects.len(), "suspect step")
        ));
    }
}
