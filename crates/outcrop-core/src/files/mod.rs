//! Files that outlast failed writes, killed processes and power cuts.

mod atomic;
mod folder;
#[cfg(feature = "json")]
mod growing;
mod lock;
#[cfg(feature = "json")]
mod sealed;
mod staged;

pub use self::atomic::{AtomicFile, write_atomic, write_atomic_with, write_unless_same};
pub use self::folder::{
    check_writable, create_folder, holds_nothing, is_temporary, remove_leftovers, sync_folder,
    sync_tree,
};
#[cfg(feature = "json")]
pub use self::growing::{Extent, GrowingTable};
pub use self::lock::{FolderLock, LOCK_FILE};
#[cfg(feature = "json")]
pub use self::sealed::{read_sealed, write_sealed};
pub use self::staged::{StagedFolder, remove_staged, staged};
