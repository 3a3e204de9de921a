use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::watch::{BEGUN, quoted};
use super::{Call, DirEntry, Id, Op, Tree};

/// Calls that change neither content nor names nor where the next write goes.
const HARMLESS: [&str; 37] = [
    "access",
    "chmod",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "eventfd2",
    "execve",
    "faccessat",
    "faccessat2",
    "fadvise64",
    "fchmod",
    "fchmodat",
    "fgetxattr",
    "flock",
    "fstat",
    "fstatfs",
    "getcwd",
    "getdents64",
    "getxattr",
    "inotify_init1",
    "ioctl",
    "lgetxattr",
    "lstat",
    "newfstatat",
    "pipe2",
    "poll",
    "ppoll",
    "pread64",
    "preadv",
    "readlink",
    "readlinkat",
    "socketpair",
    "stat",
    "statfs",
    "statx",
    "timerfd_create",
    "utimensat",
];

/// Turns the calls of one process into what it did to a folder.
pub(crate) struct Recorder {
    folder: PathBuf,
    tree: Tree,
    open: BTreeMap<i64, Open>,
    /// What had been done when the sync of a thread began.
    begun: BTreeMap<u32, usize>,
    pub(crate) ops: Vec<Op>,
}

#[derive(Clone, Copy)]
struct Open {
    id: Id,
    at: usize,
    append: bool,
}

impl Recorder {
    /// Of a process that is started in `folder`, which holds `start`.
    pub(crate) fn new(folder: &Path, start: &Tree) -> Self {
        Self {
            folder: folder.to_owned(),
            tree: start.clone(),
            open: BTreeMap::new(),
            begun: BTreeMap::new(),
            ops: Vec::new(),
        }
    }

    /// Takes the next call.
    ///
    /// # Errors
    /// A call that is not known here and might change the folder: nothing is skipped.
    pub(crate) fn take(&mut self, call: &Call) -> Result<(), String> {
        if call.result < 0 && call.name != "mmap" {
            return Ok(());
        }
        match call.name.as_str() {
            "open" => self.opened("AT_FDCWD", call.text(0), call.text(1), call.result),
            "creat" => self.opened("AT_FDCWD", call.text(0), "O_CREAT|O_TRUNC", call.result),
            "openat" => self.opened(call.text(0), call.text(1), call.text(2), call.result),
            "close" => {
                self.open.remove(&descriptor(call.text(0)));
                Ok(())
            }
            "read" | "readv" => {
                self.moved(call, |at| at + call.result as usize);
                Ok(())
            }
            "lseek" => {
                self.moved(call, |_| call.result as usize);
                Ok(())
            }
            "write" | "writev" => self.written(call, None),
            "pwrite64" => self.written(call, call.text(3).parse().ok()),
            "ftruncate" => self.resized(call),
            "fsync" | "fdatasync" => {
                if let Some(open) = self.open.get(&descriptor(call.text(0))) {
                    self.ops.push(Op::Sync { id: open.id });
                }
                Ok(())
            }
            BEGUN => {
                self.begun.insert(call.thread, self.ops.len());
                Ok(())
            }
            "syncfs" => {
                let begun = self.begun.remove(&call.thread);
                let before = begun.unwrap_or(self.ops.len());
                self.ops.push(Op::SyncAll { before });
                Ok(())
            }
            "mkdir" => self.named("AT_FDCWD", call.text(0), None),
            "mkdirat" => self.named(call.text(0), call.text(1), None),
            "rename" => self.renamed(["AT_FDCWD", call.text(0), "AT_FDCWD", call.text(1)]),
            "renameat" => self.renamed([0, 1, 2, 3].map(|i| call.text(i))),
            "renameat2" if ["0", "RENAME_NOREPLACE"].contains(&call.text(4)) => {
                self.renamed([0, 1, 2, 3].map(|i| call.text(i)))
            }
            "unlink" | "rmdir" => self.removed("AT_FDCWD", call.text(0)),
            "unlinkat" => self.removed(call.text(0), call.text(1)),
            "link" => self.linked(["AT_FDCWD", call.text(0), "AT_FDCWD", call.text(1)]),
            "linkat" => self.linked([0, 1, 2, 3].map(|i| call.text(i))),
            "mmap" if !call.text(3).contains("MAP_SHARED") => Ok(()),
            "mmap" if !call.text(2).contains("PROT_WRITE") => Ok(()),
            "fcntl" if !call.text(1).contains("DUPFD") => Ok(()),
            name if HARMLESS.contains(&name) => Ok(()),
            _ => self.foreign(call),
        }
    }

    /// A call without a meaning here must have nothing to do with the folder.
    fn foreign(&self, call: &Call) -> Result<(), String> {
        let inside = call.arguments.iter().any(|argument| {
            let path = argument.starts_with('"') && self.find("AT_FDCWD", argument) != Ok(None);
            path || self.open.contains_key(&descriptor(argument))
        });
        match inside {
            true => Err(format!(
                "{}({}) is not simulated",
                call.name,
                call.arguments.join(", ")
            )),
            false => Ok(()),
        }
    }

    fn opened(&mut self, at: &str, path: &str, flags: &str, result: i64) -> Result<(), String> {
        let Some(place) = self.find(at, path)? else {
            return Ok(());
        };
        let has = |flag: &str| flags.split('|').any(|f| f == flag);
        if let Some(flag) = ["O_TMPFILE", "O_SYNC", "O_DSYNC"].iter().find(|f| has(f)) {
            return Err(format!("{flag} is not simulated"));
        }
        let id = match place {
            None => 0,
            Some(place) => match self.tree.at(&place) {
                Some(id) => id,
                None if has("O_CREAT") => self.push_name(place, None, false),
                None => return Err(format!("{path} was opened and never made")),
            },
        };
        if has("O_TRUNC") {
            self.push(Op::Resize { id, length: 0 });
        }
        let open = Open {
            id,
            at: 0,
            append: has("O_APPEND"),
        };
        self.open.insert(result, open);
        Ok(())
    }

    fn moved(&mut self, call: &Call, to: impl Fn(usize) -> usize) {
        if let Some(open) = self.open.get_mut(&descriptor(call.text(0))) {
            open.at = to(open.at);
        }
    }

    fn written(&mut self, call: &Call, at: Option<usize>) -> Result<(), String> {
        let number = descriptor(call.text(0));
        let Some(open) = self.open.get(&number).copied() else {
            return Ok(());
        };
        let mut bytes = quoted(call.text(1))?;
        bytes.truncate(call.result as usize);
        let end = self.tree.content(open.id).map_or(0, |c| c.len());
        let from = match (open.append, at) {
            (true, _) => end,
            (false, Some(at)) => at,
            (false, None) => open.at,
        };
        if at.is_none() {
            self.moved(call, |_| from + call.result as usize);
        }
        self.push(Op::Write {
            id: open.id,
            at: from,
            bytes,
        });
        Ok(())
    }

    fn resized(&mut self, call: &Call) -> Result<(), String> {
        if let Some(open) = self.open.get(&descriptor(call.text(0))).copied() {
            let length = call.text(1).parse().map_err(|_| "ftruncate to no number")?;
            self.push(Op::Resize {
                id: open.id,
                length,
            });
        }
        Ok(())
    }

    fn named(&mut self, at: &str, path: &str, id: Option<Id>) -> Result<(), String> {
        if let Some(Some(place)) = self.find(at, path)? {
            self.push_name(place, id, id.is_none());
        }
        Ok(())
    }

    fn push_name(&mut self, place: DirEntry, id: Option<Id>, folder: bool) -> Id {
        let id = id.unwrap_or_else(|| self.tree.fresh());
        self.push(Op::Name { place, id, folder });
        id
    }

    fn linked(&mut self, [from, old, to, new]: [&str; 4]) -> Result<(), String> {
        match self.find(from, old)? {
            Some(Some(place)) => self.named(to, new, self.tree.at(&place)),
            _ => match self.find(to, new)? {
                None => Ok(()),
                Some(_) => Err("a link from outside is not simulated".into()),
            },
        }
    }

    fn renamed(&mut self, [from, old, to, new]: [&str; 4]) -> Result<(), String> {
        match (self.find(from, old)?, self.find(to, new)?) {
            (None, None) => Ok(()),
            (Some(Some(from)), Some(Some(to))) => {
                self.push(Op::Rename { from, to });
                Ok(())
            }
            _ => Err("a rename into or out of the folder is not simulated".into()),
        }
    }

    fn removed(&mut self, at: &str, path: &str) -> Result<(), String> {
        if let Some(Some(place)) = self.find(at, path)? {
            self.push(Op::Remove { place });
        }
        Ok(())
    }

    fn push(&mut self, op: Op) {
        self.tree.apply(&op);
        self.ops.push(op);
    }

    /// The place that a path names: none where it is outside, none within where it is the folder itself.
    fn find(&self, at: &str, path: &str) -> Result<Option<Option<DirEntry>>, String> {
        let path = String::from_utf8(quoted(path)?).map_err(|e| e.to_string())?;
        let (mut folder, names) = match self.open.get(&descriptor(at)) {
            Some(open) if !path.starts_with('/') => (open.id, PathBuf::from(path)),
            None if !path.starts_with('/') && !at.starts_with("AT_FDCWD") => return Ok(None),
            _ => {
                let whole = plain(&self.folder.join(path));
                match whole.strip_prefix(&self.folder) {
                    Ok(names) => (0, names.to_owned()),
                    Err(_) => return Ok(None),
                }
            }
        };
        let names: Vec<String> = names
            .components()
            .map(|c| c.as_os_str().to_string_lossy().into_owned())
            .collect();
        let Some((name, above)) = names.split_last() else {
            return Ok(Some(None));
        };
        for name in above {
            let name = name.clone();
            folder = self
                .tree
                .at(&DirEntry { folder, name })
                .ok_or("no folder")?;
        }
        debug_assert!(self.tree.is_folder(folder));
        let name = name.clone();
        Ok(Some(Some(DirEntry { folder, name })))
    }
}

impl Call {
    pub(super) fn text(&self, argument: usize) -> &str {
        self.arguments.get(argument).map_or("", String::as_str)
    }
}

impl Call {
    /// The paths that it works on, where strace was asked for those of descriptors (`-y`).
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        let has_content = self.name.contains("write") || self.name.contains("read");
        let count = if has_content { 1 } else { self.arguments.len() };
        let (mut paths, mut base) = (Vec::new(), PathBuf::new());
        for argument in &self.arguments[..count.min(self.arguments.len())] {
            if argument.starts_with('"') {
                let path = quoted(argument).unwrap_or_default();
                paths.push(plain(&base.join(String::from_utf8_lossy(&path).as_ref())));
            } else if let Some((number, path)) = argument.split_once('<') {
                let path = quoted(&format!("\"{}\"", path.trim_end_matches('>')));
                base = String::from_utf8_lossy(&path.unwrap_or_default())
                    .as_ref()
                    .into();
                if number != "AT_FDCWD" {
                    paths.push(base.clone());
                }
            }
        }
        paths
    }
}

/// The number of a descriptor; -1 for anything else.
fn descriptor(argument: &str) -> i64 {
    argument.parse().unwrap_or(-1)
}

/// Without `.` and `..`; there are no links in the folder.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}
