use outcrop_core::{Document, Error as CoreError, EventKind, TrainingEvent, read_table};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{Error, Result, RunSpec};

/// A change of the training in the middle of a run: a table of `[[events]]`. What it sets holds for the updates after
/// `step` until another event sets it again; keys that are not given stay as they are.
///
/// ```toml
/// [[events]]
/// step = 400
/// tail_penalty = 0.01
///
/// [[events]]
/// step = 600
/// learning_rate_factor = 0.5
/// tail_penalty = 0.0
/// ```
///
/// | field | before any event | range |
/// |---|---|---|
/// | `step` | | 0 to `train.steps` - 1, above that of the event before |
/// | `learning_rate_factor` | 1 | above 0, at most 1000 |
/// | `weight_decay` | `train.weight_decay` | 0 to 100 |
/// | `tail_penalty` | 0 | 0 to 10^6 |
/// | `clamp` | `inf` | above 0 (`inf` for none) |
/// | `noise` | 0 | 0 to 100 |
/// | `noise_above` | 20 | at least 0 |
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EventSpec {
    /// Updates made before it.
    pub step: u64,
    /// What the learning rate of the schedule is multiplied by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate_factor: Option<f64>,
    /// The decay in the place of `train.weight_decay`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// [`Objective::tail_penalty`](outcrop_model::Objective::tail_penalty).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tail_penalty: Option<f64>,
    /// [`Objective::clamp`](outcrop_model::Objective::clamp).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clamp: Option<f64>,
    /// [`HiddenNoise::size`](outcrop_model::HiddenNoise::size).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<f64>,
    /// [`HiddenNoise::above`](outcrop_model::HiddenNoise::above).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise_above: Option<f64>,
}

/// What an event may set: a row for each key.
struct EventKey {
    key: &'static str,
    about: &'static str,
    range: &'static str,
    is_allowed: fn(f64) -> bool,
    given: fn(&EventSpec) -> Option<f64>,
    /// Its row in `events.csv`; none for a key that goes with another.
    kind: Option<EventKind>,
}

static KEYS: [EventKey; 6] = [
    EventKey {
        key: "learning_rate_factor",
        about: "What the learning rate of the schedule is multiplied by from here on. Before: 1.",
        range: "above 0, at most 1000",
        is_allowed: |x| x > 0.0 && x <= 1000.0,
        given: |event| event.learning_rate_factor,
        kind: Some(EventKind::SetLearningRateFactor),
    },
    EventKey {
        key: "weight_decay",
        about: "The decay in the place of train.weight_decay.",
        range: "0 to 100",
        is_allowed: |x| (0.0..=100.0).contains(&x),
        given: |event| event.weight_decay,
        kind: Some(EventKind::SetWeightDecay),
    },
    EventKey {
        key: "tail_penalty",
        about: "Coefficient of the mean over the residual stream after blocks of (|h| / 3)^4 in the loss. Before: 0.",
        range: "0 to 10^6",
        is_allowed: |x| (0.0..=1e6).contains(&x),
        given: |event| event.tail_penalty,
        kind: Some(EventKind::SetTailPenalty),
    },
    EventKey {
        key: "clamp",
        about: "Largest magnitude after a block, times the lower median of its sequence. Before: inf.",
        range: "above 0, `inf` for none",
        is_allowed: |x| x > 0.0,
        given: |event| event.clamp,
        kind: Some(EventKind::SetClamp),
    },
    EventKey {
        key: "noise",
        about: "Standard deviation of the noise on scalars above noise_above, as a share of them. Before: 0.",
        range: "0 to 100",
        is_allowed: |x| (0.0..=100.0).contains(&x),
        given: |event| event.noise,
        kind: Some(EventKind::SetNoise),
    },
    EventKey {
        key: "noise_above",
        about: "Magnitudes that get noise: those above this many times the lower median of their sequence. Before: 20.",
        range: "at least 0",
        is_allowed: |x| x >= 0.0,
        given: |event| event.noise_above,
        kind: None,
    },
];

/// What events have set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct InForce {
    pub(crate) learning_rate_factor: f64,
    pub(crate) weight_decay: f64,
    pub(crate) tail_penalty: f64,
    pub(crate) clamp: f64,
    pub(crate) noise: f64,
    pub(crate) noise_above: f64,
}

impl EventSpec {
    /// Reads `[[events]]`.
    pub(super) fn read(table: &toml::Table, document: &Document) -> Result<Vec<Self>> {
        let list = match table.get("events") {
            None => return Ok(Vec::new()),
            Some(toml::Value::Array(list)) => list,
            Some(_) => {
                let error = CoreError::parse("run spec", "`events` must be a list, [[events]]");
                return Err(document.locate("events", None, error).into());
            }
        };
        let mut known = vec!["step"];
        known.extend(KEYS.iter().map(|key| key.key));
        let read = |(i, value): (usize, &toml::Value)| {
            let place = format!("events[{i}]");
            let not_a_table = || CoreError::parse("run spec, [[events]]", "expected a table");
            let fields = value.as_table().ok_or_else(not_a_table);
            let event = fields.and_then(|f| read_table("run spec, [[events]]", f, &known));
            event.map_err(|e| {
                let error = Error::from(e);
                let key = error.key().map(str::to_owned);
                document.locate(&place, key.as_deref(), error).into()
            })
        };
        list.iter().enumerate().map(read).collect()
    }

    /// Checks the event at place `i`, after `before`.
    fn check(&self, i: usize, before: Option<&Self>, steps: u64) -> Result<()> {
        let refuse = |key: &str, value: String, allowed: String| {
            Err(CoreError::range(format!("events[{i}].{key}"), value, allowed).into())
        };
        if self.step >= steps {
            let allowed = format!("0 to {}, since train.steps = {steps}", steps - 1);
            return refuse("step", self.step.to_string(), allowed);
        }
        if let Some(before) = before.filter(|before| before.step >= self.step) {
            let allowed = format!("above {}, the step of the event before", before.step);
            return refuse("step", self.step.to_string(), allowed);
        }
        for key in &KEYS {
            if let Some(value) = (key.given)(self).filter(|x| !(key.is_allowed)(*x)) {
                return refuse(key.key, value.to_string(), key.range.into());
            }
        }
        if KEYS.iter().all(|key| (key.given)(self).is_none()) {
            let keys: Vec<_> = KEYS.iter().map(|key| key.key).collect();
            let allowed = format!("an event that sets one of {}", keys.join(", "));
            return refuse("step", self.step.to_string(), allowed);
        }
        Ok(())
    }

    /// The schema of `[[events]]`.
    pub(super) fn schema() -> Value {
        let number = |key: &EventKey| {
            let about = format!("{} Range: {}.", key.about, key.range);
            (
                key.key.to_owned(),
                json!({ "type": "number", "description": about }),
            )
        };
        let mut properties: Map<String, Value> = KEYS.iter().map(number).collect();
        let step = json!({ "type": "integer", "description": "Updates made before it." });
        properties.insert("step".into(), step);
        json!({
            "type": "array",
            "items": {
                "type": "object",
                "required": ["step"],
                "additionalProperties": false,
                "properties": properties,
            },
        })
    }
}

impl RunSpec {
    pub(super) fn check_events(&self) -> Result<()> {
        let mut before = None;
        for (i, event) in self.events.iter().enumerate() {
            event.check(i, before, self.train.steps)?;
            before = Some(event);
        }
        Ok(())
    }

    /// What holds for the update after `step` updates.
    pub(crate) fn in_force(&self, step: u64) -> InForce {
        let mut now = InForce {
            learning_rate_factor: 1.0,
            weight_decay: self.train.weight_decay,
            tail_penalty: 0.0,
            clamp: f64::INFINITY,
            noise: 0.0,
            noise_above: 20.0,
        };
        for event in self.events.iter().filter(|event| event.step <= step) {
            let set = |place: &mut f64, value: Option<f64>| *place = value.unwrap_or(*place);
            set(&mut now.learning_rate_factor, event.learning_rate_factor);
            set(&mut now.weight_decay, event.weight_decay);
            set(&mut now.tail_penalty, event.tail_penalty);
            set(&mut now.clamp, event.clamp);
            set(&mut now.noise, event.noise);
            set(&mut now.noise_above, event.noise_above);
        }
        now
    }

    /// Its events as rows of `events.csv`.
    pub fn training_events(&self) -> Vec<TrainingEvent> {
        let of = |event: &EventSpec| {
            let set = KEYS
                .iter()
                .filter_map(|key| Some((key.kind?, (key.given)(event)?)));
            let row = |(kind, value): (EventKind, f64)| TrainingEvent {
                model: self.model.clone(),
                step: event.step,
                event: kind,
                value: value.is_finite().then_some(value),
                stage: None,
            };
            set.map(row).collect::<Vec<_>>()
        };
        self.events.iter().flat_map(of).collect()
    }
}
