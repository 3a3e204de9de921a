use crate::{Error, Observable, Result};
use crate::{
    attention, channels, concepts, geometry, information, predictions, rounding, spectrum,
    sublayers, tails, tokens,
};

/// Every observable, family by family.
pub const OBSERVABLES: [&Observable; 28] = [
    &tails::MAGNITUDES,
    &tails::QUANTILES,
    &tails::BEYOND,
    &tails::QUANTISATION,
    &tails::TWEO,
    &tails::KURTOSES,
    &tokens::NORMS,
    &tokens::DRAIN,
    &tokens::SIMILARITY,
    &channels::MAXIMA,
    &channels::TURNOVER,
    &spectrum::VALUES,
    &spectrum::PREFIXES,
    &attention::ENTROPY,
    &attention::RECEIVED,
    &attention::ARGMAX,
    &sublayers::WRITE,
    &sublayers::SPARSITY,
    &sublayers::STEPS,
    &predictions::LENS,
    &predictions::ACCURACY,
    &rounding::INT8_LOSS,
    &geometry::CKA,
    &geometry::CKA_STEPS,
    &geometry::ALIGNMENT,
    &geometry::PARTICIPATION,
    &information::MUTUAL,
    &concepts::SEPARATION,
];

/// The observable of this name.
pub fn named(name: &str) -> Option<&'static Observable> {
    OBSERVABLES.into_iter().find(|one| one.name == name)
}

/// The observables that a list of names means, such as `tails,token_norms`: an observable by its name, a family for
/// all of its observables, `all` for everything. Each once, in the order of [`OBSERVABLES`].
///
/// ```
/// let names = |list| outcrop_observe::select(list).map(|o| o.iter().map(|o| o.name).collect::<Vec<_>>());
/// assert_eq!(names("token_norms, channel_maxima")?, ["token_norms", "channel_maxima"]);
/// assert_eq!(names("channels")?, ["channel_maxima", "channel_turnover"]);
/// assert!(names("chanels").is_err());
/// # Ok::<(), outcrop_observe::Error>(())
/// ```
///
/// # Errors
/// [`Error::Name`] for a name that is neither; it lists those that are known.
pub fn select(list: &str) -> Result<Vec<&'static Observable>> {
    let names: Vec<&str> = list.split(',').map(str::trim).collect();
    let means = |name: &str, one: &Observable| [one.name, one.family, "all"].contains(&name);
    for name in &names {
        if !OBSERVABLES.iter().any(|one| means(name, one)) {
            return Err(unknown(name));
        }
    }
    let chosen = |one: &&Observable| names.iter().any(|name| means(name, one));
    Ok(OBSERVABLES.into_iter().filter(chosen).collect())
}

fn unknown(name: &str) -> Error {
    let mut known = vec!["all"];
    for one in OBSERVABLES {
        if !known.contains(&one.family) {
            known.push(one.family);
        }
    }
    known.extend(OBSERVABLES.iter().map(|one| one.name));
    Error::Name {
        name: name.to_owned(),
        nearest: nearest(name, &known).map(str::to_owned),
        known: known.join(", "),
    }
}

/// The known name nearest to `name`, if at most a third of its letters differ.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let with_distance = known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(name, known), *known));
    let near = with_distance
        .filter(|(distance, known)| *distance <= known.len().max(name.len()).div_ceil(3));
    near.min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}
