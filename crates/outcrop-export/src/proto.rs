//! The wire format of Protocol Buffers, as much of it as the messages need
//! (<https://protobuf.dev/programming-guides/encoding/>).

/// A message that is being written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message(Vec<u8>);

const VARINT: u64 = 0;
const EIGHT_BYTES: u64 = 1;
const LENGTH: u64 = 2;
const FOUR_BYTES: u64 = 5;

impl Message {
    pub(crate) fn bytes(self) -> Vec<u8> {
        self.0
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn key(&mut self, field: u64, kind: u64) {
        self.varint(field << 3 | kind);
    }

    /// A whole number: int64, uint64, an enum; 0 is what stands for a field that is not there.
    pub(crate) fn whole(mut self, field: u64, value: u64) -> Self {
        if value == 0 {
            return self;
        }
        self.key(field, VARINT);
        self.varint(value);
        self
    }

    /// A double.
    pub(crate) fn double(mut self, field: u64, value: f64) -> Self {
        self.key(field, EIGHT_BYTES);
        self.0.extend(value.to_le_bytes());
        self
    }

    /// A float.
    pub(crate) fn float(mut self, field: u64, value: f32) -> Self {
        self.key(field, FOUR_BYTES);
        self.0.extend(value.to_le_bytes());
        self
    }

    /// Text, bytes, or a message.
    pub(crate) fn part(mut self, field: u64, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        self.key(field, LENGTH);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    /// A message within this one.
    pub(crate) fn message(self, field: u64, message: Self) -> Self {
        self.part(field, message.0)
    }

    /// As many messages of one field.
    pub(crate) fn messages(self, field: u64, messages: impl IntoIterator<Item = Self>) -> Self {
        messages
            .into_iter()
            .fold(self, |all, one| all.message(field, one))
    }
}

/// What stands in the field `wanted` of a message: a whole number, or of text and messages their length. None where it is
/// not there, or the bytes are no message.
pub(crate) fn find(bytes: &[u8], wanted: u64) -> Option<u64> {
    let mut rest = bytes;
    let mut found = None;
    while !rest.is_empty() {
        let key = read_varint(&mut rest)?;
        let (value, skipped) = match key & 7 {
            VARINT => (read_varint(&mut rest)?, 0),
            EIGHT_BYTES => (0, 8),
            FOUR_BYTES => (0, 4),
            LENGTH => {
                let length = read_varint(&mut rest)?;
                (length, usize::try_from(length).ok()?)
            }
            _ => return None,
        };
        rest = rest.get(skipped..)?;
        if key >> 3 == wanted {
            found = Some(value);
        }
    }
    found
}

fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_the_specification() {
        assert_eq!(Message::default().whole(1, 150).bytes(), [0x08, 0x96, 0x01]);
        let text = Message::default().part(2, "testing").bytes();
        assert_eq!(text, b"\x12\x07testing");
        let nested = Message::default().message(3, Message::default().whole(1, 150));
        assert_eq!(nested.bytes(), [0x1a, 0x03, 0x08, 0x96, 0x01]);
    }

    #[test]
    fn a_whole_number_is_found_behind_other_fields() {
        let message = Message::default()
            .double(1, 0.5)
            .part(3, "text")
            .float(4, 1.0)
            .whole(2, u64::MAX)
            .bytes();
        assert_eq!(find(&message, 2), Some(u64::MAX));
        assert_eq!(find(&message, 5), None);
        assert_eq!(find(&message, 3), Some(4));
        for end in 1..message.len() {
            find(&message[..end], 2); // no panic
        }
    }
}
