//! A simulated disk: what a program did to the files of a folder, seen from outside, and what a power cut at any
//! moment may have left of it (as ALICE, Pillai et al., OSDI 2014, and CrashMonkey, Mohan et al., OSDI 2018, do).

mod cut;
mod cut_tests;
mod record;
mod record_tests;
mod tree;
mod watch;

pub(crate) use cut::{Rules, cut};
pub(crate) use record::Recorder;
pub(crate) use tree::{Files, Tree, files};
pub(crate) use watch::{Call, calls, strace, watched};

/// A file or a folder, whatever its name is at the moment. The folder itself is 0.
pub(crate) type Id = usize;

/// What a program did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// A name for a new or an old file, or for a new folder.
    Name {
        place: DirEntry,
        id: Id,
        folder: bool,
    },
    Write {
        id: Id,
        at: usize,
        bytes: Vec<u8>,
    },
    Resize {
        id: Id,
        length: usize,
    },
    Rename {
        from: DirEntry,
        to: DirEntry,
    },
    Remove {
        place: DirEntry,
    },
    /// A file or a folder is on the disk: fsync.
    Sync {
        id: Id,
    },
    /// All that had been done when it began is on the disk: syncfs.
    SyncAll {
        /// How many changes those were.
        before: usize,
    },
}

/// A name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DirEntry {
    pub(crate) folder: Id,
    pub(crate) name: String,
}

impl Op {
    /// The folders whose names it changes.
    pub(crate) fn folders(&self) -> Vec<Id> {
        match self {
            Self::Name { place, .. } | Self::Remove { place } => vec![place.folder],
            Self::Rename { from, to } => vec![from.folder, to.folder],
            Self::Write { .. } | Self::Resize { .. } | Self::Sync { .. } | Self::SyncAll { .. } => {
                Vec::new()
            }
        }
    }

    /// The file whose content it changes.
    pub(crate) fn content_of(&self) -> Option<Id> {
        match self {
            Self::Write { id, .. } | Self::Resize { id, .. } => Some(*id),
            _ => None,
        }
    }
}
