use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use outcrop_core::sha256_hex;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::Agent;
use ureq::http::HeaderMap;

use super::answer::{Answer, failed, header};
use super::caller::{HubCaller, Silent};
use super::digest::{Announced, FileInfo};
use super::retry::{Attempts, Failure, HubLimits};
use crate::{Error, Result};

/// Bytes of the longest answer that is held in memory.
const MAX_ANSWER: u64 = 50_000_000;
/// Times that a hub may send on from one of its addresses to another.
const MAX_MOVES: usize = 5;

/// A request to a hub.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) endpoint: String,
    agent: Agent,
    proxy: Option<ureq::Proxy>,
    pub(super) token: Option<String>,
    pub(super) limits: HubLimits,
    pub(super) caller: Arc<dyn HubCaller>,
    /// Whether there was no answer when the last request was given up.
    down: AtomicBool,
}

/// A revision: its commit and its files.
#[derive(Debug)]
pub(super) struct Revision {
    pub(super) sha: String,
    pub(super) files: Vec<String>,
    /// Bytes of each file, where they were asked for and the hub tells them.
    pub(super) sizes: Vec<Option<u64>>,
}

fn is_hex(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

impl Client {
    pub(super) fn new(endpoint: &str) -> Self {
        let limits = HubLimits::default();
        Self {
            endpoint: endpoint.trim_end_matches('/').into(),
            agent: agent(None, limits.silence),
            proxy: None,
            token: None,
            limits,
            caller: Arc::new(Silent::new()),
            down: AtomicBool::new(false),
        }
    }

    pub(super) fn set_proxy(&mut self, proxy: &str) -> Result<()> {
        self.proxy = Some(ureq::Proxy::new(proxy).map_err(|e| failed(proxy, e))?);
        self.agent = agent(self.proxy.clone(), self.limits.silence);
        Ok(())
    }

    pub(super) fn set_limits(&mut self, limits: HubLimits) {
        self.limits = limits;
        self.agent = agent(self.proxy.clone(), limits.silence);
    }

    /// Attempts at one thing, none made yet.
    pub(super) fn attempts(&self) -> Attempts<'_> {
        Attempts {
            caller: &*self.caller,
            limits: self.limits,
            down: &self.down,
            made: 0,
        }
    }

    /// Does something until it goes well, or would not go well again.
    fn until_done<T>(&self, mut attempt: impl FnMut() -> Result<T, Failure>) -> Result<T> {
        let mut attempts = self.attempts();
        loop {
            match attempt() {
                Ok(done) => {
                    self.down.store(false, Ordering::Relaxed);
                    return Ok(done);
                }
                Err(failure) => attempts.next(failure)?,
            }
        }
    }

    pub(super) fn file_url(&self, repo: &str, sha: &str, file: &str) -> String {
        format!("{}/{repo}/resolve/{sha}/{file}", self.endpoint)
    }

    /// The commit and files of a revision, with their sizes if `with_sizes`.
    pub(super) fn revision(
        &self,
        repo: &str,
        revision: &str,
        with_sizes: bool,
    ) -> Result<Revision> {
        #[derive(Deserialize)]
        struct Info {
            sha: String,
            siblings: Vec<Sibling>,
        }
        #[derive(Deserialize)]
        struct Sibling {
            rfilename: String,
            size: Option<u64>,
        }
        let name = revision.replace('/', "%2F");
        let query = if with_sizes { "?blobs=true" } else { "" };
        let url = format!("{}/api/models/{repo}/revision/{name}{query}", self.endpoint);
        let info: Info = self.json(&url, repo, revision)?;
        if info.sha.len() != 40 || !is_hex(&info.sha) {
            return Err(failed(&url, format!("`sha` = `{}` is no commit", info.sha)));
        }
        let files = info.siblings.into_iter().map(|s| (s.rfilename, s.size));
        let (files, sizes) = files.unzip();
        Ok(Revision {
            sha: info.sha,
            files,
            sizes,
        })
    }

    /// What a hub answers of a model and revision.
    pub(super) fn json<T: DeserializeOwned>(
        &self,
        url: &str,
        repo: &str,
        revision: &str,
    ) -> Result<T> {
        Ok(self.page(url, repo, revision)?.0)
    }

    /// The same with the header `Link`, which names the rest of a long list.
    pub(super) fn page<T: DeserializeOwned>(
        &self,
        url: &str,
        repo: &str,
        revision: &str,
    ) -> Result<(T, Option<String>)> {
        self.until_done(|| {
            let request = self.agent.get(url).config().timeout_global(self.patience());
            let answer = self.authorised(request.build()).call();
            let mut answer = answer.map_err(|e| Failure::transport(url, &e))?;
            let status = answer.status().as_u16();
            if matches!(status, 401 | 403 | 404) {
                let error = Error::NoRevision {
                    endpoint: self.endpoint.clone(),
                    repo: repo.into(),
                    revision: revision.into(),
                    status,
                };
                return Err(error.into());
            }
            expect(url, &answer, &[200])?;
            let link = header(answer.headers(), "link").map(str::to_owned);
            let body = answer.body_mut().with_config().limit(MAX_ANSWER);
            let body = body.read_to_vec();
            let found = parsed(url, &body.map_err(|e| Failure::transport(url, &e))?)?;
            Ok((found, link))
        })
    }

    /// How long a whole answer that is held in memory may take.
    fn patience(&self) -> Option<Duration> {
        Some(self.limits.silence.saturating_mul(3))
    }

    /// What the hub itself says of a file, not the host to which it sends on for the content.
    pub(super) fn file_info(&self, url: &str) -> Result<FileInfo> {
        self.until_done(|| self.head(url))
    }

    fn head(&self, url: &str) -> Result<FileInfo, Failure> {
        let mut here = url.to_owned();
        for _ in 0..MAX_MOVES {
            let request = self.agent.head(&here).config().max_redirects(0).build();
            let answer = self.authorised(request).call();
            let answer = answer.map_err(|e| Failure::transport(&here, &e))?;
            let moved = answer.status().is_redirection();
            let headers = answer.headers();
            let linked = header(headers, "x-linked-etag");
            let location = header(headers, "location").filter(|_| moved && linked.is_none());
            if let Some(path) = location.and_then(|location| self.path_of(location)) {
                // A model that was renamed.
                here = self.origin().to_owned() + path;
                continue;
            }
            if !moved {
                expect(url, &answer, &[200])?;
            }
            return file_info(url, headers, moved).map_err(Failure::from);
        }
        Err(failed(url, "the hub sends on and on").into())
    }

    /// The path of an address at the hub itself.
    pub(super) fn path_of<'a>(&self, location: &'a str) -> Option<&'a str> {
        let path = location.strip_prefix(self.origin()).unwrap_or(location);
        (path.starts_with('/') && !path.starts_with("//")).then_some(path)
    }

    /// The content of a file from byte `from` on, if the server keeps to that.
    pub(super) fn content(&self, url: &str, from: u64) -> Result<Answer, Failure> {
        let mut request = self.authorised(self.agent.get(url));
        if from > 0 {
            request = request.header("range", format!("bytes={from}-"));
        }
        let answer = request.call().map_err(|e| Failure::transport(url, &e))?;
        self.down.store(false, Ordering::Relaxed);
        expect(url, &answer, &[200, 206, 416])?;
        Ok(answer)
    }

    /// The endpoint without its path.
    pub(super) fn origin(&self) -> &str {
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

fn agent(proxy: Option<ureq::Proxy>, silence: Duration) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .proxy(proxy)
        .user_agent(concat!("outcrop/", env!("CARGO_PKG_VERSION")))
        // Of the content as it is, not of a compressed form of it, are its length and ranges.
        .accept_encoding("identity")
        .timeout_connect(Some(silence / 2))
        .timeout_recv_response(Some(silence))
        .timeout_per_read(Some(silence))
        .build()
        .into()
}

/// An answer as JSON; one that ends too early may be whole next time.
fn parsed<T: DeserializeOwned>(url: &str, body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|e| {
        let begin = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let error = failed(url, format!("{e}; the answer begins with {begin:?}"));
        match e.is_eof() {
            true => Failure::passing(error, "the hub's answer is cut short"),
            false => error.into(),
        }
    })
}

fn file_info(url: &str, headers: &HeaderMap, moved: bool) -> Result<FileInfo> {
    let etag = header(headers, "x-linked-etag").or_else(|| header(headers, "etag"));
    let Some(etag) = etag else {
        return Err(failed(url, "the hub tells no `ETag` of it"));
    };
    let etag = etag.trim_start_matches("W/").trim_matches('"');
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if etag.is_empty() || etag.len() > 100 || !etag.chars().all(plain) {
        let reason = format!(
            "its `ETag` {etag:?} can be no file's name: letters, digits, `-` and `_`, 100 at most"
        );
        return Err(failed(url, reason));
    }
    let etag = match Announced::of(etag) {
        Announced::Nothing => format!("{etag}-{}", &sha256_hex(url.as_bytes())[..16]),
        _ => etag.to_lowercase(),
    };
    let length = match moved {
        true => header(headers, "x-linked-size"),
        false => header(headers, "x-linked-size").or_else(|| header(headers, "content-length")),
    };
    let size = length.and_then(|length| length.parse().ok());
    Ok(FileInfo { etag, size })
}

fn expect(url: &str, answer: &Answer, wanted: &[u16]) -> Result<(), Failure> {
    if !wanted.contains(&answer.status().as_u16()) {
        return Err(Failure::status(url, answer));
    }
    match header(answer.headers(), "content-encoding") {
        None | Some("" | "identity") => Ok(()),
        Some(packed) => {
            let reason = format!("it comes packed (`{packed}`), which was not asked for");
            Err(failed(url, reason).into())
        }
    }
}
