//! The words of a command, as elements and the job after them are given them.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

use clap::Args as _;
use outcrop_core::Error as CoreError;

use crate::Result;
use crate::cluster::Settings;

/// Options with a value that change no row of a step.
const VALUES: [&str; 6] = [
    "--steps",
    "--hub-cache",
    "--hub-attempts",
    "--hub-file-limit",
    "--out",
    "-o",
];
/// Options without one.
const FLAGS: [&str; 7] = [
    "--keep",
    "--again",
    "--repair",
    "--quiet",
    "-q",
    "--verbose",
    "-v",
];

/// The folder that the process is in.
pub(super) fn here() -> Result<String> {
    let here = std::env::current_dir().map_err(|e| CoreError::io("find", "this folder", e))?;
    utf8(here.into_os_string())
}

fn utf8(word: OsString) -> Result<String> {
    word.into_string().map_err(|word| {
        let allowed = "UTF-8 with --engine slurm, since it stands in a script";
        CoreError::range("argument", word.display(), allowed).into()
    })
}

/// The words of this command without those about the cluster, and with the folder of the tables.
pub(super) fn words(all: impl Iterator<Item = OsString>, out: &Path) -> Result<Vec<String>> {
    let settings = Settings::augment_args(clap::Command::new(""));
    let names = settings.get_arguments().filter_map(clap::Arg::get_long);
    let names = names
        .chain(["engine", "out"])
        .map(|name| format!("--{name}"));
    let with_value: BTreeSet<String> = names.chain(["-o".to_owned()]).collect();
    let all: Vec<String> = all.map(utf8).collect::<Result<_>>()?;
    let flags = BTreeSet::from(["--dry-run"]);
    let mut kept = without(&all, &with_value, &flags);
    kept.extend(["--out".to_owned(), utf8(out.as_os_str().to_owned())?]);
    Ok(kept)
}

/// Those of them that say what is measured of a step.
pub(super) fn identity(words: &[String]) -> Vec<String> {
    let with_value = VALUES.map(str::to_owned).into();
    without(words, &with_value, &FLAGS.into())
}

/// How what was measured with the words `held` differs from what is `wanted`, in words; none where it is the same.
pub(super) fn difference(held: &[String], wanted: &[String]) -> Option<String> {
    let (held, wanted) = (identity(held), identity(wanted));
    if held == wanted {
        return None;
    }
    let only = |these: &[String], those: &[String]| {
        let only = these.iter().filter(|word| !those.contains(word));
        only.map(|word| format!("`{word}`")).collect::<Vec<_>>()
    };
    let (more, less) = (only(&held, &wanted), only(&wanted, &held));
    let told = [("with ", more), ("without ", less)];
    let told = told.into_iter().filter(|(_, words)| !words.is_empty());
    let told: Vec<String> = told
        .map(|(how, words)| how.to_owned() + &words.join(" "))
        .collect();
    Some(match told.is_empty() {
        true => format!("by `outcrop {}`", held.join(" ")),
        false => told.join(" and "),
    })
}

/// Leaves out options and their values.
fn without(all: &[String], with_value: &BTreeSet<String>, flags: &BTreeSet<&str>) -> Vec<String> {
    let (mut kept, mut all) = (Vec::new(), all.iter());
    while let Some(word) = all.next() {
        let name = word.split_once('=').map_or(word.as_str(), |(name, _)| name);
        let is_joined = name.len() < word.len() || (word.starts_with("-o") && word.len() > 2);
        match () {
            () if flags.contains(word.as_str()) => {}
            () if with_value.contains(word) => drop(all.next()),
            () if is_joined && (with_value.contains(name) || word.starts_with("-o")) => {}
            () => kept.push(word.clone()),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

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

    #[test]
    fn what_changes_no_row_is_no_difference() {
        let held = split("measure --hub a/b --out x");
        for (line, expected) in [
            (
                "measure --hub a/b --steps=0,8 --keep --hub-cache y --again -q --out z",
                None,
            ),
            (
                "measure --hub a/b --sinks --out x",
                Some("without `--sinks`"),
            ),
            (
                "measure --hub a/c --out x",
                Some("with `a/b` and without `a/c`"),
            ),
            (
                "measure a/b --hub --out x",
                Some("by `outcrop measure --hub a/b`"),
            ),
        ] {
            assert_eq!(
                difference(&held, &split(line)).as_deref(),
                expected,
                "{line}"
            );
        }
    }
}
