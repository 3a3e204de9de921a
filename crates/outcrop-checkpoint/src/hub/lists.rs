//! What a hub has: branches and tags of a model, models of one organisation, bytes of a revision.

use std::path::Path;

use serde::Deserialize;

use super::answer::failed;
use super::request::{Client, Revision};
use super::{BESIDE, Hub};
use crate::glob::fits;
use crate::weights::{NAMES, is_index};
use crate::{Error, Result};

/// Pages of a list that are asked for at most.
const MAX_PAGES: usize = 100;

impl Hub {
    /// The revisions of a model that the hub names: its branches, then its tags.
    ///
    /// # Errors
    /// [`Error::NoRevision`] for a model that it has not, [`Error::Fetch`].
    pub fn revisions(&self, repo: &str) -> Result<Vec<String>> {
        self.model(repo, "main")?;
        self.client.refs(repo)
    }

    /// The models whose names fit `pattern`, `ORGANISATION/NAME` with any number of `*` in NAME, by name: for runs
    /// that have a repository for each step.
    ///
    /// # Errors
    /// [`Error::Fetch`] where the hub lists none, and for what cannot be such a name.
    pub fn repositories(&self, pattern: &str) -> Result<Vec<String>> {
        let plain = pattern.replace('*', "x");
        self.model(&plain, "main")?;
        let Some((author, name)) = pattern.split_once('/').filter(|(a, _)| !a.contains('*')) else {
            let reason = "it needs an organisation without `*`: ORGANISATION/NAME*";
            return Err(failed(&format!("`{pattern}`"), reason));
        };
        let longest = name.split('*').max_by_key(|part| part.len());
        let found = self.client.models(author, longest.unwrap_or_default())?;
        let mut fitting: Vec<String> = found.into_iter().filter(|id| fits(pattern, id)).collect();
        fitting.sort();
        fitting.dedup();
        match fitting.is_empty() {
            false => Ok(fitting),
            true => Err(failed(
                &format!("`{pattern}`"),
                format!("{} lists no model of such a name", self.client.endpoint),
            )),
        }
    }

    /// The bytes that [`Hub::fetch`] would fetch of a revision of which nothing is there: its weights, config
    /// and tokenizer. None where the hub does not tell sizes. Of shards all are counted that lie beside
    /// their index.
    ///
    /// # Errors
    /// [`Error::NoRevision`], [`Error::NoFiles`], [`Error::Fetch`].
    pub fn bytes(&self, repo: &str, revision: &str) -> Result<Option<u64>> {
        self.model(repo, revision)?;
        let info = self.client.revision(repo, revision, true)?;
        let weights = weights(repo, revision, &info)?;
        let ending = weights.trim_end_matches(".index.json");
        let ending = Path::new(ending).extension().unwrap_or_default();
        let wanted = |file: &str| {
            let is_shard = is_index(Path::new(weights))
                && Path::new(file).extension() == Some(ending)
                && file.contains("-of-");
            file == weights || is_shard || BESIDE.contains(&file)
        };
        let files = info.files.iter().zip(&info.sizes);
        let sizes = files
            .filter(|(file, _)| wanted(file))
            .map(|(_, size)| *size);
        Ok(sizes.sum())
    }
}

/// The name of the weights of a revision that are taken.
pub(super) fn weights(repo: &str, revision: &str, info: &Revision) -> Result<&'static str> {
    let held = |name: &&&str| info.files.iter().any(|file| file == **name);
    let found = NAMES.iter().find(held).copied();
    found.ok_or_else(|| Error::NoFiles {
        repo: repo.into(),
        revision: revision.into(),
        files: NAMES.join(", "),
    })
}

impl Client {
    /// The names of a model's branches and tags.
    fn refs(&self, repo: &str) -> Result<Vec<String>> {
        #[derive(Deserialize)]
        struct Refs {
            #[serde(default)]
            branches: Vec<Ref>,
            #[serde(default)]
            tags: Vec<Ref>,
        }
        #[derive(Deserialize)]
        struct Ref {
            name: String,
        }
        let url = format!("{}/api/models/{repo}/refs", self.endpoint);
        let Refs { branches, tags } = self.json(&url, repo, "any")?;
        let mut names: Vec<String> = Vec::new();
        for found in branches.into_iter().chain(tags) {
            if !names.contains(&found.name) {
                names.push(found.name);
            }
        }
        Ok(names)
    }

    /// The models of an organisation in whose names `text` stands, page by page.
    fn models(&self, author: &str, text: &str) -> Result<Vec<String>> {
        #[derive(Deserialize)]
        struct Model {
            id: String,
        }
        let mut url = format!(
            "{}/api/models?author={author}&search={text}&limit=1000",
            self.endpoint
        );
        let mut names = Vec::new();
        for _ in 0..MAX_PAGES {
            let (models, link): (Vec<Model>, _) = self.page(&url, author, "any")?;
            names.extend(models.into_iter().map(|model| model.id));
            let next = link.as_deref().and_then(next);
            let next = next.and_then(|next| self.path_of(next));
            match next {
                Some(path) => url = self.origin().to_owned() + path,
                None => return Ok(names),
            }
        }
        Err(failed(&url, "the list has no end"))
    }
}

/// The address of the next page in a header `Link`: `<ADDRESS>; rel="next"`.
fn next(link: &str) -> Option<&str> {
    let is_next = |part: &&str| part.contains("rel=\"next\"") || part.contains("rel=next");
    let part = link.split(',').find(is_next)?;
    let (_, rest) = part.split_once('<')?;
    Some(rest.split_once('>')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_in_the_link() {
        let link = "<https://h/api/models?cursor=a>; rel=\"next\"";
        assert_eq!(next(link), Some("https://h/api/models?cursor=a"));
        assert_eq!(next("<https://h/x>; rel=\"prev\""), None);
        assert_eq!(next("rel=\"next\""), None);
    }
}
