//! JSON as Python writes it, from which one field is taken. What the other fields hold must not stop a file:
//! `json.dumps` writes NaN and Infinity, and escapes half a surrogate pair, which parsers of strict JSON
//! refuse wherever it stands.

use std::borrow::Cow;

/// Why a value is no document.
#[derive(Debug, PartialEq)]
pub(super) enum Fault {
    /// An object without the field; these it has: those of text, or else all.
    NoField(Vec<String>),
    /// The value, or the field, is of another kind than text.
    Kind(String),
    /// It is broken, or has nothing where the text should be.
    Bad(String),
}

/// The document in one JSON value: the field of an object, or a string itself.
pub(super) fn document<'a>(json: &'a [u8], field: &str) -> Result<Cow<'a, str>, Fault> {
    let mut cursor = Cursor::new(json);
    let found = match cursor.first() {
        Some(b'"') => text(cursor.string()?, "the document"),
        Some(b'{') => in_object(&mut cursor, field),
        _ => {
            let kind = kind(&mut cursor)?;
            let wanted = format!("it is {kind} where an object with a field `{field}` is expected");
            Err(Fault::Kind(wanted))
        }
    };
    match (found, cursor.first()) {
        (Ok(_), Some(_)) => Err(cursor.unexpected("the end of the line")),
        (found, _) => found,
    }
}

/// The field of the object at the cursor, which is read to its end.
fn in_object<'a>(cursor: &mut Cursor<'a>, field: &str) -> Result<Cow<'a, str>, Fault> {
    let (mut found, mut twice) = (None, false);
    let (mut others, mut texts) = (Vec::new(), Vec::new());
    cursor.at += 1;
    let mut more = cursor.first() != Some(b'}');
    cursor.at += usize::from(!more);
    while more {
        let key = name(cursor.key()?);
        let start = cursor.at;
        if key == field {
            twice = found.is_some();
            found = Some(start);
        } else if cursor.first() == Some(b'"') {
            texts.push(key.into_owned());
        } else {
            others.push(key.into_owned());
        }
        cursor.skip()?;
        more = cursor.next_or_end(b'}')?;
    }
    let Some(start) = found else {
        return Err(Fault::NoField(if texts.is_empty() {
            others
        } else {
            texts
        }));
    };
    if twice {
        return Err(Fault::Bad(format!("field `{field}` is in it twice")));
    }
    let mut value = Cursor {
        bytes: cursor.bytes,
        at: start,
    };
    match value.first() {
        Some(b'"') => text(value.string()?, &format!("field `{field}`")),
        Some(b'n') => Err(Fault::Bad(format!("field `{field}` is null"))),
        _ => Err(Fault::Kind(format!(
            "field `{field}` is {}, not text",
            kind(&mut value)?
        ))),
    }
}

/// A string with its quotes and escapes as text.
fn text<'a>(raw: &'a [u8], what: &str) -> Result<Cow<'a, str>, Fault> {
    let plain = &raw[1..raw.len() - 1];
    let decoded = match plain.contains(&b'\\') || plain.iter().any(u8::is_ascii_control) {
        true => serde_json::from_slice(raw)
            .map(Cow::Owned)
            .map_err(|e| e.to_string()),
        false => std::str::from_utf8(plain)
            .map(Cow::Borrowed)
            .map_err(|e| e.to_string()),
    };
    decoded.map_err(|reason| {
        let half = reason.contains("surrogate") || reason.contains("hex escape");
        match half {
            true => Fault::Bad(format!(
                "{what} holds half a surrogate pair, which is no character"
            )),
            false => Fault::Bad(format!("{what} is no text: {reason}")),
        }
    })
}

/// A key as text; one that is none equals no field.
fn name(raw: &[u8]) -> Cow<'_, str> {
    text(raw, "a key").unwrap_or_else(|_| String::from_utf8_lossy(raw))
}

/// What the value at the cursor is, in words.
fn kind(cursor: &mut Cursor<'_>) -> Result<&'static str, Fault> {
    let first = cursor.first();
    cursor.skip()?;
    Ok(match first {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        _ => "a number",
    })
}

/// A place in JSON.
pub(super) struct Cursor<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The first byte from here that is no space, which becomes the place.
    pub(super) fn first(&mut self) -> Option<u8> {
        let rest = self.bytes.get(self.at..)?;
        let spaces = rest.iter().take_while(|b| b" \t\r\n".contains(b)).count();
        self.at += spaces;
        self.bytes.get(self.at).copied()
    }

    /// Whether more bytes could still make a value of what could not be skipped.
    pub(super) fn wants_more(&mut self) -> bool {
        match self.first() {
            None => true,
            Some(b'"') => self.string().is_err(),
            Some(_) => {
                let rest = self.bytes[self.at..].trim_ascii_end();
                rest.iter()
                    .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b))
            }
        }
    }

    /// Goes past one value, whatever is in it.
    pub(super) fn skip(&mut self) -> Result<(), Fault> {
        let mut open = Vec::new();
        loop {
            match self.first() {
                Some(c @ (b'{' | b'[')) => {
                    let end = if c == b'{' { b'}' } else { b']' };
                    self.at += 1;
                    if self.first() != Some(end) {
                        open.push(end);
                        if end == b'}' {
                            self.key()?;
                        }
                        continue;
                    }
                    self.at += 1;
                }
                Some(b'"') => drop(self.string()?),
                Some(_) => self.word()?,
                None => return Err(cut()),
            }
            while let Some(end) = open.last().copied() {
                if self.next_or_end(end)? {
                    if end == b'}' {
                        self.key()?;
                    }
                    break;
                }
                open.pop();
            }
            if open.is_empty() {
                return Ok(());
            }
        }
    }

    /// Goes past a comma, or past the end of an object or an array: whether there is another value.
    fn next_or_end(&mut self, end: u8) -> Result<bool, Fault> {
        match self.first() {
            Some(c) if c == b',' || c == end => {
                self.at += 1;
                Ok(c == b',')
            }
            Some(_) => Err(self.unexpected("a comma or an end")),
            None => Err(cut()),
        }
    }

    /// A key and its colon.
    fn key(&mut self) -> Result<&'a [u8], Fault> {
        match self.first() {
            Some(b'"') => {}
            Some(_) => return Err(self.unexpected("a name in quotes")),
            None => return Err(cut()),
        }
        let key = self.string()?;
        match self.first() {
            Some(b':') => self.at += 1,
            Some(_) => return Err(self.unexpected("a colon")),
            None => return Err(cut()),
        }
        Ok(key)
    }

    /// The string here, with its quotes.
    fn string(&mut self) -> Result<&'a [u8], Fault> {
        let start = self.at;
        let mut at = start + 1;
        while let Some(byte) = self.bytes.get(at) {
            at += match byte {
                b'\\' => 2,
                b'"' => {
                    self.at = at + 1;
                    return Ok(&self.bytes[start..=at]);
                }
                _ => 1,
            };
        }
        Err(Fault::Bad(
            "a string in it does not end; was it cut short?".into(),
        ))
    }

    /// A number, or one of Python's and JSON's words.
    fn word(&mut self) -> Result<(), Fault> {
        const WORDS: [&[u8]; 6] = [
            b"true",
            b"false",
            b"null",
            b"NaN",
            b"Infinity",
            b"-Infinity",
        ];
        let rest = &self.bytes[self.at..];
        let part = |b: &&u8| b.is_ascii_alphanumeric() || b"+-.".contains(b);
        let word = &rest[..rest.iter().take_while(part).count()];
        let number = word
            .iter()
            .all(|b| b.is_ascii_digit() || b"+-.eE".contains(b));
        let begins = matches!(word, [b'0'..=b'9', ..] | [b'-', b'0'..=b'9', ..]);
        if !(WORDS.contains(&word) || (number && begins)) {
            return Err(self.unexpected("a value"));
        }
        self.at += word.len();
        Ok(())
    }

    fn unexpected(&self, expected: &str) -> Fault {
        let rest = &self.bytes[self.at.min(self.bytes.len())..];
        let shown: String = String::from_utf8_lossy(rest).chars().take(20).collect();
        let at = self.at + 1;
        Fault::Bad(format!(
            "it is not JSON: {shown:?} is at byte {at} of it, where {expected} is expected"
        ))
    }
}

fn cut() -> Fault {
    Fault::Bad("it is no JSON: it ends too early; was it cut short?".into())
}
