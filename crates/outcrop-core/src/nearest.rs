/// The word of `known` nearest to `word`, if one is near enough to be meant (at most a third of its
/// letters differ, by Damerau-Levenshtein distance).
///
/// ```
/// assert_eq!(outcrop_core::nearest("emergance", ["emergence", "logistic"]), Some("emergence"));
/// assert_eq!(outcrop_core::nearest("zebra", ["emergence", "logistic"]), None);
/// ```
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|k| (strsim::damerau_levenshtein(word, k), k))
        .filter(|(distance, k)| *distance <= k.len().max(word.len()).div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, k)| k)
}
