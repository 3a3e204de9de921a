use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::folder::{folder_of, is_staged, sync_folder};
use crate::{Error, Result, RunningSha256};

/// How much of a table is known to be good: its first `bytes` bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// Bytes from the start, the header's included.
    pub bytes: u64,
    /// Rows in them.
    pub rows: u64,
    /// SHA-256 of these bytes, 64 lowercase hexadecimal digits; empty where there are none.
    pub sha256: String,
}

impl Extent {
    /// The whole file at `path` with `rows` rows.
    ///
    /// # Errors
    /// [`Error::Io`] with the path.
    pub fn of(path: &Path, rows: u64) -> Result<Self> {
        let (bytes, hash) = read_start(path, u64::MAX)?;
        let sha256 = hash.finish();
        Ok(Self {
            bytes,
            rows,
            sha256,
        })
    }

    /// What is wrong with the file at `path` if it should begin with these bytes; none if it does.
    ///
    /// # Errors
    /// [`Error::Io`] with the path.
    pub fn difference(&self, path: &Path) -> Result<Option<String>> {
        if self.bytes == 0 {
            return Ok(None);
        }
        if !path.exists() {
            return Ok(Some("it is gone".into()));
        }
        let (bytes, hash) = read_start(path, self.bytes)?;
        if bytes < self.bytes {
            let lost = self.bytes - bytes;
            return Ok(Some(format!(
                "its last {lost} of {} bytes are gone",
                self.bytes
            )));
        }
        let altered = hash.finish() != self.sha256;
        Ok(altered.then(|| format!("its first {bytes} bytes were altered")))
    }
}

/// Length and hash of the first `most` bytes of a file, or of all.
fn read_start(path: &Path, most: u64) -> Result<(u64, RunningSha256)> {
    let io = |e| Error::io("read", path, e);
    let mut file = File::open(path).map_err(io)?.take(most);
    let (mut bytes, mut hash) = (0, RunningSha256::default());
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece).map_err(io)? {
            0 => return Ok((bytes, hash)),
            n => {
                hash.update(&piece[..n]);
                bytes += n as u64;
            }
        }
    }
}

/// A table that grows at its end. Rows up to the [`Extent`] that [`GrowingTable::commit`] returns survive a power cut.
/// A table is opened with the [`Extent`] after which to append; everything after it is cut off. A write that fails
/// appends nothing.
///
/// ```
/// use outcrop_core::{Extent, GrowingTable};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("loss.csv");
/// let mut table = GrowingTable::open(&path, &Extent::default())?;
/// table.append(b"step,loss\n0,2.5\n", 1)?;
/// let good = table.commit()?;
/// table.append(b"1,2.4\n", 1)?;
/// drop(table); // the process is killed
///
/// let table = GrowingTable::open(&path, &good)?;
/// assert_eq!(std::fs::read(&path)?, b"step,loss\n0,2.5\n");
/// assert_eq!((table.extent().rows, table.extent()), (1, good));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct GrowingTable {
    path: PathBuf,
    /// Opened with the first append.
    file: Option<File>,
    bytes: u64,
    rows: u64,
    hash: RunningSha256,
    /// Whether there are rows that a power cut could lose.
    unsynced: bool,
    /// Whether the partial rows of a failed write could not be cut off.
    torn: bool,
    /// Whether a sync failed: it is unknown which rows are on the disk, and a second sync would succeed without them.
    lost: bool,
}

impl GrowingTable {
    /// Opens the table at `path` to append after `good`; everything after it is cut off. If `good` is empty, the file,
    /// if there is one, is removed.
    ///
    /// # Errors
    /// [`Error::Altered`] if the file does not begin with the bytes of `good`, [`Error::Io`] with
    /// the path; the file is left as it is.
    pub fn open(path: &Path, good: &Extent) -> Result<Self> {
        if let Some(reason) = good.difference(path)? {
            let path = path.to_owned();
            return Err(Error::Altered { path, reason });
        }
        let hash = match good.bytes {
            0 => RunningSha256::default(),
            bytes => read_start(path, bytes)?.1,
        };
        let mut table = Self {
            path: path.to_owned(),
            file: None,
            bytes: good.bytes,
            rows: good.rows,
            hash,
            unsynced: false,
            torn: false,
            lost: false,
        };
        table.cut()?;
        Ok(table)
    }

    /// Cuts off everything after the good bytes.
    fn cut(&mut self) -> Result<()> {
        let io = |e| Error::io("cut back", &self.path, e);
        let length = match std::fs::metadata(&self.path) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
            there => there.map_err(io)?.len(),
        };
        if self.bytes == 0 {
            self.file = None;
            std::fs::remove_file(&self.path).map_err(io)?;
            return sync_folder(&folder_of(&self.path));
        }
        if length > self.bytes {
            let file = OpenOptions::new().write(true).open(&self.path);
            let cut = file.and_then(|file| {
                file.set_len(self.bytes)?;
                file.sync_all()
            });
            cut.map_err(io)?;
        }
        Ok(())
    }

    /// Appends `rows` rows of text, whole lines, in one write; the first text begins with the header.
    /// They survive the end of the process immediately, and a power cut after [`GrowingTable::commit`].
    ///
    /// # Errors
    /// [`Error::Io`] with the path if nothing was appended; if that is not certain, every later call fails, too.
    pub fn append(&mut self, text: &[u8], rows: u64) -> Result<()> {
        self.check()?;
        if self.torn {
            self.cut()?;
            self.torn = false;
        }
        let written = self.write(text);
        if let Err(source) = written {
            self.torn = self.cut().is_err();
            return Err(Error::io("append to", &self.path, source));
        }
        self.hash.update(text);
        self.bytes += text.len() as u64;
        self.rows += rows;
        self.unsynced = true;
        Ok(())
    }

    fn write(&mut self, text: &[u8]) -> std::io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let options = OpenOptions::new()
                    .append(true)
                    .create(true)
                    .open(&self.path);
                none.insert(options?)
            }
        };
        file.write_all(text)
    }

    /// Makes all appended rows survive a power cut, and returns their extent. In a [`StagedFolder`](super::StagedFolder)
    /// they do when that has its name.
    ///
    /// # Errors
    /// [`Error::Io`] with the path; then every later call fails, too.
    pub fn commit(&mut self) -> Result<Extent> {
        self.check()?;
        if self.unsynced {
            self.lost = true;
            let file = self.file.as_ref();
            if let Some(file) = file.filter(|_| !is_staged(&self.path)) {
                let synced = file.sync_all();
                synced.map_err(|e| Error::io("sync", &self.path, e))?;
            }
            sync_folder(&folder_of(&self.path))?;
            (self.unsynced, self.lost) = (false, false);
        }
        Ok(self.extent())
    }

    fn check(&self) -> Result<()> {
        match self.lost {
            false => Ok(()),
            true => Err(Error::Altered {
                path: self.path.clone(),
                reason: "rows were lost on the way to the disk".into(),
            }),
        }
    }

    /// The extent of all appended rows, whether or not they would survive a power cut.
    pub fn extent(&self) -> Extent {
        if self.bytes == 0 {
            return Extent::default();
        }
        Extent {
            bytes: self.bytes,
            rows: self.rows,
            sha256: self.hash.clone().finish(),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether nothing was appended yet, not even a header.
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grown(path: &Path) -> GrowingTable {
        let mut table = GrowingTable::open(path, &Extent::default()).unwrap();
        table.append(b"a\n1\n", 1).unwrap();
        table
    }

    #[test]
    fn what_is_behind_the_good_part_is_cut_off() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.csv");
        let good = grown(&path).commit().unwrap();
        assert_eq!(good, Extent::of(&path, 1).unwrap());
        std::fs::write(&path, "a\n1\n2\n3").unwrap();
        let mut table = GrowingTable::open(&path, &good).unwrap();
        table.append(b"4\n", 1).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a\n1\n4\n");
        assert_eq!(table.extent(), Extent::of(&path, 2).unwrap());
        GrowingTable::open(&path, &Extent::default()).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_table_that_lost_good_bytes_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.csv");
        let good = grown(&path).commit().unwrap();
        for (text, said) in [
            (Some("a\n"), "its last 2 of 4 bytes are gone"),
            (Some("a\n2\n3\n"), "its first 4 bytes were altered"),
            (None, "it is gone"),
        ] {
            match text {
                Some(text) => std::fs::write(&path, text).unwrap(),
                None => std::fs::remove_file(&path).unwrap(),
            }
            let error = GrowingTable::open(&path, &good).unwrap_err().to_string();
            assert!(error.contains(said) && error.contains("t.csv"), "{error}");
            assert_eq!(std::fs::read_to_string(&path).ok().as_deref(), text);
        }
    }
}
