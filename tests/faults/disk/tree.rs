use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::{DirEntry, Id, Op};

/// Every file by its path.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// Folders and files, those without a name too.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    nodes: BTreeMap<Id, Node>,
}

#[derive(Clone, Debug)]
enum Node {
    Folder(BTreeMap<String, Id>),
    File(Vec<u8>),
}

impl Tree {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self {
            nodes: BTreeMap::from([(0, Node::Folder(BTreeMap::new()))]),
        }
    }

    /// What stands in a folder.
    pub(crate) fn load(folder: &Path) -> Self {
        let mut tree = Self::empty();
        tree.load_into(0, folder);
        tree
    }

    fn load_into(&mut self, id: Id, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let (name, new) = (entry.file_name().into_string().unwrap(), self.fresh());
            let is_folder = entry.file_type().unwrap().is_dir();
            self.name(&DirEntry { folder: id, name }, new, is_folder);
            match is_folder {
                true => self.load_into(new, &entry.path()),
                false => *self.content(new).unwrap() = fs::read(entry.path()).unwrap(),
            }
        }
    }

    /// Writes what has a name into an empty folder.
    pub(crate) fn store(&self, folder: &Path) {
        self.store_from(0, folder);
    }

    fn store_from(&self, id: Id, folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        for (name, id) in self.names(id) {
            let path = folder.join(name);
            match &self.nodes[id] {
                Node::Folder(_) => self.store_from(*id, &path),
                Node::File(bytes) => fs::write(path, bytes).unwrap(),
            }
        }
    }

    /// Every file that has a name.
    pub(crate) fn files(&self) -> Files {
        let mut files = Files::new();
        self.files_from(0, "", &mut files);
        files
    }

    fn files_from(&self, id: Id, under: &str, files: &mut Files) {
        for (name, id) in self.names(id) {
            let path = format!("{under}{name}");
            match &self.nodes[id] {
                Node::Folder(_) => self.files_from(*id, &format!("{path}/"), files),
                Node::File(bytes) => drop(files.insert(path, bytes.clone())),
            }
        }
    }

    /// A number that nothing has yet.
    pub(crate) fn fresh(&self) -> Id {
        self.nodes.keys().next_back().map_or(0, |last| last + 1)
    }

    fn names(&self, folder: Id) -> impl Iterator<Item = (&String, &Id)> {
        let names = match self.nodes.get(&folder) {
            Some(Node::Folder(names)) => Some(names),
            _ => None,
        };
        names.into_iter().flatten()
    }

    pub(crate) fn is_folder(&self, id: Id) -> bool {
        matches!(self.nodes.get(&id), Some(Node::Folder(_)))
    }

    /// What a place names.
    pub(crate) fn at(&self, place: &DirEntry) -> Option<Id> {
        let mut names = self.names(place.folder);
        names.find(|(name, _)| **name == place.name).map(|n| *n.1)
    }

    pub(crate) fn content(&mut self, id: Id) -> Option<&mut Vec<u8>> {
        match self.nodes.get_mut(&id) {
            Some(Node::File(bytes)) => Some(bytes),
            _ => None,
        }
    }

    pub(crate) fn ids(&self) -> Vec<Id> {
        self.nodes.keys().copied().collect()
    }

    fn name(&mut self, place: &DirEntry, id: Id, folder: bool) {
        self.nodes.entry(id).or_insert_with(|| match folder {
            true => Node::Folder(BTreeMap::new()),
            false => Node::File(Vec::new()),
        });
        if let Some(Node::Folder(names)) = self.nodes.get_mut(&place.folder) {
            names.insert(place.name.clone(), id);
        }
    }

    /// Makes a node known that no name leads to yet.
    pub(crate) fn hold(&mut self, op: &Op) {
        if let Op::Name { id, folder, .. } = op {
            self.nodes.entry(*id).or_insert_with(|| match folder {
                true => Node::Folder(BTreeMap::new()),
                false => Node::File(Vec::new()),
            });
        }
    }

    fn unname(&mut self, place: &DirEntry) -> Option<Id> {
        match self.nodes.get_mut(&place.folder) {
            Some(Node::Folder(names)) => names.remove(&place.name),
            _ => None,
        }
    }

    /// Does what `op` did; a name that is not there is skipped.
    pub(crate) fn apply(&mut self, op: &Op) {
        match op {
            Op::Name { place, id, folder } => self.name(place, *id, *folder),
            Op::Rename { from, to } => {
                if let Some(id) = self.unname(from) {
                    self.name(to, id, false);
                }
            }
            Op::Remove { place } => drop(self.unname(place)),
            Op::Write { id, at, bytes } => {
                if let Some(content) = self.content(*id) {
                    put(content, *at, bytes);
                }
            }
            Op::Resize { id, length } => {
                if let Some(content) = self.content(*id) {
                    content.resize(*length, 0);
                }
            }
            Op::Sync { .. } | Op::SyncAll { .. } => {}
        }
    }
}

/// Writes `bytes` at `at`, with zeros between the old end and there.
pub(crate) fn put(content: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[at..end].copy_from_slice(bytes);
}

/// Every file below a folder.
pub(crate) fn files(folder: &Path) -> Files {
    Tree::load(folder).files()
}
