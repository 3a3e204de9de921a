//! The scripts that sbatch gets, as functions of what they shall do.

use std::collections::BTreeMap;
use std::path::Path;

use outcrop_core::Error as CoreError;

use super::arrays::{JobArray, ranges};
use super::measures::Measures;
use super::settings::Settings;
use crate::Result;

/// The exit status of a run that a signal ended with a checkpoint: its element is to be queued again.
pub(crate) const QUEUE_AGAIN: u8 = 75;

/// What the scripts of a sweep name.
pub(crate) struct Names<'a> {
    /// Name of the sweep.
    pub(crate) sweep: &'a str,
    /// The command.
    pub(crate) program: &'a Path,
    /// The results folder, absolute.
    pub(crate) folder: &'a Path,
    /// The backend.
    pub(crate) backend: &'a str,
    /// What elements measure, where they train nothing.
    pub(crate) measures: Option<&'a Measures>,
}

impl Names<'_> {
    /// The start of a call of the command on the whole folder.
    fn call(&self, does: &str) -> String {
        let program = quoted(&self.program.display().to_string());
        let words = match self.measures {
            Some(measures) => measures.words.iter().map(|word| quoted(word)).collect(),
            None => vec!["sweep".to_owned(), does.to_owned()],
        };
        format!("{program} {}", words.join(" "))
    }

    /// The call of an element, up to its share.
    fn element(&self) -> String {
        match self.measures {
            Some(_) => self.call(""),
            None => {
                let manifest = self.folder.join("manifest.jsonl").display().to_string();
                format!("{} --manifest {}", self.call("run"), quoted(&manifest))
            }
        }
    }
}

/// What follows the run of an element. An element that was cancelled or that SLURM itself queues again is not running.
const AFTERWARDS: &str = r#"
# 75: a signal ended it, with a checkpoint; above 128: it was killed.
if [ "$code" = 75 ] || [ "$code" -gt 128 ]; then
    state=$(squeue --noheader --jobs="$element" --format=%T)
    if [ "$state" = RUNNING ]; then
        echo "exit status $code, queued again"
        scontrol requeue "$element"
    fi
fi
exit "$code"
"#;

/// The script of a job array.
///
/// # Errors
/// For a value that does not fit in a line.
pub(crate) fn array(names: &Names<'_>, settings: &Settings, array: &JobArray) -> Result<String> {
    let throttle = settings
        .parallel
        .map_or_else(String::new, |most| format!("%{most}"));
    let mut options = common(names, settings, "%A_%a");
    options.insert("array".into(), ranges(&array.elements) + &throttle);
    options.insert("open-mode".into(), "append".into());
    options.insert("requeue".into(), String::new());
    options.insert("signal".into(), format!("USR2@{}", settings.ahead));
    for (key, value) in [
        ("gpus", &settings.gpus),
        ("mem", &settings.mem),
        ("time", &settings.time),
    ] {
        options.extend(value.clone().map(|value| (key.to_owned(), value)));
    }
    extras(&mut options, settings);
    let first = match (array.offset, array.pack) {
        (0, 1) => "$SLURM_ARRAY_TASK_ID".to_owned(),
        (offset, pack) => format!("$(((SLURM_ARRAY_TASK_ID + {offset}) * {pack}))"),
    };
    let cpus = settings.cpus; // which srun does not take from sbatch
    let backend = match names.measures {
        Some(_) => String::new(), // it is among the words
        None => format!(" --backend {}", quoted(names.backend)),
    };
    let body = format!(
        "# This shell waits until its step has written a checkpoint.\n\
         trap : TERM USR2\n\
         element=${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}\n\
         code=0\n\
         srun --unbuffered --cpus-per-task={cpus} {} \\\n    \
         --index \"{first}\" --count {} --threads {cpus} --retries {}{backend} || code=$?",
        names.element(),
        array.pack,
        settings.retries
    );
    script(&options, &(body + AFTERWARDS))
}

/// The script of the job that follows when all arrays have ended: a report, or the tables of all elements in one.
///
/// # Errors
/// As [`array`].
pub(crate) fn last(names: &Names<'_>, settings: &Settings) -> Result<String> {
    let (log, words) = match names.measures {
        Some(_) => ("join_%j", "--join".to_owned()),
        None => ("report_%j", quoted(&names.folder.display().to_string())),
    };
    let mut options = common(names, settings, log);
    extras(&mut options, settings);
    script(&options, &format!("{} {words}\n", names.call("report")))
}

/// Options of every script of a sweep; `log` names the output of a job.
fn common(names: &Names<'_>, settings: &Settings, log: &str) -> BTreeMap<String, String> {
    let logs = names.folder.join("slurm").join(format!("{log}.out"));
    let mut options = BTreeMap::from([
        ("cpus-per-task".to_owned(), settings.cpus.to_string()),
        ("job-name".to_owned(), format!("outcrop-{}", names.sweep)),
        ("ntasks".to_owned(), "1".to_owned()),
        ("output".to_owned(), logs.display().to_string()),
    ]);
    let from = names.measures.map(|measures| measures.from.clone());
    options.extend(from.map(|from| ("chdir".to_owned(), from)));
    for (key, value) in [
        ("account", &settings.account),
        ("constraint", &settings.constraint),
        ("partition", &settings.partition),
        ("qos", &settings.qos),
    ] {
        options.extend(value.clone().map(|value| (key.to_owned(), value)));
    }
    options
}

/// Options of sbatch that have no name here; they take the place of those that have.
fn extras(options: &mut BTreeMap<String, String>, settings: &Settings) {
    let split = |option: &String| match option.split_once('=') {
        Some((key, value)) => (key.to_owned(), value.to_owned()),
        None => (option.clone(), String::new()),
    };
    options.extend(settings.sbatch.iter().map(split));
}

fn script(options: &BTreeMap<String, String>, body: &str) -> Result<String> {
    let mut text = "#!/bin/bash\n".to_owned();
    for (key, value) in options {
        let is_plain =
            !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !is_plain || value.chars().any(char::is_control) {
            let allowed = "a name of letters and `-`, and a value in one line";
            return Err(
                CoreError::range("option of sbatch", format!("{key}={value}"), allowed).into(),
            );
        }
        let value = match value.as_str() {
            "" => String::new(),
            value => format!("={}", directive(value)),
        };
        text += &format!("#SBATCH --{key}{value}\n");
    }
    Ok(text + body)
}

/// Whether no shell reads anything else in it than itself.
fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,=+%@".contains(c);
    !text.is_empty() && text.chars().all(plain)
}

/// A word for the shell.
fn quoted(word: &str) -> String {
    match is_plain(word) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// A value in a line `#SBATCH`, which sbatch reads by rules of its own: `\` and `"` are escaped.
fn directive(value: &str) -> String {
    match is_plain(value) {
        true => value.to_owned(),
        false => format!("\"{}\"", value.replace('\\', r"\\").replace('"', "\\\"")),
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};

    use super::*;

    fn settings(line: &str) -> Settings {
        let command = Settings::augment_args(Command::new("test").no_binary_name(true));
        Settings::from_arg_matches(&command.get_matches_from(line.split_whitespace())).unwrap()
    }

    fn names<'a>(sweep: &'a str, program: &'a str, folder: &'a str) -> Names<'a> {
        Names {
            sweep,
            program: Path::new(program),
            folder: Path::new(folder),
            backend: "flex",
            measures: None,
        }
    }

    /// Compares with a file; `UPDATE_DOCS=1` writes it anew.
    fn expect(name: &str, found: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures/slurm")
            .join(name);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, found).unwrap();
        }
        assert_eq!(found, std::fs::read_to_string(&path).unwrap(), "{name}");
    }

    fn elements(offset: usize, pack: usize, elements: &[usize]) -> JobArray {
        JobArray {
            offset,
            pack,
            elements: elements.to_vec(),
        }
    }

    #[test]
    fn scripts_are_those_of_the_golden_files() {
        let plain = names("quick", "/usr/bin/outcrop", "/scratch/me/quick");
        let whole: Vec<usize> = (0..6).collect();
        let found = array(&plain, &settings(""), &elements(0, 1, &whole));
        expect("plain.sh", &found.unwrap());

        let odd = names("my sweep", "/opt/out crop/outcrop", "/scratch/it's here");
        let all = settings(
            "--time 02:00:00 --cpus 4 --mem 8G --gpus a100:1 --partition long --account lab --qos high --constraint a|b \
             --parallel 20 --pack 8 --retries 2 --ahead 300 --sbatch exclude=node[1-3] --sbatch exclusive",
        );
        let found = array(&odd, &all, &elements(1001, 8, &[0, 1, 2, 7, 9]));
        expect("everything.sh", &found.unwrap());
        expect("report.sh", &last(&odd, &all).unwrap());
    }

    #[test]
    fn elements_measure_with_the_words_of_the_command() {
        let words = [
            "measure",
            "--hub",
            "EleutherAI/pythia-70m",
            "--text",
            "my documents.jsonl",
        ];
        let measures = Measures {
            words: [&words[..], &["--out", "measured/it's here"]]
                .concat()
                .iter()
                .map(|word| (*word).to_owned())
                .collect(),
            from: "/scratch/my self".into(),
        };
        let names = Names {
            measures: Some(&measures),
            ..names(
                "pythia-70m",
                "/usr/bin/outcrop",
                "/scratch/my self/measured/it's here.parts",
            )
        };
        let settings = settings("--pack 10 --cpus 2 --mem 4G");
        let found = array(&names, &settings, &elements(0, 10, &[0, 1, 2]));
        expect("measure.sh", &found.unwrap());
        expect("join.sh", &last(&names, &settings).unwrap());
    }

    #[test]
    fn extra_options_take_the_place_of_ours_and_what_is_no_option_is_refused() {
        let plain = names("quick", "outcrop", "/r");
        let found = array(
            &plain,
            &settings("--sbatch signal=B:TERM@60"),
            &elements(0, 1, &[0]),
        );
        assert_eq!(found.unwrap().matches("--signal").count(), 1);
        for bad in ["a b=1", "=1", "x\ny"] {
            let settings = Settings {
                sbatch: vec![bad.into()],
                ..settings("")
            };
            assert!(
                array(&plain, &settings, &elements(0, 1, &[0])).is_err(),
                "{bad}"
            );
        }
    }
}
