//! The page: a template of our own, with the style and the figures inside.

mod html;
mod paper;
mod provenance;
mod tables;

use crate::data::Data;
use crate::figures::{Figure, Section};
use crate::{GROWTH_FACTOR, Summary};
use html::{escape, missing};

const STYLE: &str = include_str!("style.css");

const TITLE: &str = "Massive activations over training";

/// The whole page; each section comes with its SVG, where it has a figure.
pub(crate) fn page(data: &Data, sum: &Summary, figures: &[(Section, Option<String>)]) -> String {
    let given = data.inputs.title.trim();
    let title = escape(if given.is_empty() { TITLE } else { given });
    let figures: String = figures
        .iter()
        .enumerate()
        .map(|(i, (section, svg))| figure(i + 1, section, svg.as_deref()))
        .collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header><h1>{title}</h1>\n{NAVIGATION}</header>\n<main>\n{INTRODUCTION}\
         <h2 id=\"growth\">How far did the ratio grow?</h2>\n{}{}\
         <h2 id=\"figures\">Figures</h2>\n{figures}\
         <h2 id=\"fits\">Fits</h2>\n{}\
         <h2 id=\"scores\">Predicting curves from architectures</h2>\n{}\
         <h2 id=\"provenance\">Provenance</h2>\n{}</main>\n</body>\n</html>\n",
        verdict(sum),
        tables::growth(sum),
        tables::fits(data, sum),
        tables::scores(&data.inputs.scores),
        provenance::provenance(&data.inputs.provenance),
    )
}

const NAVIGATION: &str = "<nav aria-label=\"Contents\"><ol>\
    <li><a href=\"#about\">What this is</a></li>\
    <li><a href=\"#growth\">How far did the ratio grow?</a></li>\
    <li><a href=\"#figures\">Figures</a></li>\
    <li><a href=\"#fits\">Fits</a></li>\
    <li><a href=\"#scores\">Predicting curves from architectures</a></li>\
    <li><a href=\"#provenance\">Provenance</a></li></ol></nav>\n";

const INTRODUCTION: &str = "<h2 id=\"about\">What this is, and how to read it</h2>\n\
    <p>While a transformer trains, a few scalars of its hidden state can grow thousands of times \
    larger than the rest: <em>massive activations</em>. This page follows them over training, as \
    &#8220;Hidden Dynamics of Massive Activations in Transformer Training&#8221; \
    (<a href=\"https://arxiv.org/abs/2508.03616\">arXiv 2508.03616</a>) does.</p>\n\
    <p>For every layer and checkpoint, the <em>ratio</em> is the largest magnitude of the hidden \
    state after the layer over the median magnitude, both averaged over the measured sequences. \
    An untrained layer has a ratio of a few units. Layers count from 1. To each layer's ratio \
    over steps the <em>emergence curve</em> \
    f(t) = A exp(&#8722;&#955;x) ln(x) + K with x = &#947;t + t<sub>0</sub> and its rivals are \
    fitted; the best is the one with the lowest AICc. Step axes are logarithmic above 1, with \
    step 0 at the left edge.</p>\n";

fn verdict(sum: &Summary) -> String {
    let models = sum.growth.len();
    if models == 0 {
        return missing("Not known: there are no trajectories of at least two steps.");
    }
    let share = 100.0 * sum.grown as f64 / models as f64;
    let massive = sum.massive.map_or_else(
        || "Whether they hold massive activations is not known: there are no measurements".into(),
        |massive| massive.to_string(),
    );
    let massive = capital(&escape(&massive));
    let predicted = sum
        .predicted
        .as_ref()
        .map_or_else(String::new, |predicted| {
            format!("<p>{}.</p>\n", capital(&escape(&predicted.to_string())))
        });
    format!(
        "<p class=\"verdict\">In <strong>{} of {models}</strong> models ({share:.0} %) the ratio of \
         the most emergent layer grew at least {GROWTH_FACTOR}&#8209;fold between the first and the \
         last measured step.</p>\n<p>{massive}. A model counts where that holds for the largest magnitude of \
         some layer in at least half of the sequences.</p>\n{predicted}",
        sum.grown
    )
}

/// The text with a capital in front.
fn capital(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

fn figure(number: usize, section: &Section, svg: Option<&str>) -> String {
    let paper = section.paper.map_or_else(String::new, |n| {
        format!(" <span class=\"other\">(follows figure {n} of the paper)</span>")
    });
    let head = format!("<h3>{number}. {}{paper}</h3>\n", escape(&section.title));
    match (&section.figure, svg) {
        (Ok(f), Some(svg)) => head + &plate(number, section, f, svg),
        (Err(lacks), _) => head + &missing(&format!("Left out: {lacks}.")),
        (Ok(_), None) => head + &missing("Left out."),
    }
}

fn plate(number: usize, section: &Section, figure: &Figure, svg: &str) -> String {
    let caption = escape(&figure.caption);
    let label = format!("<svg role=\"img\" aria-label=\"{caption}\"");
    format!(
        "<figure id=\"{}\"><div class=\"plate\">{}</div>\n<figcaption><strong>Figure \
         {number}.</strong> {caption} <span class=\"reading\">{}</span></figcaption></figure>\n",
        section.name,
        svg.replacen("<svg", &label, 1),
        escape(figure.reading),
    )
}
