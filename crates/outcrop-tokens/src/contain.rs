//! Panics of the library that reads a `tokenizer.json`. tokenizers 0.23.2 panics, where an error was due, on a
//! normalizer `Precompiled` that has no table, and on a model whose prefix of subwords is longer than a
//! token that its merges join.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Does `work`; a panic within it is an error.
pub(crate) fn contain<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().map(String::as_str);
        let words = words.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!(
            "the tokenizers library panicked ({}); the file is malformed",
            words.unwrap_or("without a message")
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::contain;

    /// Replaces the library: nothing is stored that would make it fail.
    #[test]
    fn a_panic_is_an_error_with_its_words_and_everything_else_passes() {
        let place = 3;
        let said = |outcome: Result<(), String>| outcome.unwrap_err();
        let formatted = said(contain(|| panic!("no table at {place}")));
        assert!(formatted.contains("the tokenizers library panicked (no table at 3)"));
        assert!(said(contain(|| panic!("no table"))).contains("panicked (no table)"));
        assert!(said(contain(|| std::panic::panic_any(place))).contains("without a message"));
        assert_eq!(contain(|| Ok(place)), Ok(3));
        assert_eq!(said(contain(|| Err("no JSON".into()))), "no JSON");
    }
}
