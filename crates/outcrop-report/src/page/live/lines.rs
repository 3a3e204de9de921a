//! Ratios over steps of every layer, with their errors.

use outcrop_core::Trajectory;

use super::lists::Lists;
use super::pack::{Bytes, ends};
use super::times::{Clock, clocks};
use crate::data::Data;
use crate::page::json::{array, number};

/// What the script draws lines from, as fields of its data: `lines` holds for each layer of each model
/// [index of the model, layer, index of its steps, ln of the lowest ratio, ln of the highest, whether errors are known].
pub(super) fn fields(data: &Data, order: &[&Trajectory]) -> Vec<(&'static str, String)> {
    let (mut steps, mut tokens, mut schedule) =
        (Lists::default(), Lists::default(), Lists::default());
    let (mut ratios, mut errors) = (Bytes::default(), Bytes::default());
    let clocks = clocks(data.inputs);
    let mut lines = Vec::with_capacity(order.len());
    for t in order {
        let model = data.models.iter().position(|m| m.name == t.model);
        let logs: Vec<f64> = t.ratios.iter().map(|ratio| ratio.ln()).collect();
        let range = ends(logs.iter().copied()).unwrap_or((0.0, 1.0));
        logs.iter().for_each(|log| ratios.word(*log, range));
        let known = t.sem.len() == t.ratios.len();
        if known {
            let each = t.sem.iter().zip(&t.ratios);
            each.for_each(|(sem, ratio)| errors.relative_error(sem / ratio));
        }
        let times: Vec<f64> = t.steps.iter().map(|s| *s as f64).collect();
        let clock = clocks.get(t.model.as_str());
        let time = |lists: &mut Lists, of: fn(&Clock, f64) -> Option<f64>| {
            let at = times.iter().map(|step| of(clock?, *step));
            let at: Option<Vec<f64>> = at.collect();
            at.map_or_else(|| "-1".into(), |at| lists.index(at).to_string())
        };
        let (in_tokens, in_schedule) = (
            time(&mut tokens, Clock::tokens),
            time(&mut schedule, Clock::schedule),
        );
        lines.push(array([
            model.map_or_else(|| "-1".into(), |m| m.to_string()),
            t.layer.to_string(),
            steps.index(times).to_string(),
            number(range.0),
            number(range.1),
            u8::from(known).to_string(),
            in_tokens,
            in_schedule,
        ]));
    }
    vec![
        ("lines", array(lines)),
        ("steps", steps.json()),
        ("tokens", tokens.json()),
        ("schedule", schedule.json()),
        ("ratios", format!("\"{}\"", ratios.base64())),
        ("errors", format!("\"{}\"", errors.base64())),
    ]
}
