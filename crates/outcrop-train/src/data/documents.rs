use std::collections::HashSet;
use std::ops::Range;

/// The separator between two documents.
pub(super) const SEPARATOR: &str = "\n\n";
/// One byte in so many is held out.
pub(super) const HELD_OUT_ONE_IN: usize = 20;
/// Largest piece that is tokenised at once, in bytes.
const PIECE: usize = 1 << 16;

/// The text of a corpus: its documents in order, joined by a blank line.
#[derive(Default)]
pub(super) struct Documents {
    text: String,
    documents: Vec<(Range<usize>, String)>,
    seen: HashSet<String>,
}

impl Documents {
    /// Appends a document, unless it is blank or repeats an earlier one.
    pub(super) fn push(&mut self, document: &str) {
        let sha256 = outcrop_core::sha256_hex(document.as_bytes());
        if document.trim().is_empty() || !self.seen.insert(sha256.clone()) {
            return;
        }
        if !self.text.is_empty() {
            self.text.push_str(SEPARATOR);
        }
        let start = self.text.len();
        self.text.push_str(document);
        self.documents.push((start..self.text.len(), sha256));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// Length of the joined text in bytes.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// SHA-256 of the joined text; of one file, that of the file.
    pub(super) fn sha256(&self) -> String {
        outcrop_core::sha256_hex(self.text.as_bytes())
    }

    /// The training and the held-out part, each in the order of the documents.
    ///
    /// A twentieth of the bytes is held out: documents in the order of their hash as long as they
    /// fit; if that comes to less than half of it, the end of the next document too. So at least
    /// half of the twentieth is held out.
    pub(super) fn split(&self) -> (Part<'_>, Part<'_>) {
        let mut left = self.text.len() / HELD_OUT_ONE_IN;
        let enough = left / 2;
        let mut by_hash: Vec<&(Range<usize>, String)> = self.documents.iter().collect();
        by_hash.sort_by(|a, b| a.1.cmp(&b.1));
        let mut held_out = Vec::new();
        for (range, _) in by_hash {
            if range.len() <= left {
                left -= range.len();
                held_out.push(range.clone());
            } else {
                if left > enough {
                    held_out.push(self.line_start(range, left)..range.end);
                }
                break;
            }
        }
        held_out.sort_by_key(|r| r.start);
        let training = self.without(&held_out);
        (self.part(training), self.part(held_out))
    }

    /// Where the last `bytes` of `range` start, moved to the next line if one starts in their
    /// first half.
    fn line_start(&self, range: &Range<usize>, bytes: usize) -> usize {
        let start = (range.end - bytes..range.end)
            .find(|i| self.text.is_char_boundary(*i))
            .unwrap_or(range.end);
        match self.text[start..range.end].find('\n') {
            Some(i) if i < bytes / 2 => start + i + 1,
            _ => start,
        }
    }

    /// The documents less `held_out`, of which each is a document or the end of one.
    fn without(&self, held_out: &[Range<usize>]) -> Vec<Range<usize>> {
        let ends: std::collections::HashMap<usize, usize> =
            held_out.iter().map(|r| (r.end, r.start)).collect();
        self.documents
            .iter()
            .map(|(r, _)| r.start..*ends.get(&r.end).unwrap_or(&r.end))
            .filter(|r| !r.is_empty())
            .collect()
    }

    fn part(&self, ranges: Vec<Range<usize>>) -> Part<'_> {
        Part {
            text: &self.text,
            ranges,
        }
    }
}

/// Some of the documents.
pub(super) struct Part<'a> {
    text: &'a str,
    ranges: Vec<Range<usize>>,
}

impl<'a> Part<'a> {
    /// SHA-256 of its text, document after document with the separators.
    pub(super) fn sha256(&self) -> String {
        let text: String = self.pieces().collect();
        outcrop_core::sha256_hex(text.as_bytes())
    }

    /// Its length in bytes, with the separators.
    pub(super) fn len(&self) -> usize {
        self.pieces().map(str::len).sum()
    }

    /// Its text in pieces of at most 64 KiB, cut at line ends where there are any, with the
    /// separators between documents.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.ranges.iter().enumerate().flat_map(|(i, range)| {
            let separator = (i > 0).then_some(SEPARATOR);
            separator.into_iter().chain(cut(&self.text[range.clone()]))
        })
    }
}

fn cut(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let mut end = text.len();
        if end > PIECE {
            end = (PIECE - 3..=PIECE)
                .rev()
                .find(|i| text.is_char_boundary(*i))?;
            end = text[..end].rfind('\n').map_or(end, |i| i + 1);
        }
        let (piece, rest) = text.split_at(end);
        text = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn collect(documents: &[String]) -> Documents {
        let mut all = Documents::default();
        documents.iter().for_each(|d| all.push(d));
        all
    }

    fn joined(part: &Part<'_>) -> String {
        part.pieces().collect()
    }

    proptest! {
        #[test]
        fn the_split_loses_nothing_and_overlaps_nowhere(
            documents in proptest::collection::vec("[a-zé\\n]{0,80}", 1..30)
        ) {
            let all = collect(&documents);
            let (training, held_out) = all.split();
            let mut ranges = [training.ranges.clone(), held_out.ranges.clone()].concat();
            ranges.sort_by_key(|r| r.start);
            let bytes: usize = ranges.iter().map(|r| r.len()).sum();
            prop_assert!(ranges.windows(2).all(|w| w[0].end <= w[1].start));
            prop_assert_eq!(bytes, all.documents.iter().map(|(r, _)| r.len()).sum::<usize>());
            let held: usize = held_out.ranges.iter().map(|r| r.len()).sum();
            prop_assert!(held <= all.len() / 20);
            // Up to three bytes are lost where the cut would fall inside a character.
            prop_assert!(held + 4 >= all.len() / 40, "{} of {}", held, all.len());
        }

        #[test]
        fn pieces_put_together_are_the_text(text in "([a-zé☃]{0,9}\\n?){1,20}", times in 1..9000_usize) {
            let text = text.repeat(times);
            let pieces: Vec<&str> = cut(&text).collect();
            prop_assert!(pieces.iter().all(|p| !p.is_empty() && p.len() <= PIECE));
            prop_assert_eq!(pieces.concat(), text);
        }
    }

    #[test]
    fn one_document_gives_its_last_lines_and_many_give_whole_ones() {
        let lines: String = (0..1000).map(|i| format!("line {i}\n")).collect();
        let all = collect(std::slice::from_ref(&lines));
        let (training, held_out) = all.split();
        assert_eq!(joined(&training) + &joined(&held_out), lines);
        assert!(
            joined(&held_out).starts_with("line 95"),
            "{}",
            joined(&held_out)
        );

        let many: Vec<String> = (0..200).map(|i| format!("document {i:03}")).collect();
        let all = collect(&many);
        let (_, held_out) = all.split();
        let text = joined(&held_out);
        assert!(
            text.split(SEPARATOR).all(|d| many.iter().any(|m| m == d)),
            "{text}"
        );
        assert!((9..=11).contains(&text.split(SEPARATOR).count()), "{text}");
    }

    #[test]
    fn repeated_and_blank_documents_count_once_or_not_at_all() {
        let all = collect(&["a\n".into(), " \n".into(), "a\n".into(), "b\n".into()]);
        assert_eq!(all.text, "a\n\n\nb\n");
        assert_eq!(all.sha256(), outcrop_core::sha256_hex(b"a\n\n\nb\n"));
    }
}
