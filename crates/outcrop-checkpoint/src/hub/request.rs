use std::time::Duration;

use serde::Deserialize;
use ureq::Agent;
use ureq::http::{HeaderMap, Response};

use crate::{Error, Result};

/// Bytes of the longest answer that is held in memory.
const MAX_ANSWER: u64 = 50_000_000;

type Answer = Response<ureq::Body>;

/// What is asked of a hub.
#[derive(Debug)]
pub(super) struct Client {
    endpoint: String,
    agent: Agent,
    pub(super) token: Option<String>,
}

/// A revision: its commit and its files.
#[derive(Debug)]
pub(super) struct Revision {
    pub(super) sha: String,
    pub(super) files: Vec<String>,
}

/// What a hub says of a file before it sends it.
#[derive(Debug)]
pub(super) struct FileInfo {
    /// The name of its content: its SHA-256 where it is large, Git's hash where it is small.
    pub(super) etag: String,
    /// In bytes, if told.
    pub(super) size: Option<u64>,
}

impl FileInfo {
    /// The SHA-256 that the content is to have, if told.
    pub(super) fn sha256(&self) -> Option<&str> {
        let is_sum = self.etag.len() == 64 && is_hex(&self.etag);
        is_sum.then_some(&self.etag)
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

impl Client {
    pub(super) fn new(endpoint: &str) -> Self {
        Self {
            endpoint: endpoint.trim_end_matches('/').into(),
            agent: agent(None),
            token: None,
        }
    }

    pub(super) fn set_proxy(&mut self, proxy: &str) -> Result<()> {
        let parsed = ureq::Proxy::new(proxy).map_err(|e| failed(proxy, e))?;
        self.agent = agent(Some(parsed));
        Ok(())
    }

    pub(super) fn file_url(&self, repo: &str, sha: &str, file: &str) -> String {
        format!("{}/{repo}/resolve/{sha}/{file}", self.endpoint)
    }

    /// The commit and files of a revision.
    pub(super) fn revision(&self, repo: &str, revision: &str) -> Result<Revision> {
        #[derive(Deserialize)]
        struct Info {
            sha: String,
            siblings: Vec<Sibling>,
        }
        #[derive(Deserialize)]
        struct Sibling {
            rfilename: String,
        }
        let name = revision.replace('/', "%2F");
        let url = format!("{}/api/models/{repo}/revision/{name}", self.endpoint);
        let info: Info = self.json(&url, repo, revision)?;
        if info.sha.len() != 40 || !is_hex(&info.sha) {
            return Err(failed(&url, format!("`sha` = `{}` is no commit", info.sha)));
        }
        let files = info.siblings.into_iter().map(|s| s.rfilename).collect();
        Ok(Revision {
            sha: info.sha,
            files,
        })
    }

    /// The names of a model's branches and tags.
    pub(super) fn refs(&self, repo: &str) -> Result<Vec<String>> {
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
        Ok(branches.into_iter().chain(tags).map(|r| r.name).collect())
    }

    /// What a hub answers of a model and revision.
    fn json<T: serde::de::DeserializeOwned>(
        &self,
        url: &str,
        repo: &str,
        revision: &str,
    ) -> Result<T> {
        let answer = self.authorised(self.agent.get(url)).call();
        let mut answer = answer.map_err(|e| failed(url, e))?;
        let status = answer.status().as_u16();
        if matches!(status, 401 | 403 | 404) {
            return Err(Error::NoRevision {
                endpoint: self.endpoint.clone(),
                repo: repo.into(),
                revision: revision.into(),
                status,
            });
        }
        expect(url, &answer, &[200])?;
        let body = answer
            .body_mut()
            .with_config()
            .limit(MAX_ANSWER)
            .read_to_vec();
        let body = body.map_err(|e| failed(url, e))?;
        serde_json::from_slice(&body).map_err(|e| failed(url, e))
    }

    /// What the hub itself says of a file, not the host to which it sends on for the content.
    pub(super) fn file_info(&self, url: &str) -> Result<FileInfo> {
        let mut here = url.to_owned();
        for _ in 0..5 {
            let request = self.agent.head(&here).config().max_redirects(0).build();
            let answer = self
                .authorised(request)
                .call()
                .map_err(|e| failed(&here, e))?;
            let moved = answer.status().is_redirection();
            let headers = answer.headers();
            let linked = header(headers, "x-linked-etag");
            match header(headers, "location").filter(|_| moved && linked.is_none()) {
                // A model that was renamed.
                Some(path) if path.starts_with('/') => here = self.origin().to_owned() + path,
                _ => {
                    if !moved {
                        expect(url, &answer, &[200])?;
                    }
                    return file_info(headers, moved)
                        .ok_or_else(|| failed(url, "the hub tells no `ETag` of it"));
                }
            }
        }
        Err(failed(url, "the hub sends on and on"))
    }

    /// The content of a file from byte `from` on, if the server keeps to that.
    pub(super) fn content(&self, url: &str, from: u64) -> Result<Answer> {
        let mut request = self.authorised(self.agent.get(url));
        if from > 0 {
            request = request.header("range", format!("bytes={from}-"));
        }
        let answer = request.call().map_err(|e| failed(url, e))?;
        expect(url, &answer, &[200, 206, 416])?;
        Ok(answer)
    }

    /// The endpoint without its path.
    fn origin(&self) -> &str {
        let host = self.endpoint.find("://").map_or(0, |at| at + 3);
        let path = self.endpoint[host..].find('/');
        &self.endpoint[..path.map_or(self.endpoint.len(), |at| host + at)]
    }

    fn authorised<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        match &self.token {
            None => request,
            Some(token) => request.header("authorization", format!("Bearer {token}")),
        }
    }
}

fn agent(proxy: Option<ureq::Proxy>) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .proxy(proxy)
        .user_agent(concat!("outcrop/", env!("CARGO_PKG_VERSION")))
        // Of the content as it is, not of a compressed form of it, are its length and ranges.
        .accept_encoding("identity")
        .timeout_connect(Some(Duration::from_secs(30)))
        .timeout_recv_response(Some(Duration::from_secs(60)))
        .timeout_per_read(Some(Duration::from_secs(60)))
        .build()
        .into()
}

pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn file_info(headers: &HeaderMap, moved: bool) -> Option<FileInfo> {
    let etag = header(headers, "x-linked-etag").or_else(|| header(headers, "etag"))?;
    let etag = etag.trim_start_matches("W/").trim_matches('"');
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let named = !etag.is_empty() && etag.len() <= 100 && etag.chars().all(plain);
    let length = match moved {
        true => header(headers, "x-linked-size"),
        false => header(headers, "x-linked-size").or_else(|| header(headers, "content-length")),
    };
    named.then(|| FileInfo {
        etag: etag.into(),
        size: length.and_then(|l| l.parse().ok()),
    })
}

fn expect(url: &str, answer: &Answer, wanted: &[u16]) -> Result<()> {
    let status = answer.status();
    match wanted.contains(&status.as_u16()) {
        true => Ok(()),
        false => Err(failed(url, format!("the server answers HTTP {status}"))),
    }
}

pub(super) fn failed(what: &str, reason: impl ToString) -> Error {
    Error::Fetch {
        what: what.into(),
        reason: reason.to_string(),
    }
}
