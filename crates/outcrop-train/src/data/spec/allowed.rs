use crate::data::Error;

/// The range of the number in a spec.
pub(in crate::data) struct Allowed {
    field: &'static str,
    low: usize,
    high: usize,
}

const fn allowed(field: &'static str, low: usize, high: usize) -> Allowed {
    Allowed { field, low, high }
}

pub(in crate::data) const SYMBOLS: Allowed = allowed("corpus bigram-backcopy", 32, 1024);
pub(in crate::data) const COPIED: Allowed = allowed("corpus copy", 2, 1024);
pub(in crate::data) const PAIRED: Allowed = allowed("corpus induction", 4, 1024);
pub(in crate::data) const IDS: Allowed = allowed("data.vocab", 1, 1 << 24);
pub(in crate::data) const VOCABULARY: Allowed = allowed("tokenizer bpe", 257, 65_535);

impl Allowed {
    pub(super) fn parse(&self, text: &str) -> Result<usize, Error> {
        let number = text.parse().map_err(|_| self.refuse(text))?;
        self.check(number)
    }

    pub(in crate::data) fn check(&self, number: usize) -> Result<usize, Error> {
        if (self.low..=self.high).contains(&number) {
            Ok(number)
        } else {
            Err(self.refuse(&number.to_string()))
        }
    }

    fn refuse(&self, value: &str) -> Error {
        let allowed = format!("{} to {}", self.low, self.high);
        outcrop_core::Error::range(self.field, value, allowed).into()
    }
}
