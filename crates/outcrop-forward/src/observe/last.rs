//! Turnover against the last step of a series, which is known only when all steps were measured.

use outcrop_core::Observation;
use outcrop_observe::{Found, Missing, Site, Tally, jaccard};

use super::StepChannels;
use super::channels::AllChannels;

/// The number that compares with the last step: rows of a step have it as `not-given`.
pub const LAST_STEP: &str = "jaccard_last_step";

/// The rows of a step for [`LAST_STEP`], of the top channels of this step and of the `last`; those of single sequences,
/// too, where `sequences` says so. By layer and place, the mean first.
pub fn compare_with_last(
    model: &str,
    of: &StepChannels,
    last: &StepChannels,
    sequences: bool,
) -> Vec<Observation> {
    let (own, last) = (AllChannels::from(of), AllChannels::from(last));
    let (mut rows, mut single): (Vec<Observation>, Vec<Observation>) = Default::default();
    let mut tally = Tally::default();
    let mut all = own.iter().peekable();
    while let Some(((layer, site, sequence), channels)) = all.next() {
        let found = compared(channels, last.get((layer, site, sequence)));
        tally.add(found);
        let row = base(model, of.step, layer, site);
        if sequences {
            single.push(Observation {
                value: found.ok(),
                n: u64::from(found.is_ok()),
                reason: found.err().map(code),
                sequence: Some(sequence),
                ..row.clone()
            });
        }
        let goes_on = all
            .peek()
            .is_some_and(|((l, s, _), _)| (*l, *s) == (layer, site));
        if !goes_on {
            rows.push(Observation {
                value: tally.value().ok(),
                sem: tally.sem(),
                n: tally.n(),
                reason: tally.reason().map(code),
                ..row
            });
            rows.append(&mut single);
            tally = Tally::default();
        }
    }
    rows
}

fn code(missing: Missing) -> String {
    missing.code().to_owned()
}

fn compared(own: Result<&[usize], Missing>, last: Option<Result<&[usize], Missing>>) -> Found {
    Ok(jaccard(own?, last.ok_or(Missing::NotGiven)??))
}

fn base(model: &str, step: u64, layer: u32, site: Site) -> Observation {
    Observation {
        model: model.to_owned(),
        step,
        layer,
        place: site.name().to_owned(),
        observable: LAST_STEP.to_owned(),
        ..Observation::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let step = |step, all: [Result<Vec<usize>, Missing>; 2]| {
            let mut channels = AllChannels::default();
            for (sequence, found) in all.into_iter().enumerate() {
                channels.insert((2, Site::MlpWrite, sequence as u32), found);
            }
            channels.of_step(step)
        };
        let first = step(0, [Ok(vec![1, 2, 3]), Err(Missing::Constant)]);
        let last = step(9, [Ok(vec![3, 4, 5]), Ok(vec![1])]);
        let rows = compare_with_last("m", &first, &last, true);
        let values: Vec<_> = rows
            .iter()
            .map(|row| (row.sequence, row.value, row.n))
            .collect();
        assert_eq!(
            values,
            [
                (None, Some(0.2), 1),
                (Some(0), Some(0.2), 1),
                (Some(1), None, 0)
            ]
        );
        assert_eq!(
            (rows[0].step, rows[0].layer, rows[0].place.as_str()),
            (0, 2, "mlp-write")
        );
        assert_eq!(rows[2].reason.as_deref(), Some("constant"));
        let rows = compare_with_last("m", &last, &last, false);
        assert_eq!((rows.len(), rows[0].value, rows[0].n), (1, Some(1.0), 2));
    }
}
