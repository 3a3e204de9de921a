//! Checkpoints from the Hugging Face hub, or what speaks as it does.

mod answer;
mod cache;
mod caller;
mod date;
mod digest;
mod download;
mod lists;
mod lock;
mod request;
mod retry;
mod transfer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::cache::CachedModel;
pub use self::caller::HubCaller;
pub use self::digest::git_blob_sha1;
pub use self::lock::InUse;
use self::request::Client;
pub use self::retry::HubLimits;
pub use self::transfer::Transfer;
use crate::weights::{is_index, weight_map};
use crate::{Error, Result};

/// Files beside the weights that are fetched where a model has them.
const BESIDE: [&str; 4] = [
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "adapter_config.json",
];

/// A hub, and its cache, with the layout of Python's `huggingface_hub`: each finds files that the other has fetched,
/// and [`CheckpointSeries::open`](crate::CheckpointSeries::open) reads it.
///
/// What may pass is tried again, a bounded number of times ([`HubLimits`]): HTTP 408, 429, 500, 502, 503 and
/// 504, connections that fail, downloads that break off, crawl or bring something else. The waits double
/// from one second to a minute, or are as long as the hub asks. A file is used only when it has the
/// announced size and hash: SHA-256, or Git's SHA-1 where it is small. One process at a time fetches a file;
/// others wait for it.
///
/// ```no_run
/// use outcrop_checkpoint::{Hub, Weights};
///
/// let hub = Hub::new("https://huggingface.co", "cache".as_ref());
/// let folder = hub.fetch("EleutherAI/pythia-14m", "step512")?;
/// let weights = Weights::open(&folder)?;
/// // ... measure ...
/// let freed = hub.delete("EleutherAI/pythia-14m", "step512")?;
/// assert!(freed > 0);
/// # Ok::<(), outcrop_checkpoint::Error>(())
/// ```
#[derive(Debug)]
pub struct Hub {
    client: Client,
    cache: PathBuf,
}

impl Hub {
    /// A hub at `endpoint`, such as `https://huggingface.co`, with its files in `cache`, which is
    /// created when there is something to put in it.
    pub fn new(endpoint: &str, cache: &Path) -> Self {
        Self {
            client: Client::new(endpoint),
            cache: cache.into(),
        }
    }

    /// Shows this token to the hub, and to no host to which it sends on.
    #[must_use]
    pub fn with_token(mut self, token: &str) -> Self {
        self.client.token = Some(token.into());
        self
    }

    /// Goes through a proxy, such as `http://localhost:3128`. None is taken from the environment.
    ///
    /// # Errors
    /// [`Error::Fetch`] for an invalid address of a proxy.
    pub fn with_proxy(mut self, proxy: &str) -> Result<Self> {
        self.client.set_proxy(proxy)?;
        Ok(self)
    }

    /// Bears more or less than [`HubLimits::default`].
    #[must_use]
    pub fn with_limits(mut self, limits: HubLimits) -> Self {
        self.client.set_limits(limits);
        self
    }

    /// Lets `caller` wait, tells it why, and stops when it says so.
    #[must_use]
    pub fn with_caller(mut self, caller: Arc<dyn HubCaller>) -> Self {
        self.client.caller = caller;
        self
    }

    /// The folder of a revision that was fetched whole and still is: files that were touched since
    /// are read and compared with its `SHA256SUMS`. The hub is not asked whether it has moved since.
    ///
    /// # Errors
    /// [`Error::Fetch`] for what cannot be a model's or a revision's name; [`Error::Core`] with the
    /// path.
    pub fn cached(&self, repo: &str, revision: &str) -> Result<Option<PathBuf>> {
        self.model(repo, revision)?.whole(revision)
    }

    /// Fetches a revision's weights, `config.json` and tokenizer, file by file, and returns their
    /// folder with the `SHA256SUMS` of all ([`verify`](crate::verify) accepts it). Of weights in
    /// several forms the first is taken that [`Weights::open`](crate::Weights::open) would take.
    ///
    /// What is there already is not fetched again, also where another revision had the same file,
    /// unless it is damaged. A file appears under its name only when it is whole and, where the hub
    /// tells its hash, has it; a download that broke off goes on from there, at the next call too.
    /// Of such beginnings the four youngest of a model are kept.
    ///
    /// # Errors
    /// [`Error::NoRevision`], [`Error::NoFiles`], [`Error::DiskFull`], [`Error::Fetch`] with the address,
    /// [`Error::Stopped`] where the [`HubCaller`] wanted it, [`Error::Core`] with the path.
    pub fn fetch(&self, repo: &str, revision: &str) -> Result<PathBuf> {
        self.fetch_with(repo, revision, |_| {})
    }

    /// As [`Hub::fetch`]; `observe` is called with the progress of each file.
    ///
    /// # Errors
    /// As [`Hub::fetch`].
    pub fn fetch_with(
        &self,
        repo: &str,
        revision: &str,
        mut observe: impl FnMut(&Transfer<'_>),
    ) -> Result<PathBuf> {
        let model = self.model(repo, revision)?;
        let info = self.client.revision(repo, revision, false)?;
        if let Some(folder) = model.whole(revision)?.filter(|f| f.ends_with(&info.sha)) {
            return Ok(folder);
        }
        model.sweep()?;
        let mut snapshot = model.snapshot(&info.sha)?;
        let mut get = |file: &str| {
            let url = self.client.file_url(repo, &info.sha, file);
            let blob = transfer::fetch(&self.client, &url, file, &model, &mut observe)?;
            snapshot.link(file, &blob)
        };
        let held = |file: &&&str| info.files.iter().any(|f| f == **file);
        let weights = lists::weights(repo, revision, &info)?;
        for file in BESIDE.iter().filter(held).chain([&weights]) {
            get(file)?;
        }
        if is_index(Path::new(weights)) {
            let map = weight_map(&model.snapshots.join(&info.sha).join(weights))?;
            let shards: std::collections::BTreeSet<_> = map.iter().map(|(_, f)| f).collect();
            for shard in shards {
                get(shard)?;
            }
        }
        let folder = snapshot.finish()?;
        model.refer(revision, &info.sha)?;
        Ok(folder)
    }

    /// As [`Hub::fetch`] without the weights: `config.json` and the tokenizer. The folder has no
    /// `SHA256SUMS`, for the revision is not whole.
    ///
    /// # Errors
    /// As [`Hub::fetch`].
    pub fn fetch_config(&self, repo: &str, revision: &str) -> Result<PathBuf> {
        let model = self.model(repo, revision)?;
        if let Some(folder) = model.whole(revision)? {
            return Ok(folder);
        }
        let info = self.client.revision(repo, revision, false)?;
        let mut snapshot = model.snapshot(&info.sha)?;
        for file in BESIDE
            .iter()
            .filter(|file| info.files.iter().any(|f| f == **file))
        {
            let url = self.client.file_url(repo, &info.sha, file);
            let blob = transfer::fetch(&self.client, &url, file, &model, &mut |_| {})?;
            snapshot.link(file, &blob)?;
        }
        model.refer(revision, &info.sha)?;
        Ok(model.snapshots.join(&info.sha))
    }

    /// The commit that a revision is on the hub now.
    ///
    /// # Errors
    /// [`Error::NoRevision`], [`Error::Fetch`].
    pub fn commit(&self, repo: &str, revision: &str) -> Result<String> {
        self.model(repo, revision)?;
        Ok(self.client.revision(repo, revision, false)?.sha)
    }

    /// Whether the cache has any part of a revision, whichever program fetched it.
    ///
    /// # Errors
    /// [`Error::Fetch`] as [`Hub::cached`].
    pub fn knows(&self, repo: &str, revision: &str) -> Result<bool> {
        Ok(self.model(repo, revision)?.commit(revision).is_some())
    }

    /// Whether a revision was fetched only to be used and deleted, as
    /// [`set_passing`](Hub::set_passing) noted in the cache: a process that was killed before it
    /// deleted it leaves that to the next.
    ///
    /// # Errors
    /// [`Error::Fetch`] as [`Hub::cached`].
    pub fn is_passing(&self, repo: &str, revision: &str) -> Result<bool> {
        Ok(self.model(repo, revision)?.is_passing(revision))
    }

    /// Notes that a revision is only to be used and deleted, or that it is to stay.
    ///
    /// # Errors
    /// [`Error::Core`] with the path; [`Error::Fetch`] as [`Hub::cached`].
    pub fn set_passing(&self, repo: &str, revision: &str, is_passing: bool) -> Result<()> {
        self.model(repo, revision)?
            .set_passing(revision, is_passing)
    }

    /// Says that a revision is in use, by any number of processes, until what is returned is dropped: nobody
    /// [deletes](Hub::delete) it meanwhile.
    ///
    /// # Errors
    /// [`Error::Core`] with the path; [`Error::Fetch`] as [`Hub::cached`].
    pub fn in_use(&self, repo: &str, revision: &str) -> Result<InUse> {
        lock::in_use(&self.model(repo, revision)?.use_lock(revision))
    }

    /// Deletes a revision that was fetched, and of its files those that no other revision has.
    /// Returns how many bytes that freed: 0 where it was not there, or another process
    /// [uses](Hub::in_use) it.
    ///
    /// # Errors
    /// [`Error::Core`] with the path; [`Error::Fetch`] as [`Hub::cached`].
    pub fn delete(&self, repo: &str, revision: &str) -> Result<u64> {
        self.model(repo, revision)?.delete(revision)
    }

    /// A model's place in the cache; names are checked, for they become paths and addresses.
    fn model(&self, repo: &str, revision: &str) -> Result<CachedModel> {
        let plain = |name: &str| {
            let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            !name.is_empty() && name.chars().all(allowed) && !name.starts_with('.')
        };
        let sound =
            |name: &str, most: usize| name.split('/').count() <= most && name.split('/').all(plain);
        for (name, most) in [(repo, 2), (revision, 8)] {
            if !sound(name, most) {
                return Err(Error::Fetch {
                    what: format!("`{name}`"),
                    reason:
                        "a model is named ORGANISATION/NAME and a revision by letters, digits, \
                             `.`, `_`, `-` and `/`"
                            .into(),
                });
            }
        }
        let folder = format!("models--{}", repo.replace('/', "--"));
        Ok(CachedModel::new(&self.cache, &folder))
    }
}
