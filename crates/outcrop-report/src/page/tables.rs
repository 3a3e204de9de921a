use outcrop_core::{Fit, Score};

use super::html::{Cell, live_table, missing, table};
use super::paper::{FIT_R2, PREDICTION_R2, REGRESSORS};
use crate::chart::short;
use crate::data::Data;
use crate::summary::layers_of;
use crate::{GROWTH_FACTOR, Growth, Massive, PredictedRatio, Summary};

/// The most emergent layer of every model.
pub(super) fn growth(data: &Data, sum: &Summary) -> String {
    if sum.growth.is_empty() {
        return String::new();
    }
    let row = |e: &Growth| {
        vec![
            Cell::text(&e.model),
            Cell::Number(e.parameters.map_or("–".into(), |p| short(p as f64))),
            Cell::text(if e.grown { "yes" } else { "no" }),
            Cell::text(massive(e.massive)),
            Cell::Number(format!("{}×", short(e.factor))),
            Cell::count(e.layer),
            Cell::number(e.first),
            Cell::number(e.last),
            Cell::Number(e.predicted.map_or("–".into(), |p| before(&p))),
            Cell::number(e.peak),
            Cell::Number(format!("{} to {}", e.steps.0, e.steps.1)),
        ]
    };
    let rows: Vec<_> = sum.growth.iter().map(row).collect();
    let header = [
        "model",
        "parameters",
        "grew",
        "massive",
        "factor",
        "layer",
        "ratio at first step",
        "at last step",
        "predicted",
        "largest",
        "steps",
    ];
    let caption = format!(
        "The layer of each model whose ratio grew most from the first to the last measured step. \
         Grew: by a factor of at least {GROWTH_FACTOR}. Massive: the largest magnitude of some layer, at the \
         last step, by the rule of Sun et al. or by the fallback rule alone. Predicted: that of the last step before \
         training, with its band; a star where the measured ratio is outside."
    );
    let file = data
        .file("trajectories")
        .or_else(|| data.file("measurements"));
    live_table("growth", file, &caption, &header, &rows)
}

/// A prediction with its band.
fn before(predicted: &PredictedRatio) -> String {
    let band = predicted.band.map_or_else(String::new, |[low, high]| {
        format!(" ({} to {})", short(low), short(high))
    });
    let star = if predicted.inside() == Some(false) {
        "*"
    } else {
        ""
    };
    format!("{}{band}{star}", short(predicted.value))
}

/// Whether a model holds massive activations, in words.
fn massive(massive: Option<Massive>) -> &'static str {
    match massive {
        None => "–",
        Some(Massive { sun: true, .. }) => "Sun et al.",
        Some(Massive { fallback: true, .. }) => "fallback",
        Some(_) => "no",
    }
}

/// Fits of every layer, their mean, and the paper's.
pub(super) fn fits(data: &Data, sum: &Summary) -> String {
    let published = published_fits();
    let Some(mean) = sum.mean_r2 else {
        return missing("Nothing was fitted.") + &published;
    };
    let means = sum.fits.iter().map(|f| {
        vec![
            Cell::text(&f.model),
            Cell::count(f.layers),
            Cell::count(f.failed),
            Cell::fixed(Some(f.mean_r2)),
        ]
    });
    let caption = format!(
        "R² of the best hypothesis, averaged over all layers, a layer without a fit counted as 0. \
         Over all {} layers of all models, {} of them without a fit: {mean:.3}.",
        sum.layers, sum.failed
    );
    let header = ["model", "layers", "without a fit", "mean R²"];
    let means = means.collect::<Vec<_>>();
    let means = live_table(
        "fits-by-model",
        data.file("fits"),
        &caption,
        &header,
        &means,
    );
    let shown = quantities_shown(data);
    let rows: Vec<_> = data
        .models
        .iter()
        .flat_map(|m| layer_rows(data, &m.name, &shown))
        .collect();
    let mut header = vec!["model", "layer", "best hypothesis", "points", "R²", "AICc"];
    header.extend(shown.iter().map(|name| label(name)));
    header.push("status");
    let caption = "The best fit of every layer. A dash: not identified by the data, or not a \
                   quantity of the hypothesis.";
    let long = live_table("best-fits", data.file("fits"), caption, &header, &rows);
    format!("{means}{published}{long}")
}

/// The quantities that some best fit has a value of, in the order of the table.
fn quantities_shown<'a>(data: &Data<'a>) -> Vec<&'a str> {
    let inputs = data.inputs;
    let best = || inputs.fits.iter().filter(|f| f.best && f.r2.is_some());
    let mut names: Vec<&str> = Vec::new();
    for quantity in inputs.fits.iter().flat_map(|fit| fit.quantities.iter()) {
        if !names.contains(&&*quantity.name) {
            names.push(&quantity.name);
        }
    }
    names.retain(|name| best().any(|fit| fit.value(name).is_some()));
    names
}

/// Names of quantities as the paper writes them, or in words.
const LABELS: [(&str, &str); 13] = [
    ("lambda", "λ"),
    ("gamma", "γ"),
    ("beta", "β"),
    ("tau0", "τ0"),
    ("tau", "τ"),
    ("omega", "ω"),
    ("zeta", "ζ"),
    ("f_first", "first"),
    ("f_last", "last"),
    ("f_max", "largest"),
    ("t_half", "half-way step"),
    ("p_peak", "p(peak)"),
    ("t_peak", "peak step"),
];

/// What heads the column of a quantity: its name, if it has no other.
fn label(name: &str) -> &str {
    let known = LABELS.iter().find(|(quantity, _)| *quantity == name);
    known.map_or(name, |(_, label)| label)
}

fn layer_rows(data: &Data, model: &str, shown: &[&str]) -> Vec<Vec<Cell>> {
    let layers = layers_of(data, model).into_iter();
    layers
        .map(|layer| match data.best_fit(model, layer) {
            Some(fit) => fit_row(fit, shown),
            None => failed_row(data, model, layer, shown.len()),
        })
        .collect()
}

fn fit_row(f: &Fit, shown: &[&str]) -> Vec<Cell> {
    let mut row = vec![
        Cell::text(&f.model),
        Cell::count(f.layer),
        Cell::text(&f.hypothesis),
        Cell::count(f.n),
        Cell::fixed(f.r2),
        Cell::number(f.aicc),
    ];
    row.extend(shown.iter().map(|name| Cell::number(f.value(name))));
    row.push(Cell::text(&f.status));
    row
}

fn failed_row(data: &Data, model: &str, layer: u32, shown: usize) -> Vec<Cell> {
    let mut tried = data.inputs.fits.iter();
    let tried = tried.find(|f| f.model == model && f.layer == layer);
    let mut row = vec![
        Cell::text(model),
        Cell::count(layer),
        Cell::text("none"),
        tried.map_or_else(|| Cell::number(None), |f| Cell::count(f.n)),
    ];
    row.extend((0..2 + shown).map(|_| Cell::number(None)));
    let why = tried.map_or("not fitted", |f| f.status.as_str());
    row.push(Cell::text(format!("failed: {why}")));
    row
}

fn published_fits() -> String {
    let header: Vec<&str> = FIT_R2.iter().map(|(size, _)| *size).collect();
    let row = FIT_R2
        .iter()
        .map(|(_, r2)| Cell::Number(format!("{r2:.4}")));
    let caption = "Other data: Pythia, from the paper (arXiv 2508.03616, Table 1). R² of the best \
                   hypothesis, averaged over layers.";
    table(caption, &header, &[row.collect()])
}

/// Scores by protocol, and the paper's.
pub(super) fn scores(data: &Data) -> String {
    let scores: &[Score] = &data.inputs.scores;
    let published = published_scores();
    if scores.is_empty() {
        return missing("Nothing was predicted.") + &published;
    }
    let row = |s: &Score| {
        vec![
            Cell::text(&s.target),
            Cell::text(&s.regressor),
            Cell::text(&s.protocol),
            Cell::count(s.models),
            Cell::count(s.rows),
            leading(scores, s),
            Cell::number(s.mae),
            Cell::number(s.rmse),
        ]
    };
    let rows: Vec<_> = scores.iter().map(row).collect();
    let header = [
        "target",
        "regressor",
        "protocol",
        "models",
        "rows",
        "R² or Q²",
        "MAE",
        "RMSE",
    ];
    let caption = "Scores on rows that were not trained on; bold: the best regressor of its target \
                   and protocol. A random split puts layers of one model on both sides and says \
                   little about new architectures; leave one model out (Q²) is the score for new architectures. \
                   Below 0: worse than the mean.";
    live_table("scores-table", data.file("scores"), caption, &header, &rows) + &published
}

/// The score, marked where no other regressor does better.
fn leading(scores: &[Score], s: &Score) -> Cell {
    let same = |o: &&Score| o.target == s.target && o.protocol == s.protocol;
    let best = scores.iter().filter(same).filter_map(|o| o.r2);
    let best = best.max_by(f64::total_cmp);
    match (s.r2, best) {
        (Some(r2), Some(best)) if r2 >= best => Cell::Best(format!("{r2:.3}")),
        (r2, _) => Cell::fixed(r2),
    }
}

fn published_scores() -> String {
    let mut header = vec!["target"];
    header.extend(REGRESSORS);
    let row = |(target, r2): &(&str, [f64; 5])| {
        let mut row = vec![Cell::text(*target)];
        row.extend(r2.map(|v| Cell::fixed(Some(v))));
        row
    };
    let rows: Vec<_> = PREDICTION_R2.iter().map(row).collect();
    let caption = "Other data: Pythia, from the paper (arXiv 2508.03616, Table 3). R² on a random \
                   fifth of 188 layers of nine models.";
    table(caption, &header, &rows)
}
