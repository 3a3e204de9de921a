//! A hub on this machine that speaks the paths of the Hugging Face hub, and can be made to fail.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use outcrop_checkpoint::git_blob_sha1;
use outcrop_core::sha256_hex;

/// Answers a request (method, path, range) in place of the server, whose own answer it gets.
pub(crate) type Hostile = dyn Fn(&str, Vec<u8>, &mut Wire) + Send + Sync;

/// What the server has and does.
#[derive(Default)]
pub(crate) struct State {
    /// Commits by revision.
    pub(crate) revisions: BTreeMap<String, String>,
    /// Those of them that are tags.
    pub(crate) tags: BTreeSet<String>,
    /// Models that the hub lists.
    pub(crate) models: Vec<String>,
    /// Files by commit and name.
    pub(crate) files: BTreeMap<(String, String), Vec<u8>>,
    /// Bytes after which the next answers with content break off, in turn.
    pub(crate) breaks: Vec<usize>,
    /// Whether ranges are ignored.
    pub(crate) no_ranges: bool,
    /// Whether content is sent other than announced.
    pub(crate) corrupt: bool,
    /// Method, path and range of each request.
    pub(crate) log: Vec<String>,
    /// Whether a token came with a request to the host of contents.
    pub(crate) leaked: bool,
    /// Who answers, if not the server itself.
    pub(crate) hostile: Option<Arc<Hostile>>,
}

/// A connection on which a request has come and not been taken yet.
pub(crate) struct Wire {
    stream: TcpStream,
    unread: usize,
}

impl Wire {
    /// Sends some bytes; whether they went.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// Takes the request, so that the connection ends in order; without it, it is reset.
    pub(crate) fn finish(&mut self) {
        let mut request = vec![0; std::mem::take(&mut self.unread)];
        let _ = self.stream.read_exact(&mut request);
    }
}

pub(crate) struct Server {
    pub(crate) endpoint: String,
    pub(crate) state: Arc<Mutex<State>>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let state = shared.clone();
                std::thread::spawn(move || stream.map(|stream| answer(stream, &state)));
            }
        });
        Self { endpoint, state }
    }

    pub(crate) fn put(&self, revision: &str, commit: &str, name: &str, bytes: &[u8]) {
        let mut state = self.state.lock().unwrap();
        state.revisions.insert(revision.into(), commit.into());
        state
            .files
            .insert((commit.into(), name.into()), bytes.into());
    }

    /// Requests since the last call that begin so.
    pub(crate) fn requests(&self, begin: &str) -> Vec<String> {
        let log = std::mem::take(&mut self.state.lock().unwrap().log);
        log.into_iter()
            .filter(|line| line.starts_with(begin))
            .collect()
    }
}

/// Larger files are served by another path, as by another host.
const LARGE: usize = 100;

/// The head of a request, left where it is.
fn head(stream: &TcpStream) -> Option<String> {
    let mut buffer = [0; 1 << 14];
    loop {
        let n = stream.peek(&mut buffer).ok().filter(|n| *n > 0)?;
        let text = String::from_utf8_lossy(&buffer[..n]).into_owned();
        if text.ends_with("\r\n\r\n") {
            return Some(text);
        }
        std::thread::yield_now();
    }
}

fn answer(stream: TcpStream, state: &Mutex<State>) {
    let Some(head) = head(&stream) else { return };
    let lines: Vec<&str> = head.lines().collect();
    let mut words = lines[0].split(' ');
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    let find = |name: &str| {
        let lower = format!("{name}: ");
        lines
            .iter()
            .find(|l| l.to_lowercase().starts_with(&lower))
            .map(|l| l[lower.len()..].to_owned())
    };
    let range = find("range");
    let from: usize = range
        .as_deref()
        .map_or(0, |r| r[6..r.len() - 1].parse().unwrap());
    let mut state = state.lock().unwrap();
    let line = format!("{method} {path} {}", range.as_deref().unwrap_or(""));
    state.log.push(line.clone());
    let token = find("authorization").is_some();
    state.leaked |= token && path.starts_with("/cdn/");
    let reply = route(&mut state, method, path, from);
    let hostile = state.hostile.clone();
    drop(state);
    let unread = head.len();
    let mut wire = Wire { stream, unread };
    match hostile {
        Some(hostile) => hostile(&line, reply, &mut wire),
        None => {
            wire.finish();
            wire.send(&reply);
        }
    }
}

fn route(state: &mut State, method: &str, path: &str, from: usize) -> Vec<u8> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match *parts {
        ["api", "models"] => models(state, query),
        ["api", "models", org, name, "revision", revision] => {
            let revision = revision.replace("%2F", "/");
            let own = format!("{org}/{name}@{revision}");
            let found = state.revisions.get(&own).or(state.revisions.get(&revision));
            match found {
                Some(commit) => files(state, commit, query.contains("blobs=true")),
                None => reply(404, &[], b"{\"error\":\"Revision Not Found\"}"),
            }
        }
        ["api", "models", _, _, "refs"] => refs(state),
        // A model that was renamed.
        ["old", name, "resolve", commit, file] => reply(
            307,
            &[format!("Location: /org/{name}/resolve/{commit}/{file}")],
            b"",
        ),
        [_, _, "resolve", commit, file] => {
            let Some(bytes) = state.files.get(&(commit.into(), file.into())) else {
                return reply(404, &[], b"");
            };
            let sum = sha256_hex(bytes);
            if bytes.len() < LARGE {
                let etag = format!("ETag: \"{}\"", git_blob_sha1(bytes));
                return head_or(method, content(state, bytes.clone(), from, vec![etag]));
            }
            let headers = [
                format!("Location: /cdn/{commit}/{file}"),
                format!("X-Linked-Etag: \"{sum}\""),
                format!("X-Linked-Size: {}", bytes.len()),
                format!("X-Repo-Commit: {commit}"),
            ];
            reply(302, &headers, b"")
        }
        ["cdn", commit, file] => {
            let Some(bytes) = state.files.get(&(commit.into(), file.into())) else {
                return reply(404, &[], b"");
            };
            let mut bytes = bytes.clone();
            if state.corrupt {
                bytes[0] ^= 1;
            }
            content(state, bytes, from, Vec::new())
        }
        _ => reply(500, &[], b""),
    }
}

/// The commit and files of a revision.
fn files(state: &State, commit: &String, with_sizes: bool) -> Vec<u8> {
    let entry = |((_, name), bytes): (&(String, String), &Vec<u8>)| match with_sizes {
        true => format!("{{\"rfilename\":{name:?},\"size\":{}}}", bytes.len()),
        false => format!("{{\"rfilename\":{name:?}}}"),
    };
    let files = state.files.iter().filter(|((of, _), _)| of == commit);
    let names: Vec<String> = files.map(entry).collect();
    let body = format!("{{\"sha\":{commit:?},\"siblings\":[{}]}}", names.join(","));
    reply(200, &[], body.as_bytes())
}

/// Branches and tags.
fn refs(state: &State) -> Vec<u8> {
    let names = |tags: bool| {
        let names = state.revisions.keys().filter(|name| !name.contains('@'));
        let names = names.filter(|name| state.tags.contains(*name) == tags);
        let names: Vec<String> = names.map(|n| format!("{{\"name\":{n:?}}}")).collect();
        names.join(",")
    };
    let (branches, tags) = (names(false), names(true));
    let body = format!("{{\"branches\":[{branches}],\"tags\":[{tags}]}}");
    reply(200, &[], body.as_bytes())
}

/// The models that a search finds, two a page.
fn models(state: &State, query: &str) -> Vec<u8> {
    let of = |key: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        { pairs }
            .find(|(k, _)| *k == key)
            .map_or("", |(_, value)| value)
    };
    let (author, search) = (of("author"), of("search"));
    let begin = format!("{author}/");
    let found = state.models.iter();
    let found = found.filter(|id| id.starts_with(&begin) && id.contains(search));
    let from: usize = of("cursor").parse().unwrap_or(0);
    let ids: Vec<String> = found.map(|id| format!("{{\"id\":{id:?}}}")).collect();
    let page = &ids[from.min(ids.len())..(from + 2).min(ids.len())];
    let next = format!(
        "Link: </api/models?author={author}&search={search}&cursor={}>; rel=\"next\"",
        from + 2
    );
    let headers = match from + 2 < ids.len() {
        true => vec![next],
        false => Vec::new(),
    };
    reply(200, &headers, format!("[{}]", page.join(",")).as_bytes())
}

fn content(state: &mut State, bytes: Vec<u8>, from: usize, mut headers: Vec<String>) -> Vec<u8> {
    let from = if state.no_ranges { 0 } else { from };
    if from > bytes.len() {
        return reply(416, &headers, b"");
    }
    let status = if from > 0 { 206 } else { 200 };
    headers.push(format!(
        "Content-Range: bytes {from}-{}/{}",
        bytes.len().saturating_sub(1),
        bytes.len()
    ));
    let mut whole = reply(status, &headers, &bytes[from..]);
    if bytes.len() >= LARGE && !state.breaks.is_empty() {
        let kept = state.breaks.remove(0);
        let head = whole.len() - (bytes.len() - from);
        whole.truncate(head + kept);
    }
    whole
}

fn head_or(method: &str, mut reply: Vec<u8>) -> Vec<u8> {
    if method == "HEAD" {
        let end = reply.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
        reply.truncate(end + 4);
    }
    reply
}

pub(crate) fn reply(status: u16, headers: &[String], body: &[u8]) -> Vec<u8> {
    let mut head = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n",
        body.len()
    );
    for header in headers {
        head += &format!("{header}\r\n");
    }
    [head.as_bytes(), b"\r\n", body].concat()
}
