//! The first box: what was found, in plain words.

use super::html::{escape, missing};
use super::paper::LAST_RATIOS;
use crate::chart::short;
use crate::data::Data;
use crate::{GROWTH_FACTOR, Growth, MassiveModels, Summary};

/// What a quantity of a verdict is, for readers who do not know the curve.
const QUANTITIES: [(&str, &str); 10] = [
    ("A", "amplitude of the curve"),
    ("K", "level that the curve ends at"),
    ("lambda", "rate of the decay"),
    ("gamma", "speed of the curve"),
    ("ln f_first", "first ratio"),
    ("ln f_last", "last ratio"),
    ("ln f_max", "largest ratio"),
    ("ln t_half", "step at which half of the climb is done"),
    ("ln t_peak", "step of the peak"),
    ("P(peak)", "probability of a peak"),
];

/// What a verdict says, in words for the box; any other stands there as it is.
const VERDICTS: [(&str, &str); 3] = [
    (
        "beats the depth-only baseline",
        "Predictable from the architecture",
    ),
    (
        "no better than the depth-only baseline",
        "Not predictable beyond the depth of a layer",
    ),
    ("too few architectures", "Too few architectures to say"),
];

/// The box.
pub(super) fn answer(data: &Data, sum: &Summary) -> String {
    let mut rows = vec![("What grew", grew(sum))];
    rows.push(("Massive activations", massive(sum.massive)));
    rows.extend(predicted(sum).map(|words| ("Predicted before training", words)));
    rows.push(("What can be predicted", predictable(&data.inputs.verdicts)));
    rows.push(("Beside a real model", real(sum)));
    let rows: String = rows
        .iter()
        .map(|(term, words)| format!("<dt>{term}</dt><dd>{words}</dd>\n"))
        .collect();
    format!(
        "<section class=\"answer\" id=\"growth\" aria-labelledby=\"answer\"><h2 id=\"answer\">What was found</h2>\n<dl>\n{rows}</dl></section>\n"
    )
}

fn grew(sum: &Summary) -> String {
    let models = sum.growth.len();
    if models == 0 {
        return missing("Not known: there are no trajectories of at least two steps.");
    }
    let share = 100.0 * sum.grown as f64 / models as f64;
    format!(
        "<p class=\"lead\">In <strong>{} of {models}</strong> models ({share:.0} %) the ratio of \
         the most emergent layer grew at least {GROWTH_FACTOR}&#8209;fold between the first and the \
         last measured step.</p>{}",
        sum.grown,
        largest(sum).map_or_else(String::new, |most| format!("<p>{most}</p>"))
    )
}

/// The model that grew most, in a sentence.
fn largest(sum: &Summary) -> Option<String> {
    let most = most(sum)?;
    Some(format!(
        "The most: {}, layer {}, from {} to {} ({}&#215;).",
        escape(&most.model),
        most.layer,
        short(most.first),
        short(most.last),
        short(most.factor)
    ))
}

fn most(sum: &Summary) -> Option<&Growth> {
    let all = sum.growth.iter();
    all.max_by(|a, b| a.factor.total_cmp(&b.factor))
}

fn massive(massive: Option<MassiveModels>) -> String {
    let words = massive.map_or_else(
        || "Whether they hold massive activations is not known: there are no measurements".into(),
        |massive| massive.to_string(),
    );
    format!(
        "{}. A model counts where that holds for the largest magnitude of some layer in at least half of the sequences.",
        capital(&escape(&words))
    )
}

fn predicted(sum: &Summary) -> Option<String> {
    let before = sum.predicted.as_ref()?;
    Some(format!("{}.", capital(&escape(&before.to_string()))))
}

/// The targets of each verdict, then every verdict in full.
fn predictable(verdicts: &[String]) -> String {
    if verdicts.is_empty() {
        return "Not known: no predictor was trained on these models.".into();
    }
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for (target, said) in verdicts.iter().filter_map(|line| line.split_once(": ")) {
        let end = said.find([',', '(']).unwrap_or(said.len());
        let said = said[..end].trim();
        match groups.iter_mut().find(|(known, _)| *known == said) {
            Some((_, targets)) => targets.push(target),
            None => groups.push((said, vec![target])),
        }
    }
    let group = |(said, targets): &(&str, Vec<&str>)| {
        let targets: Vec<String> = targets.iter().map(|t| in_words(t)).collect();
        format!(
            "<p><strong>{}</strong>: {}.</p>",
            VERDICTS
                .iter()
                .find(|(verdict, _)| verdict == said)
                .map_or_else(|| capital(&escape(said)), |(_, words)| (*words).to_owned()),
            targets.join(", ")
        )
    };
    let groups: String = groups.iter().map(group).collect();
    let full: String = verdicts
        .iter()
        .map(|line| format!("<li>{}</li>\n", escape(line)))
        .collect();
    format!(
        "{groups}<p class=\"other\">Compared with a baseline that knows how deep a layer lies and nothing of the architecture; p is that of a test \
         that exchanges architectures.</p><details open=\"open\"><summary>Every verdict in full</summary><ul>\n{full}</ul></details>"
    )
}

/// A target with what it is.
fn in_words(target: &str) -> String {
    let known = QUANTITIES.iter().find(|(name, _)| *name == target);
    let words = known.map_or_else(String::new, |(_, words)| format!(" ({words})"));
    format!("{}{words}", escape(target))
}

/// The last ratios of Pythia, and where the largest of ours is among them.
fn real(sum: &Summary) -> String {
    let theirs: Vec<String> = LAST_RATIOS
        .iter()
        .map(|(name, ratio)| format!("{ratio} in Pythia-{name}"))
        .collect();
    let largest = sum.growth.iter().map(|g| g.last);
    let ours = largest
        .max_by(f64::total_cmp)
        .map_or_else(String::new, |last| {
            format!(
                " The largest last ratio of a layer that grew most is {} here.",
                short(last)
            )
        });
    format!(
        "After 143,000 steps the largest ratio is {}, as the paper reports; before training it is a few units.{ours}",
        theirs.join(", ")
    )
}

/// The text with a capital in front.
fn capital(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_grouped_and_told_in_full() {
        let lines = [
            "K: beats the depth-only baseline, p = 0.010 (9 architectures: Q2 0.50 for shape)",
            "ln f_max: no better than the depth-only baseline, p = 1.000 (9 architectures)",
            "A: no better than the depth-only baseline, p = 0.400 (9 architectures)",
        ];
        let box_ = predictable(&lines.map(String::from));
        assert!(box_.contains(
            "<strong>Predictable from the architecture</strong>: K (level that the curve ends at)."
        ));
        assert!(box_.contains("ln f_max (largest ratio), A (amplitude of the curve)."));
        assert!(lines.iter().all(|line| box_.contains(line)));
        assert!(predictable(&[]).starts_with("Not known"));
    }
}
