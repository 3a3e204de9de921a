//! Arrays as `numpy.save` writes them (NumPy Enhancement Proposal 1), format versions 1.0 to 3.0.

use super::dtype::DType;
use super::header::{self, Header};
use super::{Layout, Shape};

pub(super) const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// NumPy itself refuses headers above 10 000 bytes.
const MAX_HEADER: u64 = 10_000;

/// Where the ids of a file of `length` bytes that starts so are; the error is the reason why there are none.
pub(super) fn parse(start: &[u8], length: u64) -> Result<Layout, String> {
    let (version, rest) = start
        .strip_prefix(MAGIC)
        .and_then(|rest| rest.split_at_checked(2))
        .ok_or("it does not start as a .npy file")?;
    let width = match version {
        [1, 0] => 2,
        [2 | 3, 0] => 4,
        [major, minor] => return Err(format!("version {major}.{minor} of the format is unknown")),
        _ => return Err("it does not start as a .npy file".into()),
    };
    let (size, rest) = rest
        .split_at_checked(width)
        .ok_or("it ends within its header")?;
    let size = size.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
    if size > MAX_HEADER {
        return Err(format!(
            "its header claims {size} bytes, at most {MAX_HEADER} are read"
        ));
    }
    let text = rest
        .get(..size as usize)
        .ok_or("it ends within its header")?;
    // Versions 1 and 2 are Latin-1, which matters to names of fields only, and those are refused.
    let text = std::str::from_utf8(text).map_err(|_| "its header is no text")?;
    let start = (MAGIC.len() + version.len() + width) as u64 + size;
    describe(header::parse(text)?, start, length)
}

fn describe(header: Header, start: u64, length: u64) -> Result<Layout, String> {
    let dtype = DType::parse(&header.descr)?;
    if header.fortran_order && header.shape.len() > 1 {
        return Err("it is in Fortran order; save np.ascontiguousarray(a)".into());
    }
    let elements = header
        .shape
        .iter()
        .try_fold(1u64, |n, size| n.checked_mul(*size));
    let bytes = elements.and_then(|n| n.checked_mul(dtype.size() as u64));
    let there = length.saturating_sub(start);
    if bytes != Some(there) {
        let claimed = bytes.map_or("more bytes than any file has".into(), |n| {
            format!("{n} bytes")
        });
        return Err(format!(
            "its shape {:?} of {} needs {claimed}, and {there} follow its header",
            header.shape,
            dtype.name()
        ));
    }
    let shape = match header.shape[..] {
        [ids] => Shape::Stream(ids),
        [rows, columns] if rows > 0 && columns > 0 => Shape::Rows(rows, columns),
        _ => {
            return Err(format!(
                "its shape is {:?}; expected are [tokens] or [sequences, tokens]",
                header.shape
            ));
        }
    };
    Ok(Layout {
        start,
        dtype,
        shape,
        stated: None,
    })
}
