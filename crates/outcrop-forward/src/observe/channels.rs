//! The top channels of one step, which the next is compared with: a few numbers in place of its tensors.

use std::collections::BTreeMap;

use outcrop_observe::{Missing, Site};
use serde::{Deserialize, Serialize};

/// Top channels, or why there are none.
pub(super) type Channels = Result<Vec<usize>, Missing>;

/// By layer, place and sequence.
#[derive(Clone, Debug, Default)]
pub(super) struct AllChannels(BTreeMap<(u32, Site, u32), Channels>);

/// The top channels of a step by layer, place and sequence, with which the next step of a series is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepChannels {
    /// The step.
    pub step: u64,
    of: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    layer: u32,
    place: String,
    sequence: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    channels: Vec<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl AllChannels {
    pub(super) fn insert(&mut self, key: (u32, Site, u32), channels: Channels) {
        self.0.insert(key, channels);
    }

    pub(super) fn get(&self, key: (u32, Site, u32)) -> Option<Result<&[usize], Missing>> {
        self.0.get(&key).map(lent)
    }

    pub(super) fn iter(
        &self,
    ) -> impl Iterator<Item = ((u32, Site, u32), Result<&[usize], Missing>)> {
        self.0.iter().map(|(key, found)| (*key, lent(found)))
    }

    pub(super) fn of_step(self, step: u64) -> StepChannels {
        let entry = |((layer, site, sequence), found): (_, Channels)| Entry {
            layer,
            place: Site::name(site).to_owned(),
            sequence,
            reason: found
                .as_ref()
                .err()
                .map(|missing| missing.code().to_owned()),
            channels: found.unwrap_or_default(),
        };
        StepChannels {
            step,
            of: self.0.into_iter().map(entry).collect(),
        }
    }
}

fn lent(found: &Channels) -> Result<&[usize], Missing> {
    found
        .as_ref()
        .map(Vec::as_slice)
        .map_err(|missing| *missing)
}

impl From<&StepChannels> for AllChannels {
    /// A place or a reason that is not known is left out: it is of another version.
    fn from(held: &StepChannels) -> Self {
        let all = held.of.iter().filter_map(|entry| {
            let found = match &entry.reason {
                None => Ok(entry.channels.clone()),
                Some(code) => Err(Missing::ALL.into_iter().find(|m| m.code() == code)?),
            };
            Some((
                (entry.layer, Site::named(&entry.place)?, entry.sequence),
                found,
            ))
        });
        Self(all.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut all = AllChannels::default();
        all.insert((0, Site::Embedding, 1), Ok(vec![5, 2]));
        all.insert((3, Site::MlpWrite, 0), Err(Missing::Constant));
        let text = serde_json::to_string(&all.clone().of_step(8)).unwrap();
        let read: StepChannels = serde_json::from_str(&text).unwrap();
        assert_eq!(read.step, 8);
        let back = AllChannels::from(&read);
        assert_eq!(back.0, all.0);
        assert_eq!(back.get((0, Site::Embedding, 1)), Some(Ok(&[5, 2][..])));
        assert_eq!(
            back.get((3, Site::MlpWrite, 0)),
            Some(Err(Missing::Constant))
        );
        assert_eq!(back.get((3, Site::MlpWrite, 1)), None);
    }
}
