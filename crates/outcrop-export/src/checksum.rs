use crc::{CRC_32_ISCSI, CRC_32_ISO_HDLC, Crc, Table};

static CASTAGNOLI: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISCSI);
static ZLIB: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

/// CRC-32C of the bytes, rotated and shifted as the record files of TensorFlow store it (`masked_crc32c`), so that a
/// checksum of bytes that hold checksums is no special case.
pub(crate) fn masked(bytes: &[u8]) -> u32 {
    CASTAGNOLI
        .checksum(bytes)
        .rotate_right(15)
        .wrapping_add(0xa282_ead8)
}

/// CRC-32 of all parts one after another, as zlib computes it.
pub(crate) fn zlib(parts: [&[u8]; 2]) -> u32 {
    let mut digest = ZLIB.digest();
    parts.iter().for_each(|part| digest.update(part));
    digest.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_values_of_the_catalogue() {
        assert_eq!(CASTAGNOLI.checksum(b"123456789"), 0xe306_9283);
        assert_eq!(zlib([b"1234", b"56789"]), 0xcbf4_3926);
    }
}
