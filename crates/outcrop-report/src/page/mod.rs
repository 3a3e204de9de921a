//! The page: a template of our own, with style, script, data and figures inside.

mod answer;
mod assets;
mod dark;
mod figures;
mod html;
mod json;
mod keys;
mod live;
mod paper;
mod provenance;
mod tables;

use crate::Summary;
use crate::data::Data;
use crate::figures::Section;
use html::escape;

/// No request, whatever the page holds.
const POLICY: &str = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
    script-src 'unsafe-inline'\"/>\n";

const TITLE: &str = "Massive activations over training";

/// The whole page; each section comes with the SVGs of its panels, where it has a figure.
pub(crate) fn page(
    data: &Data,
    sum: &Summary,
    sections: &[(Section, Option<Vec<String>>)],
) -> String {
    let given = data.inputs.title.trim();
    let title = escape(if given.is_empty() { TITLE } else { given });
    let svgs = sections.iter().filter_map(|s| s.1.as_ref()).flatten();
    let style = assets::STYLE.concat() + &dark::rules(svgs.map(String::as_str));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         {POLICY}<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n\
         <header><h1>{title}</h1>\n<button type=\"button\" id=\"theme\" hidden=\"hidden\">Dark page</button></header>\n<main>\n{}{NAVIGATION}{}\
         {}{INTRODUCTION}\
         <h2 id=\"figures\">Figures</h2>\n{}\
         <h2 id=\"fits\">Fits</h2>\n{}\
         <h2 id=\"scores\">Predicting curves from architectures</h2>\n{}\
         <h2 id=\"provenance\">Provenance</h2>\n<details><summary>Where the numbers come from</summary>\n{}</details>\n</main>\n{}{}</body>\n</html>\n",
        answer::answer(data, sum),
        assets::EXPLORE,
        tables::growth(data, sum),
        figures::figures(sections),
        tables::fits(data, sum),
        tables::scores(data),
        provenance::provenance(&data.inputs.provenance),
        assets::FIT,
        assets::script(&live::data(data)),
    )
}

const NAVIGATION: &str = "<nav aria-label=\"Contents\"><ol>\
    <li><a href=\"#growth\">What was found</a></li>\
    <li><a href=\"#about\">What this is, and how to read it</a></li>\
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
    fitted; the best is the one with the lowest AICc. Step axes are logarithmic, with \
    step 0 at the left edge.</p>\n";
