use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use super::answer::{Answer, failed, header};
use super::digest::{Announced, FileInfo, check};
use super::request::Client;
use super::retry::Failure;
use crate::{Error, Result};

/// Further bytes of a file after which attempts are counted again.
const HEADWAY: u64 = 16 << 20;
/// Times that what came may be other than announced, of which one may be due to what an earlier
/// process left.
const WRONG: u32 = 2;
/// Bytes a second below which a download crawls.
const CRAWL: u64 = 1 << 10;

/// A file on its way to its whole length.
pub(super) struct Download<'a> {
    client: &'a Client,
    url: &'a str,
    info: &'a FileInfo,
    path: &'a Path,
    file: File,
}

impl<'a> Download<'a> {
    /// Goes on from what an earlier process left, where the hash will tell whether it was of this
    /// content.
    pub(super) fn open(
        client: &'a Client,
        url: &'a str,
        info: &'a FileInfo,
        path: &'a Path,
    ) -> Result<Self> {
        let io = |e| Error::io("write", path, e);
        let mut open = OpenOptions::new();
        let file = open.create(true).append(true).open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let is_named = Announced::of(&info.etag) != Announced::Nothing;
        if length > 0 && (!is_named || info.size.is_some_and(|size| length > size)) {
            file.set_len(0).map_err(io)?;
        }
        Ok(Self {
            client,
            url,
            info,
            path,
            file,
        })
    }

    /// Brings all of it to the disk and returns its SHA-256.
    pub(super) fn run(mut self, mut observe: impl FnMut(u64)) -> Result<String> {
        let (client, path) = (self.client, self.path);
        let io = |e| Error::io("write", path, e);
        let (mut attempts, mut wrong) = (client.attempts(), 0);
        let mut high = self.length()?;
        loop {
            let failure = match self.attempt(&mut observe) {
                Ok(()) => {
                    self.file.sync_all().map_err(io)?;
                    match check(path, self.info)? {
                        Ok(sha256) => return Ok(sha256),
                        Err(reason) => {
                            wrong += 1;
                            self.reject(&reason, wrong)?
                        }
                    }
                }
                Err(failure) => failure,
            };
            let length = self.length()?;
            if length >= high + HEADWAY {
                high = length;
                attempts.forget();
            }
            attempts.next(failure)?;
        }
    }

    /// Starts again, or gives up, since the received file is not the announced one.
    fn reject(&mut self, reason: &str, times: u32) -> Result<Failure> {
        let error = failed(self.url, reason);
        self.empty()?;
        if times < WRONG {
            return Ok(Failure::passing(
                error,
                "the received file is not the announced one",
            ));
        }
        fs::remove_file(self.path).map_err(|e| Error::io("remove", self.path, e))?;
        Ok(error.into())
    }

    /// Requests the missing part once.
    fn attempt(&mut self, observe: &mut impl FnMut(u64)) -> Result<(), Failure> {
        let from = self.length()?;
        if from > 0 && self.info.size == Some(from) {
            return Ok(());
        }
        let answer = self.client.content(self.url, from)?;
        let total = self.begin(&answer, from)?;
        let ends = total.is_some() || header(answer.headers(), "transfer-encoding").is_some();
        let named = Announced::of(&self.info.etag) != Announced::Nothing;
        if !ends && !named {
            let reason = "neither its size nor its hash is announced, and it ends with the \
                          connection: it is unknown whether it is complete";
            return Err(failed(self.url, reason).into());
        }
        self.receive(answer, total, observe)
    }

    /// Where an answer goes on from what is there, leaves that; where it begins anew, empties the
    /// file. Returns the length of the whole, if anybody tells.
    fn begin(&mut self, answer: &Answer, from: u64) -> Result<Option<u64>, Failure> {
        let status = answer.status().as_u16();
        let range = header(answer.headers(), "content-range").unwrap_or_default();
        let length = header(answer.headers(), "content-length").and_then(|l| l.parse().ok());
        let size = self.info.size;
        match status {
            200 => {
                self.empty()?;
                Ok(size.or(length))
            }
            206 if goes_on(range, from, size) => Ok(size.or(length.map(|l: u64| l + from))),
            _ => {
                self.empty()?;
                let reason = format!(
                    "asked to continue from byte {from}, the server answers {status} `{range}`"
                );
                let why = "the server does not continue where it broke off";
                Err(Failure::passing(failed(self.url, reason), why))
            }
        }
    }

    /// Appends received bytes.
    fn receive(
        &mut self,
        answer: Answer,
        total: Option<u64>,
        observe: &mut impl FnMut(u64),
    ) -> Result<(), Failure> {
        let mut body = answer
            .into_body()
            .into_with_config()
            .limit(u64::MAX)
            .reader();
        let mut done = self.length()?;
        let mut pace = Pace::begin(self.client);
        let mut piece = vec![0; 1 << 17];
        loop {
            if self.client.caller.stopped() {
                let what = self.url.into();
                return Err(Error::Stopped { what }.into());
            }
            let n = match body.read(&mut piece) {
                Ok(0) => break,
                Ok(n) => n as u64,
                Err(e) => return Err(self.broken(&format!("after {done} bytes: {e}"))),
            };
            self.room(done + n, total)?;
            let written = self.file.write_all(&piece[..n as usize]);
            written.map_err(|e| disk(self.path, total.unwrap_or(done + n) - done, e))?;
            done += n;
            observe(done);
            pace.went(n).map_err(|reason| self.broken(&reason))?;
        }
        match total {
            Some(total) if done != total => {
                Err(self.broken(&format!("it ends after {done} of {total} bytes")))
            }
            _ => Ok(()),
        }
    }

    /// Refuses more than was announced, or than is allowed where nothing was.
    fn room(&mut self, length: u64, total: Option<u64>) -> Result<(), Failure> {
        let limit = self.client.limits.unannounced;
        match total {
            Some(total) if length > total => {
                self.empty()?;
                Err(self.broken("it sent more than announced"))
            }
            None if length > limit => {
                self.empty()?;
                let reason = format!(
                    "it has no announced size and more than {limit} bytes, the limit for such \
                     files; raise it (--hub-file-limit) if it is to be that large"
                );
                Err(failed(self.url, reason).into())
            }
            _ => Ok(()),
        }
    }

    fn broken(&self, reason: &str) -> Failure {
        Failure::passing(failed(self.url, reason), "the download broke off")
    }

    fn length(&self) -> Result<u64> {
        let meta = self.file.metadata();
        Ok(meta.map_err(|e| Error::io("read", self.path, e))?.len())
    }

    fn empty(&mut self) -> Result<()> {
        if self.length()? == 0 {
            return Ok(());
        }
        let emptied = self
            .file
            .set_len(0)
            .and_then(|()| self.file.seek(SeekFrom::Start(0)));
        emptied
            .map(|_| ())
            .map_err(|e| Error::io("write", self.path, e))
    }
}

/// Whether an answer is the rest of a file from byte `from` on, and of this file: its length is the
/// announced one.
fn goes_on(range: &str, from: u64, size: Option<u64>) -> bool {
    let rest = range.strip_prefix("bytes ").unwrap_or(range);
    let Some((places, total)) = rest.split_once('/') else {
        return false;
    };
    let begins = places.split('-').next().and_then(|b| b.trim().parse().ok()) == Some(from);
    let total: Option<u64> = total.trim().parse().ok();
    begins && (total.is_none() || size.is_none() || total == size)
}

/// How fast a download is, over one span after another.
struct Pace<'a> {
    client: &'a Client,
    begin: Duration,
    bytes: u64,
}

impl<'a> Pace<'a> {
    fn begin(client: &'a Client) -> Self {
        Self {
            client,
            begin: client.caller.now(),
            bytes: 0,
        }
    }

    /// Takes in that so many bytes came; a reason to give up where it crawls.
    fn went(&mut self, bytes: u64) -> Result<(), String> {
        self.bytes += bytes;
        let span = self.client.caller.now().saturating_sub(self.begin);
        if span < self.client.limits.silence {
            return Ok(());
        }
        let (bytes, seconds) = (self.bytes, span.as_secs());
        if bytes < CRAWL.saturating_mul(seconds) {
            return Err(format!("it crawls: {bytes} bytes in {seconds} s"));
        }
        *self = Self::begin(self.client);
        Ok(())
    }
}

fn disk(path: &Path, missing: u64, error: std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::DiskFull {
            path: path.into(),
            missing,
        },
        _ => Error::io("write", path, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_as_such_with_what_is_missing() {
        let full = std::io::Error::from(ErrorKind::StorageFull);
        let error = disk(Path::new("blobs/x"), 512, full).to_string();
        assert!(
            error.contains("blobs/x") && error.contains("512 bytes are missing"),
            "{error}"
        );
        let other = disk(
            Path::new("blobs/x"),
            512,
            ErrorKind::PermissionDenied.into(),
        );
        assert!(matches!(other, Error::Core(_)));
    }

    #[test]
    fn only_the_rest_of_this_file_goes_on() {
        for (range, is) in [
            ("bytes 10-99/100", true),
            ("bytes 10-99/*", true),
            ("bytes 0-99/100", false),
            ("bytes 100-199/100", false),
            ("bytes 10-99/200", false),
            ("bytes */100", false),
            ("", false),
        ] {
            assert_eq!(goes_on(range, 10, Some(100)), is, "{range}");
        }
        assert!(goes_on("bytes 10-99/200", 10, None));
    }
}
