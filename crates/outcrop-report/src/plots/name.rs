use outcrop_core::sha256_hex;

/// A longer name is cut: file systems take 255 bytes.
const MOST: usize = 80;

/// What the names of a model's files begin with: lowercase ASCII letters, digits and `._-~`, at most
/// 97 of them, not starting with a dot.
///
/// A model whose name is not such a name already keeps what it can of it and gets 16 digits of its
/// SHA-256 after a `~`, which plain names cannot have: no two models share files, not even where
/// the file system takes upper for lower case.
pub(crate) fn of_model(model: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    let whole = !model.is_empty() && model.len() <= MOST && model.chars().all(plain);
    if whole && !model.starts_with('.') {
        return model.to_owned();
    }
    let kept = model.chars().take(MOST).map(|c| c.to_ascii_lowercase());
    let kept: String = kept.map(|c| if plain(c) { c } else { '_' }).collect();
    let kept = kept.trim_start_matches('.');
    let digits = &sha256_hex(model.as_bytes())[..16];
    format!("{kept}~{digits}")
}

/// The name of the files of one layer of one model, without an ending.
pub(crate) fn of_layer(model: &str, layer: u32) -> String {
    format!("{}-layer-{layer}", of_model(model))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_names_stay_and_others_differ() {
        assert_eq!(of_layer("pythia-1.4b", 3), "pythia-1.4b-layer-3");
        let long = "x".repeat(300);
        let longer = format!("{long}y");
        let names = [
            "",
            ".",
            "..",
            "a/b",
            "a_b",
            "a\\b",
            "a b",
            "A_b",
            "a_B",
            "é",
            "e",
            "~",
            "a\0b",
            "-layer-1",
            &long,
            &longer,
            "con",
            "a-layer-1",
        ];
        let stems: HashSet<String> = names.iter().map(|n| of_layer(n, 1)).collect();
        assert_eq!(stems.len(), names.len(), "{stems:?}");
    }

    proptest! {
        #[test]
        fn a_stem_is_a_file_name_everywhere(model in any::<String>(), layer: u32) {
            let stem = of_layer(&model, layer);
            prop_assert!(stem.len() <= 120 && !stem.starts_with('.'));
            let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-~".contains(c);
            prop_assert!(stem.chars().all(allowed), "{}", stem);
        }

        #[test]
        fn different_layers_have_different_stems(
            a in "[a-b./ A-B~-]{0,4}(-layer-[0-9])?", b in "[a-b./ A-B~-]{0,4}(-layer-[0-9])?",
            m in 0u32..12, n in 0u32..12,
        ) {
            prop_assert_eq!((&a, m) == (&b, n), of_layer(&a, m) == of_layer(&b, n));
        }
    }
}
