//! Plain files and files compressed by gzip or Zstandard, recognised by their first bytes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::files::io;
use crate::Result;

/// Windows of Zstandard up to this size are accepted, as by the default of its own command.
const MAX_WINDOW: u64 = 128 << 20;

/// Endings of compressed files.
const ENDINGS: [&str; 4] = ["gz", "gzip", "zst", "zstd"];

/// The content of the file at `path`, and whether it is stored as it is.
pub(super) fn open(path: &Path) -> Result<(Box<dyn BufRead>, bool)> {
    let mut file = BufReader::new(File::open(path).map_err(|e| io(path, e))?);
    let start = file.fill_buf().map_err(|e| io(path, e))?;
    outcrop_core::refuse_lfs_pointer(path, start)?;
    Ok(match start {
        [0x1f, 0x8b, ..] => (unpacked("gzip", MultiGzDecoder::new(file)), false),
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
            (unpacked("Zstandard", Zstandard::new(file)), false)
        }
        _ => (Box::new(file), true),
    })
}

/// The name without the ending of a compressed file.
pub(super) fn name_within(path: &Path) -> &Path {
    let ending = path
        .extension()
        .and_then(|e| e.to_str())
        .unwrap_or_default();
    match ENDINGS
        .iter()
        .any(|known| ending.eq_ignore_ascii_case(known))
    {
        true => path.file_stem().map_or(path, Path::new),
        false => path,
    }
}

fn unpacked(how: &'static str, inner: impl Read + 'static) -> Box<dyn BufRead> {
    Box::new(BufReader::with_capacity(1 << 16, Named { how, inner }))
}

/// Adds the compression to an error.
struct Named<R> {
    how: &'static str,
    inner: R,
}

impl<R: Read> Read for Named<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let how = self.how;
        self.inner.read(buffer).map_err(|e| {
            io::Error::new(
                e.kind(),
                format!("its {how} data cannot be unpacked ({e}); was it cut short?"),
            )
        })
    }
}

/// All frames of a Zstandard file, one after another; such as may be skipped are.
struct Zstandard<R> {
    source: R,
    decoder: FrameDecoder,
    within: bool,
}

impl<R: BufRead> Zstandard<R> {
    fn new(source: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MAX_WINDOW);
        Self {
            source,
            decoder,
            within: false,
        }
    }

    /// Begins the next frame; whether there is one.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let mut skipped = (&mut self.source).take(u64::from(length));
                    io::copy(&mut skipped, &mut io::sink())?;
                }
                Err(FrameDecoderError::WindowSizeTooBig { requested, .. }) => {
                    let mib = requested.div_ceil(1 << 20);
                    let reason = format!(
                        "it needs a window of {mib} MiB; decompress it with zstd -d --long=31"
                    );
                    return Err(io::Error::other(reason));
                }
                Err(e) => return Err(io::Error::other(e)),
            }
        }
        Ok(false)
    }

    /// Ends a frame: what was unpacked must have the checksum that the frame states.
    fn end(&mut self) -> io::Result<()> {
        let stated = self.decoder.get_checksum_from_data();
        let found = self.decoder.get_calculated_checksum();
        match stated.is_none_or(|stated| Some(stated) == found) {
            true => Ok(()),
            false => Err(io::Error::other("its checksum is another")),
        }
    }
}

impl<R: BufRead> Read for Zstandard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.within && !self.begin()? {
                return Ok(0);
            }
            self.within = true;
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                let decoded = self.decoder.decode_blocks(&mut self.source, one);
                decoded.map_err(io::Error::other)?;
            }
            match self.decoder.read(buffer)? {
                0 => {
                    self.within = false;
                    self.end()?;
                }
                read => return Ok(read),
            }
        }
    }
}
