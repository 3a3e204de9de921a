//! A hub on this machine that speaks the paths of the Hugging Face hub, and can be made to fail.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use outcrop_core::sha256_hex;

/// What the server has and does.
#[derive(Default)]
pub(crate) struct State {
    /// Commits by revision.
    pub(crate) revisions: BTreeMap<String, String>,
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

fn answer(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let Some(first) = lines.first() else { return };
    let mut words = first.split(' ');
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
    state.log.push(format!(
        "{method} {path} {}",
        range.as_deref().unwrap_or("")
    ));
    let token = find("authorization").is_some();
    state.leaked |= token && path.starts_with("/cdn/");
    let reply = route(&mut state, method, path, from);
    drop(state);
    let _ = (&stream).write_all(&reply);
}

fn route(state: &mut State, method: &str, path: &str, from: usize) -> Vec<u8> {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match *parts {
        ["api", "models", _, _, "revision", revision] => {
            let Some(commit) = state.revisions.get(&revision.replace("%2F", "/")) else {
                return reply(404, &[], b"{\"error\":\"Revision Not Found\"}");
            };
            let files = state.files.keys().filter(|(c, _)| c == commit);
            let names: Vec<String> = files
                .map(|(_, n)| format!("{{\"rfilename\":{n:?}}}"))
                .collect();
            let body = format!("{{\"sha\":{commit:?},\"siblings\":[{}]}}", names.join(","));
            reply(200, &[], body.as_bytes())
        }
        ["api", "models", _, _, "refs"] => {
            let names = state.revisions.keys();
            let names: Vec<String> = names.map(|n| format!("{{\"name\":{n:?}}}")).collect();
            let body = format!("{{\"branches\":[{}],\"tags\":[]}}", names.join(","));
            reply(200, &[], body.as_bytes())
        }
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
                let etag = format!("ETag: \"{}\"", &sum[..40]);
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
            let mut bytes = state.files[&(commit.into(), file.into())].clone();
            if state.corrupt {
                bytes[0] ^= 1;
            }
            content(state, bytes, from, Vec::new())
        }
        _ => reply(500, &[], b""),
    }
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

fn reply(status: u16, headers: &[String], body: &[u8]) -> Vec<u8> {
    let mut head = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n",
        body.len()
    );
    for header in headers {
        head += &format!("{header}\r\n");
    }
    [head.as_bytes(), b"\r\n", body].concat()
}
