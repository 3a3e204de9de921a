use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::{IdType, Layout, NAMES, Shape, kind_of, llmc, megatron, npy, width};
use crate::{Error, Result, foreign};

/// Bytes at the beginning of a file by which it is recognised.
const HEAD: u64 = 1 << 17;
/// Text shorter than this may as well be ids.
const CERTAIN_TEXT: usize = 64;

/// A file of token ids, of which any part can be read.
///
/// Its type is given by its content: the header of a `.npy` array or of a shard of llm.c, or Megatron's
/// `.idx` beside a `.bin`. Without any of these by the type that is given, or else by its name: `.u16`,
/// `.u32`, `.i32`, `.i64`, and `.bin` for u16. The type of a name is checked against the first 128 KiB.
///
/// ```
/// use outcrop_tokens::TokenFile;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("train.bin");
/// std::fs::write(&path, [5u16, 6, 7, 8].map(u16::to_le_bytes).concat())?;
/// let mut file = TokenFile::open(&path, None)?;
/// assert_eq!((file.len(), file.read(1, 2)?), (4, vec![6, 7]));
///
/// std::fs::write(&path, [5i32, 6, 7, 8].map(i32::to_le_bytes).concat())?;
/// let error = TokenFile::open(&path, None).unwrap_err().to_string();
/// assert!(error.contains("every second of its words of 16 bits are 0"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TokenFile {
    path: PathBuf,
    file: File,
    layout: Layout,
    /// Its beginning is nothing but zeros, which may be ids of any type: what is read is looked at too.
    doubtful: bool,
}

impl TokenFile {
    /// Opens the file at `path`; `given` is the type of its ids where its user names it.
    ///
    /// # Errors
    /// [`Error::Core`] where it cannot be read or is a pointer of Git LFS; [`Error::Ids`] for what holds no
    /// ids, contradicts `given`, or cannot be of the type that its name says.
    pub fn open(path: &Path, given: Option<IdType>) -> Result<Self> {
        let io = |source| outcrop_core::Error::io("read", path, source);
        let refused = |reason| Error::Ids {
            path: path.to_owned(),
            reason,
        };
        let mut file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let mut head = Vec::new();
        (&mut file).take(HEAD).read_to_end(&mut head).map_err(io)?;
        outcrop_core::refuse_lfs_pointer(path, &head)?;
        let layout = match stated(path, &head, length)? {
            Some(stated) => stated.contradicted_by(given).map_err(refused)?,
            None => plain(path, &head, length, given).map_err(refused)?,
        };
        let named = given.is_none() && layout.stated.is_none();
        Ok(Self {
            path: path.to_owned(),
            file,
            layout,
            doubtful: named && head.iter().all(|byte| *byte == 0),
        })
    }

    /// Ids in it.
    pub fn len(&self) -> u64 {
        match self.layout.shape {
            Shape::Stream(ids) => ids,
            Shape::Rows(rows, columns) => rows * columns,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sequences and tokens of each, if it is a 2-D array.
    pub fn rows(&self) -> Option<(u64, u64)> {
        match self.layout.shape {
            Shape::Stream(_) => None,
            Shape::Rows(rows, columns) => Some((rows, columns)),
        }
    }

    /// Its name, with the type of the ids where its name does not say it, in words.
    pub fn words(&self) -> String {
        let (path, dtype) = (self.path.display(), self.layout.dtype.name());
        match &self.layout.stated {
            Some(by) => format!("{path} ({dtype} by {by})"),
            None => path.to_string(),
        }
    }

    /// `n` ids from the one numbered `first`, counted from 0.
    ///
    /// # Errors
    /// [`Error::Ids`] for ids that it has not, and for a value that is no id, with its number.
    pub fn read(&mut self, first: u64, n: usize) -> Result<Vec<u32>> {
        let io = |source| outcrop_core::Error::io("read", &self.path, source);
        let refused = |reason| Error::Ids {
            path: self.path.clone(),
            reason,
        };
        if first.saturating_add(n as u64) > self.len() {
            let reason = format!(
                "it has {} ids, and {n} were asked for from {first}",
                self.len()
            );
            return Err(refused(reason));
        }
        let size = self.layout.dtype.size();
        let start = self.layout.start + first * size as u64;
        self.file.seek(SeekFrom::Start(start)).map_err(io)?;
        let mut bytes = vec![0; n * size];
        self.file.read_exact(&mut bytes).map_err(io)?;
        if self.doubtful
            && let Some(doubt) = width::halves(&bytes, size)
        {
            return Err(refused(unsure(&doubt)));
        }
        self.layout.dtype.ids(&bytes, first).map_err(refused)
    }
}

/// Where the ids are, if something in the file or beside it says so.
fn stated(path: &Path, head: &[u8], length: u64) -> Result<Option<Layout>> {
    let refused = |reason| Error::Ids {
        path: path.to_owned(),
        reason,
    };
    let named = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("npy"));
    if named || head.starts_with(npy::MAGIC) {
        return npy::parse(head, length).map(Some).map_err(refused);
    }
    if let Some(found) = llmc::layout(head, length) {
        return found.map(Some).map_err(refused);
    }
    if let Some(known) = foreign::no_ids(head) {
        return Err(refused(format!("it is {}; {}", known.what, known.way_out)));
    }
    match megatron::beside(path) {
        Some(index) => megatron::layout(&index, length),
        None => Ok(None),
    }
}

/// Ids without a header, of the type that is given or that the name says.
fn plain(path: &Path, head: &[u8], length: u64, given: Option<IdType>) -> Result<Layout, String> {
    let kind = given.or_else(|| kind_of(path));
    let kind = kind.ok_or_else(|| {
        format!("its name ends in none of {NAMES}; name the type of its ids: {WAY_OUT}")
    })?;
    let (dtype, size) = (kind.dtype(), kind.dtype().size() as u64);
    let doubt = match given {
        Some(_) => None,
        None => text(head).or_else(|| width::halves(head, dtype.size())),
    };
    if let Some(doubt) = doubt {
        return Err(unsure(&doubt));
    }
    if !length.is_multiple_of(size) {
        return Err(format!(
            "{length} bytes are no whole number of {} ids of {size} bytes",
            dtype.name()
        ));
    }
    Ok(Layout {
        start: 0,
        dtype,
        shape: Shape::Stream(length / size),
        stated: given.map(|kind| format!("--tokens-type {kind}")),
    })
}

/// What to say of ids that do not look like the type that their file's name says.
fn unsure(doubt: &str) -> String {
    format!("{doubt}; name the type of its ids, whichever it is: {WAY_OUT}")
}

/// How a user gives the type of the ids.
const WAY_OUT: &str = "--tokens-type u16, u32, i32 or i64 (in a run's spec, tokens_type in [data])";

fn text(head: &[u8]) -> Option<String> {
    let readable = |b: &u8| b.is_ascii_graphic() || b" \n\r\t".contains(b);
    let text = head.len() >= CERTAIN_TEXT && head.iter().all(readable);
    text.then(|| "it looks like text, for which --text is".into())
}
