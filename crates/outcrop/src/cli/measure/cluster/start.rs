//! Writes a line for each checkpoint, and submits those that are not measured.

use outcrop_core::{Error as CoreError, sha256_hex};

use super::words::{difference, here, identity, words};
use super::{Args, Target, parts};
use crate::Result;
use crate::cli::output::print;
use crate::cli::sweep::submit;
use crate::cli::{clock, stop};
use crate::cluster::{Measures, Submission};
use crate::pipeline::{LineHead, Manifest, Results, check_extends, write_lines};

pub(super) fn submit_elements(args: &Args) -> Result<()> {
    refuse(args)?;
    let stop = stop::on_signal("stopping (once more to stop at once)")?;
    let target = Target::of(args, &stop)?;
    let out = args.out.clone();
    let out = out.unwrap_or_else(|| target.out.folder.clone());
    let measures = Measures {
        words: words(std::env::args_os().skip(1), &out)?,
        from: here()?,
    };
    let results = parts(&target.out);
    let _lock = results.claim(&[], &clock::holder("measure"))?;
    check_same(&results, &measures)?;
    let what = sha256_hex(identity(&measures.words).join("\n").as_bytes());
    let lines = target.series.steps.iter().enumerate();
    let lines: Vec<LineHead> = lines
        .map(|(index, step)| LineHead::of_checkpoint(index, *step, &what))
        .collect();
    let ids: Vec<&str> = lines.iter().map(|line| line.id.as_str()).collect();
    check_extends(&results, &ids)?;
    write_lines(&results, &lines)?;
    print(&format!(
        "{}: {} checkpoints of {}",
        Manifest::file(&results).display(),
        lines.len(),
        target.model
    ));
    let submission = Submission {
        sweep: target.name,
        backend: args.backend.clone(),
        measures: Some(measures),
        settings: args.cluster.settings.options.clone(),
    };
    submit(&submission, &results, args.origin.dry_run)
}

/// Refuses what elements cannot do.
fn refuse(args: &Args) -> Result<()> {
    if args.threads.is_some() {
        let allowed = "left out with --engine slurm: --cpus says how many cores an element has";
        return Err(CoreError::range("--threads", "a number", allowed).into());
    }
    if let Some(name) = args.observe.compares_steps() {
        let allowed = "what is of one checkpoint: it compares steps, and elements measure them apart; measure it without \
                       --engine slurm";
        return Err(CoreError::range("--observe", name, allowed).into());
    }
    Ok(())
}

/// Checks that what elements have measured there was measured as it is to be measured now.
fn check_same(results: &Results, measures: &Measures) -> Result<()> {
    let begun = std::fs::read_dir(results.runs()).is_ok_and(|mut steps| steps.next().is_some());
    let held = match begun {
        true => Submission::read(results)
            .ok()
            .and_then(|held| held.measures),
        false => None,
    };
    let Some(differs) = held.and_then(|held| difference(&held.words, &measures.words)) else {
        return Ok(());
    };
    let parts = results.path().display();
    let allowed = format!(
        "one whose checkpoints were measured with the same options: those in {parts} were measured {differs}; choose another \
         folder with --out, or remove {parts}"
    );
    Err(CoreError::range("--out", parts, allowed).into())
}
