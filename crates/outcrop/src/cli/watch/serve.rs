//! The report of a run for a browser, read only.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use outcrop_core::Error as CoreError;
use tiny_http::{Header, Method, Request, Response, Server};

use super::state::{Phase, Watched};
use crate::cli::output::{print, say};
use crate::cli::{report, stop};
use crate::{Error, Result};

/// Files that are served, by their suffix.
const TYPES: [(&str, &str); 5] = [
    ("html", "text/html; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("css", "text/css; charset=utf-8"),
    ("csv", "text/csv; charset=utf-8"),
];
/// Seconds after which the browser asks for the page of an unfinished run again.
const REFRESH: &str = "10";

/// An address, or the port of this machine's own.
pub(super) fn address(text: &str) -> std::result::Result<SocketAddr, String> {
    let local = |port: u16| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let port = text.parse::<u16>().map(local);
    let wanted = "an address and a port, such as 127.0.0.1:8080, or a port alone";
    port.or_else(|_| text.parse())
        .map_err(|_| wanted.to_owned())
}

/// Answers requests until a signal comes.
pub(super) fn run(folder: &Path, address: SocketAddr) -> Result<()> {
    let failed = |e: &dyn std::fmt::Display| Error::Environment(format!("serve at {address}: {e}"));
    let server = Server::http(address).map_err(|e| failed(&e))?;
    let stop = stop::on_signal("")?;
    let mut site = Site::new(folder)?;
    if !address.ip().is_loopback() {
        say("warning: other machines that reach this address can read the report");
    }
    let at = server.server_addr();
    print(&format!(
        "the report of {}: http://{at}/ until Ctrl-C",
        folder.display()
    ));
    crate::cli::output::standard::flush();
    while !stop.load(Ordering::Relaxed) {
        let request = server.recv_timeout(Duration::from_millis(200));
        if let Some(request) = request.map_err(|e| failed(&e))? {
            site.answer(request);
        }
    }
    Ok(())
}

/// The pages of a report, in a folder of their own: nothing is written into the run.
struct Site {
    run: Watched,
    folder: tempfile::TempDir,
    /// Each file by the path that asks for it; no other file is ever read.
    files: BTreeMap<String, PathBuf>,
    problem: Option<String>,
    begun: bool,
}

impl Site {
    fn new(folder: &Path) -> Result<Self> {
        let made = tempfile::tempdir();
        Ok(Self {
            run: Watched::new(folder.to_owned()),
            folder: made.map_err(|e| CoreError::io("make folder", std::env::temp_dir(), e))?,
            files: BTreeMap::new(),
            problem: None,
            begun: false,
        })
    }

    /// Writes the report again where the run has changed.
    fn renew(&mut self) {
        if !self.run.look() && self.begun {
            return;
        }
        self.begun = true;
        self.problem = match report::write(&self.run.folder, self.folder.path()) {
            Ok(()) => None,
            Err(error) => Some(format!("failed to {error}")),
        };
        self.files = tables(&self.run.folder);
        self.files.extend(files(self.folder.path()));
    }

    fn answer(&mut self, request: Request) {
        let path = request.url().split(['?', '#']).next().unwrap_or_default();
        let path = match path {
            "/" => "/report.html".to_owned(),
            path => path.to_owned(),
        };
        let response = match request.method() {
            _ if !names_an_address(&request) => plain(403, "ask by address or as localhost"),
            Method::Get | Method::Head => {
                if path == "/report.html" {
                    self.renew();
                }
                self.file(&path)
            }
            _ => plain(405, "only GET and HEAD are answered"),
        };
        let _ = request.respond(response); // who asked may be gone
    }

    fn file(&self, path: &str) -> Response<std::io::Cursor<Vec<u8>>> {
        let page = path == "/report.html";
        let response = match (self.files.get(path), &self.problem) {
            (_, Some(problem)) if page => plain(503, problem),
            (None, _) => plain(404, "no such file in the report"),
            (Some(file), _) => match std::fs::read(file) {
                Ok(bytes) => {
                    Response::from_data(bytes).with_header(header("Content-Type", kind(file)))
                }
                Err(_) => plain(404, "no such file in the report"),
            },
        };
        match page && self.run.shown.phase != Phase::Finished {
            true => response.with_header(header("Refresh", REFRESH)),
            false => response,
        }
        .with_header(header("Cache-Control", "no-store"))
        .with_header(header("X-Content-Type-Options", "nosniff"))
    }
}

/// The tables that the page links to. A link out of the run is not followed.
fn tables(folder: &Path) -> BTreeMap<String, PathBuf> {
    let own = |file: &PathBuf| {
        let kind = file.symlink_metadata().map(|found| found.file_type());
        kind.is_ok_and(|kind| kind.is_file())
    };
    let found = report::files(folder).into_values().filter(own);
    let named = |file: PathBuf| Some((format!("/{}", file.file_name()?.to_str()?), file));
    found.filter_map(named).collect()
}

/// Every file below `folder` of a kind that is served, by the path that asks for it.
fn files(folder: &Path) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    let mut folders = vec![(String::new(), folder.to_owned())];
    while let Some((before, folder)) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = format!("{before}/{}", entry.file_name().to_string_lossy());
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push((name, path)),
                Ok(kind) if kind.is_file() => {
                    found.insert(name, path);
                }
                Ok(_) | Err(_) => {}
            }
        }
    }
    found
}

fn kind(file: &Path) -> &'static str {
    let suffix = file.extension().unwrap_or_default();
    let known = TYPES.iter().find(|(known, _)| suffix == *known);
    known.map_or("application/octet-stream", |(_, kind)| kind)
}

/// Whether the request names this machine by an address or as localhost: a page of another site that resolves to this
/// machine is answered nothing.
fn names_an_address(request: &Request) -> bool {
    let mut headers = request.headers().iter();
    let Some(host) = headers.find(|one| one.field.equiv("Host")) else {
        return true;
    };
    let host = host.value.as_str();
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, _)) => name,
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    name == "localhost" || name.parse::<IpAddr>().is_ok()
}

fn plain(status: u16, words: &str) -> Response<std::io::Cursor<Vec<u8>>> {
    let response = Response::from_data(format!("{words}\n").into_bytes()).with_status_code(status);
    response.with_header(header("Content-Type", "text/plain; charset=utf-8"))
}

/// A header of fixed text.
fn header(name: &'static str, value: &str) -> Header {
    let made = Header::from_bytes(name, value);
    made.unwrap_or_else(|()| unreachable!("{name}: {value} is ASCII"))
}
