//! The zip archives of PyTorch 1.6 and later: `data.pkl` says where in `data/KEY` each tensor lies.

use std::io::{BufReader, Read};

use zip::{CompressionMethod, ZipArchive};

use super::MAX_PICKLE;
use super::slice::Slice;

pub(super) type Archive<'a> = ZipArchive<BufReader<Slice<'a>>>;

pub(super) struct Entries<'a> {
    archive: Archive<'a>,
    /// The folder inside the archive under which all lies, with its `/`.
    prefix: String,
    /// Of the slice, in bytes.
    length: u64,
}

impl<'a> Entries<'a> {
    pub(super) fn of(archive: Archive<'a>, length: u64) -> Result<Self, String> {
        if archive.has_duplicate_names() {
            return Err("its zip archive has two entries of one name".into());
        }
        let names = archive.file_names().flatten();
        let mut prefixes = names.filter_map(|name| {
            let prefix = name.strip_suffix("data.pkl")?;
            let folder = prefix.strip_suffix('/')?;
            (!folder.contains('/')).then(|| prefix.to_owned())
        });
        let (first, second) = (prefixes.next(), prefixes.next());
        drop(prefixes);
        match (first, second) {
            (Some(prefix), None) => Ok(Self {
                archive,
                prefix,
                length,
            }),
            (None, _) => Err("its zip archive has no `data.pkl`".into()),
            _ => Err("its zip archive has several `data.pkl`".into()),
        }
    }

    /// Where the bytes of an entry begin, and how many there are, if it is stored as it is.
    pub(super) fn place(&mut self, name: &str) -> Result<Option<(u64, u64)>, String> {
        let name = format!("{}{name}", self.prefix);
        let Some(index) = self.archive.index_for_name(&name) else {
            return Ok(None);
        };
        let entry = self.archive.by_index_raw(index);
        let entry = entry.map_err(|e| format!("`{name}` is invalid: {e}"))?;
        if entry.compression() != CompressionMethod::Stored || entry.encrypted() {
            let reason = "is compressed or encrypted, which PyTorch never does";
            return Err(format!("`{name}` {reason}"));
        }
        let (size, start) = (entry.size(), entry.data_start().unwrap_or(u64::MAX));
        let end = start.checked_add(size).filter(|end| *end <= self.length);
        if size != entry.compressed_size() || end.is_none() {
            let reason = "claims to reach beyond the file, which is cut short";
            return Err(format!("`{name}` of {size} bytes {reason}"));
        }
        Ok(Some((start, size)))
    }

    fn small(&mut self, name: &str, most: u64) -> Result<Option<Vec<u8>>, String> {
        let Some((_, size)) = self.place(name)? else {
            return Ok(None);
        };
        if size > most {
            return Err(format!("`{name}` has {size} bytes, more than {most}"));
        }
        let name = format!("{}{name}", self.prefix);
        let mut bytes = Vec::with_capacity(size as usize);
        let entry = self.archive.by_name(&name);
        let entry = entry.map_err(|e| format!("`{name}` is invalid: {e}"))?;
        let read = entry.take(size).read_to_end(&mut bytes);
        read.map_err(|e| format!("`{name}` is invalid: {e}"))?;
        Ok(Some(bytes))
    }

    pub(super) fn pickle(&mut self) -> Result<Vec<u8>, String> {
        match self.small("byteorder", 16)?.as_deref() {
            None | Some(b"little") => {}
            Some(order) => {
                let order = String::from_utf8_lossy(order);
                return Err(format!("its `byteorder` is `{order}`, not `little`"));
            }
        }
        let pickle = self.small("data.pkl", MAX_PICKLE)?;
        pickle.ok_or_else(|| "its zip archive has no `data.pkl`".into())
    }
}
