use outcrop_arch::{GPT_NEOX, GPT2, LLAMA};
use outcrop_tokens::{TokenSource, WindowProtocol, Windows, sequences};
use proptest::prelude::*;

use crate::{message, windows};

/// A file of the ids 0, 1, ... as u16.
fn counting(dir: &tempfile::TempDir, n: u16) -> TokenSource {
    let path = dir.path().join("x.bin");
    let bytes: Vec<u8> = (0..n).flat_map(u16::to_le_bytes).collect();
    std::fs::write(&path, bytes).unwrap();
    TokenSource::ids(path)
}

proptest! {
    #[test]
    fn windows_are_consecutive_and_as_long_as_asked(
        n in 0u16..2000, count in 1usize..40, length in 1usize..60, bos in prop::option::of(any::<u32>()),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let asked = Windows { bos, ..windows(count, length) };
        let found = sequences(&counting(&dir, n), asked, None, 10);
        let of_text = length - usize::from(bos.is_some());
        if of_text == 0 {
            prop_assert!(message(found).contains("at least 2 with a BOS"));
        } else if count * of_text > usize::from(n) {
            let said = message(found);
            let part = format!("cut {count} windows of {length} tokens");
            let tokens = format!("it has {n} tokens");
            prop_assert!(said.contains(&part) && said.contains(&tokens), "{}", said);
        } else {
            let ids = found.unwrap().ids;
            prop_assert_eq!(ids.len(), count);
            for (i, window) in ids.iter().enumerate() {
                let from = (i * of_text) as u32;
                let wanted: Vec<u32> = bos.into_iter().chain(from..from + of_text as u32).collect();
                prop_assert_eq!(window, &wanted);
            }
        }
    }

    /// What an error says would do, does, and no more would.
    #[test]
    fn the_way_out_of_too_short_a_text_is_one(
        n in 1u16..500, count in 1usize..40, length in 2usize..60, bos in prop::option::of(0u32..9),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let source = counting(&dir, n);
        let cut = |count, length| sequences(&source, Windows { bos, ..windows(count, length) }, None, 10);
        let Err(error) = cut(count, length) else { return Ok(()) };
        let said = error.to_string();
        let after = |flag: &str| -> Option<usize> {
            said.split_once(flag)?.1.split_whitespace().next()?.parse().ok()
        };
        if let Some(fewer) = after("--windows ") {
            prop_assert!(cut(fewer, length).is_ok() && cut(fewer + 1, length).is_err(), "{}", said);
        }
        match after("--length ") {
            Some(shorter) => {
                prop_assert!(cut(count, shorter).is_ok() && cut(count, shorter + 1).is_err(), "{}", said);
            }
            None => prop_assert!(cut(count, 1 + usize::from(bos.is_some())).is_err(), "{said}"),
        }
    }
}

#[test]
fn the_windows_are_ten_of_2048_unless_asked_otherwise() {
    let drawn = sequences(&TokenSource::Sample, Windows::default(), None, 50_304).unwrap();
    assert_eq!((drawn.ids.len(), drawn.ids[9].len()), (10, 2048));
}

#[test]
fn windows_out_of_range_are_refused() {
    for (count, length, reason) in [
        (0, 1, "windows = 0: allowed is 1 to 1000000"),
        (1_000_001, 1, "windows = 1000001"),
        (1, 0, "length = 0: allowed is 1 to 1048576"),
        (1, usize::MAX, "length = 18446744073709551615"),
        (1_000_000, 1_000_000, "at most 2^28 tokens"),
    ] {
        let error = message(sequences(
            &TokenSource::Sample,
            windows(count, length),
            None,
            10,
        ));
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn protocols_are_those_that_were_published() {
    let reference: WindowProtocol = "reference".parse().unwrap();
    let lengths =
        [Some(&GPT_NEOX), Some(&GPT2), Some(&LLAMA), None].map(|family| reference.windows(family));
    assert_eq!(
        lengths,
        [2048, 1024, 4096, 4096].map(|length| windows(10, length))
    );
    assert_eq!(WindowProtocol::Sinks.windows(None), windows(100, 64));
    for (name, protocol) in WindowProtocol::ALL {
        assert_eq!(protocol.to_string(), name);
        assert_eq!(name.parse::<WindowProtocol>().unwrap(), protocol);
    }
    let error = message("refrence".parse::<WindowProtocol>());
    assert!(
        error.contains("reference or sinks (did you mean `reference`?)"),
        "{error}"
    );
}
