use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use csv::StringRecord;

use super::cells::whole;

/// No line is longer: the memory that a table takes does not depend on where its newlines stand.
const MAX_LINE: usize = 1 << 20;
/// A quoted field goes over at most as many line ends; a quote that is never closed costs its own
/// line, not the rest of the table.
const MAX_JOINED: usize = 16;
const BOM: &[u8] = b"\xEF\xBB\xBF";
/// How files start that are no CSV, and the way out.
const FOREIGN: [(&[u8], &str); 7] = [
    (
        b"PK\x03\x04",
        "it is a spreadsheet or a zip file; save the table as CSV",
    ),
    (b"\x1F\x8B", "it is compressed by gzip; unpack it"),
    (b"PAR1", "it is a Parquet file; give it by its path"),
    (b"\xFF\xFE", "it is UTF-16 text; save it as CSV in UTF-8"),
    (b"\xFE\xFF", "it is UTF-16 text; save it as CSV in UTF-8"),
    (b"[", "it is JSON; write the table as CSV"),
    (b"{", "it is JSON; write the table as CSV"),
];

/// The records of a CSV text, line by line: what is wrong with one line leaves the others alone.
/// Lines end with `\n`, `\r\n` or `\r`, also mixed; a byte order mark is skipped.
pub(super) struct Lines<R> {
    reader: BufReader<R>,
    /// Lines read so far.
    count: u64,
    after_cr: bool,
    back: VecDeque<Line>,
}

#[derive(Default)]
struct Line {
    number: u64,
    text: Vec<u8>,
    too_long: bool,
}

impl Line {
    fn text(&self) -> Result<&str, String> {
        if self.too_long {
            return Err(format!("longer than {} KiB", MAX_LINE >> 10));
        }
        if self.number == 1
            && let Some((_, what)) = FOREIGN
                .iter()
                .find(|(start, _)| self.text.starts_with(start))
        {
            return Err((*what).into());
        }
        std::str::from_utf8(&self.text).map_err(|_| "not UTF-8 text".into())
    }
}

impl<R: Read> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader: BufReader::with_capacity(1 << 16, reader),
            count: 0,
            after_cr: false,
            back: VecDeque::new(),
        }
    }

    /// The next record that is not blank and its line, with as many fields as `expected` and perhaps
    /// empty ones beyond; none at the end. The inner error is the reason why a line is no such
    /// record; where only the number of fields is wrong, the record has them.
    pub(super) fn next(
        &mut self,
        record: &mut StringRecord,
        expected: Option<usize>,
    ) -> io::Result<Option<(u64, Result<(), String>)>> {
        loop {
            record.clear();
            let Some(line) = self.line()? else {
                return Ok(None);
            };
            let outcome = match line.text() {
                Ok(text) if text.trim().is_empty() => continue,
                Ok(text) if text.contains('"') => self.quoted(text, expected)?.map(|r| *record = r),
                Ok(text) => {
                    text.split(',').for_each(|f| record.push_field(f.trim()));
                    Ok(())
                }
                Err(reason) => Err(reason),
            };
            let outcome = outcome.and_then(|()| match expected {
                Some(n) if record.len() < n || record.iter().skip(n).any(|f| !f.is_empty()) => {
                    Err(format!("{} fields, expected {n}", record.len()))
                }
                Some(_) | None => Ok(()),
            });
            return Ok(Some((line.number, outcome)));
        }
    }

    /// A record with quotes, over several lines if they make one of `expected` fields, or of one more behind a row name.
    fn quoted(
        &mut self,
        first: &str,
        expected: Option<usize>,
    ) -> io::Result<Result<StringRecord, String>> {
        if let Some(record) = closed(first) {
            return Ok(Ok(record));
        }
        let (mut text, mut taken) = (first.to_owned(), Vec::new());
        while taken.len() < MAX_JOINED {
            let Some(line) = self.line()? else { break };
            let joined = line.text().map(|more| text = format!("{text}\n{more}"));
            taken.push(line);
            if joined.is_err() {
                break;
            }
            match closed(&text) {
                Some(record) if strict(&text) && is_row(&record, expected) => {
                    return Ok(Ok(record));
                }
                Some(_) => break,
                None => {}
            }
        }
        for line in taken.into_iter().rev() {
            self.back.push_front(line);
        }
        Ok(Err("a quote is not closed".into()))
    }

    fn line(&mut self) -> io::Result<Option<Line>> {
        if let Some(line) = self.back.pop_front() {
            return Ok(Some(line));
        }
        let mut line = Line::default();
        let mut at_end = true;
        loop {
            let buffer = match self.reader.fill_buf() {
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                buffer => buffer?,
            };
            if buffer.is_empty() {
                break;
            }
            if std::mem::take(&mut self.after_cr) && buffer[0] == b'\n' {
                self.reader.consume(1);
                continue;
            }
            at_end = false;
            let end = buffer.iter().position(|b| matches!(b, b'\n' | b'\r'));
            let part = &buffer[..end.unwrap_or(buffer.len())];
            line.too_long |= line.text.len() + part.len() > MAX_LINE;
            if !line.too_long {
                line.text.extend_from_slice(part);
            }
            self.after_cr = end.is_some_and(|end| buffer[end] == b'\r');
            let used = part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                break;
            }
        }
        if at_end {
            return Ok(None);
        }
        self.count += 1;
        line.number = self.count;
        if line.number == 1 && line.text.starts_with(BOM) {
            line.text.drain(..BOM.len());
        }
        Ok(Some(line))
    }
}

/// The one record of `text`; none where a quote stays open.
fn closed(text: &str) -> Option<StringRecord> {
    // An open quote swallows the record that is put behind.
    let with_end = format!("{text}\n|\n");
    let mut csv = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .buffer_capacity(with_end.len())
        .from_reader(with_end.as_bytes());
    let mut records = csv.records();
    let first = records.next()?.ok()?;
    records.next()?.ok()?;
    Some(first)
}

/// Whether a record has as many fields as a row, or a row with its number before it.
fn is_row(record: &StringRecord, expected: Option<usize>) -> bool {
    let numbered = || record.get(0).is_some_and(|first| whole(first).is_some());
    expected.is_none_or(|n| record.len() == n || record.len() == n + 1 && numbered())
}

/// Whether quotes enclose whole fields, so that they are no accident.
fn strict(text: &str) -> bool {
    let (mut quoted, mut before) = (false, ',');
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, quoted) {
            ('"', false) if before == ',' => quoted = true,
            ('"', false) => return false,
            ('"', true) if chars.next_if_eq(&'"').is_some() => {}
            ('"', true) if chars.peek().is_none_or(|c| *c == ',') => quoted = false,
            ('"', true) => return false,
            _ => {}
        }
        before = c;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8], expected: usize) -> Vec<(u64, Result<Vec<String>, String>)> {
        let (mut lines, mut record) = (Lines::new(text), StringRecord::new());
        let mut found = Vec::new();
        while let Some((line, outcome)) = lines.next(&mut record, Some(expected)).unwrap() {
            let fields = || record.iter().map(str::to_owned).collect();
            found.push((line, outcome.map(|()| fields())));
        }
        found
    }

    fn row(fields: [&str; 2]) -> Result<Vec<String>, String> {
        Ok(fields.map(str::to_owned).into())
    }

    #[test]
    fn every_line_end_counts_once() {
        let found = all(b"\xEF\xBB\xBFa,b\r\nc, d\n\n \re,f\rg,h", 2);
        let rows = [
            (1, row(["a", "b"])),
            (2, row(["c", "d"])),
            (5, row(["e", "f"])),
            (6, row(["g", "h"])),
        ];
        assert_eq!(found, rows);
    }

    #[test]
    fn an_open_quote_costs_its_line_alone() {
        let mut text = b"\"a\",\"x, \"\"y\"\"\"\n\"two\nlines\",b\n\"open,b\n".to_vec();
        text.extend(b"k,v\n".repeat(40));
        let found = all(&text, 2);
        assert_eq!(found[0], (1, row(["a", "x, \"y\""])));
        assert_eq!(found[1], (2, row(["two\nlines", "b"])));
        assert_eq!(found[2], (4, Err("a quote is not closed".into())));
        assert_eq!(found.len(), 43);
        assert!(found[3..].iter().all(|(_, r)| *r == row(["k", "v"])));
    }

    #[test]
    fn an_open_quote_does_not_join_rows() {
        let found = all(b"\"c \"\"d,1\n\"c \"\"d\"\"\",2\n", 2);
        assert_eq!(found[0], (1, Err("a quote is not closed".into())));
        assert_eq!(found[1], (2, row(["c \"d\"", "2"])));
    }

    #[test]
    fn a_long_or_binary_line_costs_itself_alone() {
        let mut text = b"a,b\n".to_vec();
        text.extend(vec![b'x'; 3 * MAX_LINE]);
        text.extend(b"\n\xFF,b\nc,d");
        let found = all(&text, 2);
        assert_eq!(found[1], (2, Err("longer than 1024 KiB".into())));
        assert_eq!(found[2], (3, Err("not UTF-8 text".into())));
        assert_eq!(found[3], (4, row(["c", "d"])));
    }
}
