//! An event file of TensorBoard that grows while a run trains.

use std::fs::{File, OpenOptions};
use std::io::{Read, Result, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use outcrop_export::{Snapshot, runs, tensorboard};
use outcrop_train::{Event, Outcome};

/// The event file in a run directory. It is opened at the first event; what it holds already, by an earlier process of
/// the run, is not written again. The first write that fails is told, and ends the file: training goes on.
pub(in crate::cli) struct Live {
    folder: PathBuf,
    state: State,
}

enum State {
    New,
    Open { file: File, last: Option<u64> },
    Failed,
}

impl Live {
    /// The file of the run directory `folder`; nothing is opened yet.
    pub(in crate::cli) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            state: State::New,
        }
    }

    /// Writes what an event holds; `say` is told what failed.
    pub(in crate::cli) fn event(&mut self, event: &Event<'_>, say: &dyn Fn(&str)) {
        let done = match event {
            Event::Started { .. } | Event::Ended(Outcome::AlreadyFinished) => self.catch_up(),
            Event::Measured {
                loss,
                rows,
                observed,
                ..
            } => {
                let now = runs(std::slice::from_ref(*loss), rows, observed);
                let mut snapshots = now.iter().flat_map(|run| &run.snapshots);
                snapshots.try_for_each(|one| self.append(one))
            }
            _ => Ok(()),
        };
        if let Err(error) = done {
            self.state = State::Failed;
            let file = self.file();
            say(&format!(
                "warning: failed to write {}: {error}; training goes on without it, `outcrop export {} --tensorboard` \
                 writes it again",
                file.display(),
                self.folder.display()
            ));
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.join(tensorboard::FILE_NAME)
    }

    /// Opens the file, without what a killed process left at its end, and appends the rows of the tables that it lacks.
    fn catch_up(&mut self) -> Result<()> {
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.file())?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let held = tensorboard::scan(&bytes);
        file.set_len(held.good)?;
        file.seek(SeekFrom::End(0))?;
        if held.good == 0 {
            file.write_all(&tensorboard::header(now()))?;
        }
        let last = held.last_step;
        self.state = State::Open { file, last };
        let Ok((runs, _)) = super::measured(&self.folder) else {
            return Ok(()); // a new run has no rows yet; training says what is wrong with others
        };
        let mut snapshots = runs.iter().flat_map(|run| &run.snapshots);
        snapshots.try_for_each(|one| self.append(one))
    }

    /// Appends a step behind the last one; an earlier one is there already.
    fn append(&mut self, snapshot: &Snapshot) -> Result<()> {
        let State::Open { file, last } = &mut self.state else {
            return Ok(());
        };
        if last.is_some_and(|last| snapshot.step <= last) {
            return Ok(());
        }
        file.write_all(&tensorboard::records(snapshot, now()))?;
        *last = Some(snapshot.step);
        Ok(())
    }
}

fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64())
}
