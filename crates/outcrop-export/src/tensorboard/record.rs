//! Records of TensorFlow: length, its checksum, the bytes, their checksum
//! (<https://www.tensorflow.org/tutorials/load_data/tfrecord>).

use crate::checksum::masked;

/// Bytes before those of a record: their number as u64, and its checksum as u32.
const BEFORE: usize = 12;
/// Bytes behind those of a record: their checksum.
const BEHIND: usize = 4;

pub(super) fn framed(bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u64).to_le_bytes();
    let mut record = length.to_vec();
    record.extend(masked(&length).to_le_bytes());
    record.extend_from_slice(bytes);
    record.extend(masked(bytes).to_le_bytes());
    record
}

/// The first record and what follows it; none where it is not whole or a checksum is wrong.
pub(super) fn first(file: &[u8]) -> Option<(&[u8], &[u8])> {
    let number = |at: &[u8]| Some(u32::from_le_bytes(at.try_into().ok()?));
    let length = file.get(..8)?;
    if number(file.get(8..BEFORE)?)? != masked(length) {
        return None;
    }
    let length = usize::try_from(u64::from_le_bytes(length.try_into().ok()?)).ok()?;
    let end = BEFORE.checked_add(length)?;
    let bytes = file.get(BEFORE..end)?;
    let sum = number(file.get(end..end.checked_add(BEHIND)?)?)?;
    (sum == masked(bytes)).then_some((bytes, &file[end + BEHIND..]))
}
