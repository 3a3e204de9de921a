//! A row of the measurements table in its form in the file.

use serde::{Deserialize, Serialize};

use super::super::fields;
use crate::{Detail, LaterStats, LayerStats, Measurement, Place, Spread, Stage, Top};

pub(crate) const REQUIRED: [&str; 8] = [
    "model", "step", "sequence", "layer", "top1", "top2", "top3", "median",
];
/// The columns after the required ones: first those of every table that this crate writes, then
/// those of [`Detail`].
const OPTIONAL: [&str; 28] = [
    "top1_position",
    "top1_channel",
    "top2_position",
    "top2_channel",
    "top3_position",
    "top3_channel",
    "count",
    "non_finite",
    "non_finite_position",
    "non_finite_channel",
    "top1_token",
    "top2_token",
    "top3_token",
    "massive",
    "rms",
    "kurtosis",
    "channel_kurtosis",
    "later_top1",
    "later_top2",
    "later_top3",
    "later_median",
    "later_top1_position",
    "later_top1_channel",
    "later_top2_position",
    "later_top2_channel",
    "later_top3_position",
    "later_top3_channel",
    "suspect",
];
/// The columns of runs of several stages, behind all others.
const STAGE: [&str; 2] = ["stage", "position"];
/// All columns that need not be there.
pub(super) const OPTIONAL_OR_STAGE: [&str; OPTIONAL.len() + STAGE.len()] = joined(OPTIONAL, STAGE);
/// The header of a run of one stage.
pub(super) const HEADER: [&str; REQUIRED.len() + OPTIONAL.len()] = joined(REQUIRED, OPTIONAL);
/// The whole header.
pub(super) const STAGED: [&str; HEADER.len() + STAGE.len()] = joined(HEADER, STAGE);

const fn joined<const A: usize, const B: usize, const N: usize>(
    first: [&'static str; A],
    second: [&'static str; B],
) -> [&'static str; N] {
    let mut header = [""; N];
    let mut place = 0;
    while place < N {
        header[place] = match place < A {
            true => first[place],
            false => second[place - A],
        };
        place += 1;
    }
    header
}
/// Columns of a table without detail.
pub(super) const PLAIN: usize = REQUIRED.len() + 10;

/// A row without the columns of stages, one with them, and one without detail.
macro_rules! rows {
    (
        plain { $($(#[$with:meta])* $field:ident: $type:ty,)* }
        detail { $($(#[$also:meta])* $more:ident: $of:ty,)* }
    ) => {
        #[derive(Clone, Default, Serialize, Deserialize)]
        #[serde(default)]
        pub(super) struct Flat {
            $($(#[$with])* $field: $type,)*
            $($(#[$also])* $more: $of,)*
        }

        #[derive(Clone, Default, Serialize, Deserialize)]
        #[serde(default)]
        pub(super) struct Staged {
            $($(#[$with])* $field: $type,)*
            $($(#[$also])* $more: $of,)*
            stage: Option<String>,
            position: Option<u64>,
        }

        #[derive(Serialize)]
        pub(super) struct Plain {
            $($field: $type,)*
        }

        impl From<Flat> for Plain {
            fn from(flat: Flat) -> Self {
                Self { $($field: flat.$field,)* }
            }
        }

        impl Staged {
            fn of(flat: Flat, stage: Option<&Stage>) -> Self {
                let position = stage.and_then(|stage| stage.begins?.checked_add(flat.step));
                Self {
                    $($field: flat.$field,)*
                    $($more: flat.$more,)*
                    stage: stage.map(|stage| stage.name.clone()),
                    position,
                }
            }

            fn flat(self) -> Flat {
                Flat {
                    $($field: self.$field,)*
                    $($more: self.$more,)*
                }
            }
        }
    };
}

rows! {
    plain {
        model: String,
        #[serde(deserialize_with = "fields::step")]
        step: u64,
        sequence: u32,
        #[serde(deserialize_with = "fields::layer")]
        layer: u32,
        top1: Option<f32>,
        top2: Option<f32>,
        top3: Option<f32>,
        median: Option<f32>,
        top1_position: Option<u32>,
        top1_channel: Option<u32>,
        top2_position: Option<u32>,
        top2_channel: Option<u32>,
        top3_position: Option<u32>,
        top3_channel: Option<u32>,
        count: Option<u64>,
        non_finite: Option<u64>,
        non_finite_position: Option<u32>,
        non_finite_channel: Option<u32>,
    }
    detail {
        top1_token: Option<u32>,
        top2_token: Option<u32>,
        top3_token: Option<u32>,
        massive: Option<u64>,
        rms: Option<f64>,
        kurtosis: Option<f64>,
        channel_kurtosis: Option<f64>,
        later_top1: Option<f32>,
        later_top2: Option<f32>,
        later_top3: Option<f32>,
        later_median: Option<f32>,
        later_top1_position: Option<u32>,
        later_top1_channel: Option<u32>,
        later_top2_position: Option<u32>,
        later_top2_channel: Option<u32>,
        later_top3_position: Option<u32>,
        later_top3_channel: Option<u32>,
        suspect: Option<String>,
    }
}

impl From<&Measurement> for Staged {
    fn from(m: &Measurement) -> Self {
        Self::of(m.into(), m.stage.as_ref())
    }
}

impl Staged {
    /// What it is a measurement of.
    pub(super) fn key(&self) -> String {
        let stage = self.stage.as_deref().filter(|name| !name.is_empty());
        about(&self.model, stage, self.step, self.sequence, self.layer)
    }

    /// Refuses magnitudes that no measurement can have.
    pub(super) fn check(mut self) -> Result<Measurement, String> {
        let stage = fields::stage(self.stage.take(), self.step, self.position)?;
        let mut measurement = self.flat().check()?;
        measurement.stage = stage;
        Ok(measurement)
    }
}

impl From<&Measurement> for Flat {
    fn from(m: &Measurement) -> Self {
        let [top, later] = [m.stats.top, m.detail.later.unwrap_or_default().top]
            .map(|tops| tops.map(Flattened::from));
        let first = m.stats.first_non_finite;
        let spread = m.detail.spread;
        Self {
            model: m.model.clone(),
            step: m.step,
            sequence: m.sequence,
            layer: m.layer,
            top1: top[0].magnitude,
            top2: top[1].magnitude,
            top3: top[2].magnitude,
            median: m.stats.median,
            top1_position: top[0].position,
            top1_channel: top[0].channel,
            top2_position: top[1].position,
            top2_channel: top[1].channel,
            top3_position: top[2].position,
            top3_channel: top[2].channel,
            count: Some(m.stats.count),
            non_finite: Some(m.stats.non_finite),
            non_finite_position: first.map(|p| p.position),
            non_finite_channel: first.map(|p| p.channel),
            top1_token: m.detail.tokens[0],
            top2_token: m.detail.tokens[1],
            top3_token: m.detail.tokens[2],
            massive: m.detail.massive,
            rms: spread.map(|s| s.rms),
            kurtosis: spread.and_then(|s| s.kurtosis),
            channel_kurtosis: spread.and_then(|s| s.channel_kurtosis),
            later_top1: later[0].magnitude,
            later_top2: later[1].magnitude,
            later_top3: later[2].magnitude,
            later_median: m.detail.later.and_then(|l| l.median),
            later_top1_position: later[0].position,
            later_top1_channel: later[0].channel,
            later_top2_position: later[1].position,
            later_top2_channel: later[1].channel,
            later_top3_position: later[2].position,
            later_top3_channel: later[2].channel,
            suspect: m.suspect.clone(),
        }
    }
}

/// A [`Top`] as three columns.
#[derive(Clone, Copy, Default)]
struct Flattened {
    magnitude: Option<f32>,
    position: Option<u32>,
    channel: Option<u32>,
}

impl From<Option<Top>> for Flattened {
    fn from(top: Option<Top>) -> Self {
        Self {
            magnitude: top.map(|t| t.magnitude),
            position: top.map(|t| t.place.position),
            channel: top.map(|t| t.place.channel),
        }
    }
}

impl Flat {
    /// The key of the measurement.
    pub(super) fn key(&self) -> String {
        about(&self.model, None, self.step, self.sequence, self.layer)
    }

    fn check(self) -> Result<Measurement, String> {
        let magnitudes = [
            ("top1", self.top1),
            ("top2", self.top2),
            ("top3", self.top3),
            ("median", self.median),
            ("later_top1", self.later_top1),
            ("later_top2", self.later_top2),
            ("later_top3", self.later_top3),
            ("later_median", self.later_median),
        ];
        let magnitudes = magnitudes.map(|(name, value)| (name, value.map(f64::from)));
        let spreads = [
            ("rms", self.rms),
            ("kurtosis", self.kurtosis),
            ("channel_kurtosis", self.channel_kurtosis),
        ];
        for (name, value) in magnitudes.into_iter().chain(spreads) {
            if let Some(v) = value.filter(|v| !(*v >= 0.0 && v.is_finite())) {
                return Err(format!(
                    "{name} = {v}, allowed is a finite number of at least 0"
                ));
            }
        }
        Ok(Measurement {
            stats: self.stats(),
            detail: self.detail(),
            suspect: self.suspect.filter(|reason| !reason.is_empty()),
            model: self.model,
            step: self.step,
            sequence: self.sequence,
            layer: self.layer,
            stage: None,
        })
    }

    fn stats(&self) -> LayerStats {
        LayerStats {
            top: [
                top(self.top1, self.top1_position, self.top1_channel),
                top(self.top2, self.top2_position, self.top2_channel),
                top(self.top3, self.top3_position, self.top3_channel),
            ],
            median: self.median,
            count: self.count.unwrap_or(0),
            non_finite: self.non_finite.unwrap_or(0),
            first_non_finite: place(self.non_finite_position, self.non_finite_channel),
        }
    }

    fn detail(&self) -> Detail {
        let later = LaterStats {
            top: [
                top(
                    self.later_top1,
                    self.later_top1_position,
                    self.later_top1_channel,
                ),
                top(
                    self.later_top2,
                    self.later_top2_position,
                    self.later_top2_channel,
                ),
                top(
                    self.later_top3,
                    self.later_top3_position,
                    self.later_top3_channel,
                ),
            ],
            median: self.later_median,
        };
        Detail {
            tokens: [self.top1_token, self.top2_token, self.top3_token],
            massive: self.massive,
            spread: self.rms.map(|rms| Spread {
                rms,
                kurtosis: self.kurtosis,
                channel_kurtosis: self.channel_kurtosis,
            }),
            later: Some(later).filter(|l| *l != LaterStats::default()),
        }
    }
}

/// The key of a measurement.
pub(super) fn about(
    model: &str,
    stage: Option<&str>,
    step: u64,
    sequence: u32,
    layer: u32,
) -> String {
    let stage = stage.map_or_else(String::new, |stage| format!(", stage {stage:?}"));
    format!("model {model:?}{stage}, step {step}, sequence {sequence}, layer {layer}")
}

fn place(position: Option<u32>, channel: Option<u32>) -> Option<Place> {
    Some(Place {
        position: position?,
        channel: channel?,
    })
}

/// Tables of others may have magnitudes without places.
fn top(magnitude: Option<f32>, position: Option<u32>, channel: Option<u32>) -> Option<Top> {
    let unknown = Place {
        position: 0,
        channel: 0,
    };
    Some(Top {
        magnitude: magnitude?,
        place: place(position, channel).unwrap_or(unknown),
    })
}
