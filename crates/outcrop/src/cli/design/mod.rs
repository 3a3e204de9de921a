//! `outcrop design`.

mod recipe;
mod verify;

use std::path::PathBuf;

use outcrop_core::table::Row;
use outcrop_predict::{
    Budget, Candidate, Design, Goal, Knob, Predictor, Regressor, Request, Table, design,
};
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::cli::learned::{measured_source, options};
use crate::cli::output::{Format, To, say, significant, write_rows};
use crate::cli::verdicts;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop design runs/small --target 'f_max<50 at every layer' --budget params=1M..2M
  outcrop design runs/small --target 'f_max<30' --budget params=90K..110K --vary layers,d_model,heads,d_ff
  outcrop design runs/small --target 'f_last>30 at any layer' --budget flops=..1M --vary 'layers=2..8,d_model=64..512:64,heads=1|2|4'
  outcrop design runs/small --target 't_half>200 on average' --vary layers,d_model,d_ff --fix heads=4 --best best.toml
  outcrop predict runs/small --arch best.toml   predict the best one
  outcrop train best.toml                       train it with the recipe of the model --like
  outcrop design runs/small --target 'f_max<30' --budget params=90K..110K --verify 8 --out designs.csv
                                                train the 8 best and 8 random ones: did the design help?

TARGET is QUANTITY<BOUND or QUANTITY>BOUND of f_first, f_last, f_max (ratios), t_half (step), A,
lambda, gamma, t0 or K, and `at every layer` (default), `at any layer` or `on average`.
BUDGET is params, non_embedding or flops (training, per token) as LOW..HIGH, ..HIGH, LOW.. or a value
that is met within 5 %; K, M, B, T are thousands to trillions.
VARY is a list of layers, d_model, heads, d_ff, context, vocab; without values a field takes the range of
the training architectures. All other fields are as in the model --like.

Shows the Pareto front of the architectures that meet target and budgets: those that no other one beats
in both prediction and budget. The folder RESULTS holds fits.csv and architectures.csv. docs/designing.md
says how far to trust it.")]
pub(crate) struct Args {
    /// A results folder with fits.csv and architectures.csv.
    results: PathBuf,
    /// The target, such as `f_max<50 at every layer`.
    #[arg(long)]
    target: String,
    /// A budget, such as `params=10M..15M`; may be given several times.
    #[arg(long)]
    budget: Vec<String>,
    /// Fields that vary, with their values.
    #[arg(long, default_value = "layers,d_model,heads,d_ff")]
    vary: String,
    /// Fields that are set, such as `context=1024,heads=8`.
    #[arg(long, default_value = "")]
    fix: String,
    /// The model whose other fields are used [default: the first].
    #[arg(long)]
    like: Option<String>,
    /// The regressor that predicts the target.
    #[arg(long, default_value = "shape")]
    regressor: String,
    /// The features of the regressor [default: l/L and its spline, ln d, ln d_head, ln L]; `shape` always uses these
    /// and ln(d_ff/d).
    #[arg(long, value_delimiter = ',')]
    features: Vec<String>,
    /// Also recommend architectures outside the training range, marked as such.
    #[arg(long)]
    allow_outside: bool,
    /// Largest number of predictions of the search.
    #[arg(long, default_value_t = 5000)]
    predictions: usize,
    /// Seed of the search and of the random forest.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Largest number of rows that are printed as a table; CSV and JSON have all.
    #[arg(long, default_value_t = 20)]
    show: usize,
    /// Also write a run of the architecture with the best prediction to this TOML file, for `outcrop train`; its recipe
    /// is --recipe, or that of the model --like if RESULTS/runs has it.
    #[arg(long, value_name = "FILE")]
    best: Option<PathBuf>,
    /// A run (TOML) whose corpus, training and schedules the runs of --best and --verify have.
    #[arg(long, value_name = "FILE")]
    recipe: Option<PathBuf>,
    #[command(flatten)]
    to: To,
    // it has a heading, which holds for all that follows
    #[command(flatten)]
    verify: verify::VerifyArgs,
}

/// One candidate as a row.
#[derive(Clone, Serialize, Deserialize)]
struct Line {
    layers: usize,
    d_model: usize,
    heads: usize,
    kv_heads: usize,
    d_head: usize,
    d_ff: usize,
    context: usize,
    params: u64,
    non_embedding: u64,
    flops_per_token: f64,
    quantity: String,
    predicted: f64,
    lo: Option<f64>,
    hi: Option<f64>,
    /// Features beyond the training range; empty within it.
    outside: String,
}

impl Row for Line {
    const REQUIRED: &'static [&'static str] = Self::HEADER;
    const HEADER: &'static [&'static str] = &[
        "layers",
        "d_model",
        "heads",
        "kv_heads",
        "d_head",
        "d_ff",
        "context",
        "params",
        "non_embedding",
        "flops_per_token",
        "quantity",
        "predicted",
        "lo",
        "hi",
        "outside",
    ];
    const NAMED: &'static [&'static str] = &["quantity"];

    fn key(&self) -> String {
        let shape = [
            self.layers,
            self.d_model,
            self.heads,
            self.d_ff,
            self.context,
        ];
        format!("{shape:?}, {}", self.quantity)
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let target = args.to.target()?;
    let request = request(args)?;
    let options = options(&args.features, args.seed)?;
    let regressor = Regressor::from_name(&args.regressor)?;
    let table = Table::from_sources(&[measured_source(&args.results)?])?;
    let predictor = Predictor::train(&table, regressor, &options)?;
    let found = design(&table, &predictor, &request)?;
    let doubt = verdicts::warning(&table, request.goal.target)?;
    for line in words(&found, &request, regressor).into_iter().chain(doubt) {
        say(&line);
    }
    if let (Some(path), Some(best)) = (&args.best, found.candidates.first()) {
        recipe::write_best(&best.arch, &found.base, args, path)?;
    }
    let mut lines: Vec<Line> = found
        .candidates
        .iter()
        .map(|c| line(c, &request.goal))
        .collect();
    if target.format == Format::Table && lines.len() > args.show {
        say(&format!(
            "the {} best of {} candidates; --format csv has all",
            args.show,
            lines.len()
        ));
        lines.truncate(args.show);
    }
    write_rows(&lines, &target)?;
    args.verify.run(args, &found, &request.goal, &target)
}

fn request(args: &Args) -> Result<Request> {
    let budgets = args.budget.iter().map(|b| b.parse());
    Ok(Request {
        budgets: budgets.collect::<Result<Vec<Budget>, _>>()?,
        fix: Knob::list(&args.fix)?,
        like: args.like.clone(),
        allow_outside: args.allow_outside,
        predictions: args.predictions,
        seed: args.seed,
        trial: args.verify.pairs(),
        ..Request::new(args.target.parse()?, Knob::list(&args.vary)?)
    })
}

fn line(candidate: &Candidate, goal: &Goal) -> Line {
    let arch = &candidate.arch;
    let outside = candidate.outside.iter().map(|o| o.feature.words().0);
    let outside: Vec<&str> = outside.collect();
    Line {
        layers: arch.layers,
        d_model: arch.d_model,
        heads: arch.heads,
        kv_heads: arch.kv_heads,
        d_head: arch.d_head(),
        d_ff: arch.d_ff,
        context: arch.context,
        params: candidate.parameters,
        non_embedding: arch.parameters().non_embedding,
        flops_per_token: candidate.flops,
        quantity: goal.quantity().into(),
        predicted: candidate.value,
        lo: candidate.low,
        hi: candidate.high,
        outside: outside.join(" "),
    }
}

/// What was searched and how, and the result of a random search.
fn words(found: &Design, request: &Request, regressor: Regressor) -> Vec<String> {
    let knobs: Vec<String> = found.vary.iter().map(Knob::to_string).collect();
    let how = match (found.exhaustive, found.allowed) {
        (true, _) => format!("all {} that are allowed were predicted", found.predictions),
        (_, Some(allowed)) => format!(
            "{} of {allowed} that are allowed were predicted",
            found.predictions
        ),
        _ => format!("{} were predicted", found.predictions),
    };
    let mut words = vec![
        format!(
            "{}, predicted by {regressor}; everything else as in `{}`",
            request.goal, found.base
        ),
        format!(
            "{} combinations of {}; {how}, {} meet the target",
            found.space,
            knobs.join(", "),
            found.reached
        ),
        random(found),
    ];
    let unseen = found.unseen.iter().map(|field| {
        format!(
            "warning: {0} varies, but is no feature of {regressor}: its influence is unknown, and the order \
             does not reflect it; fix it, or choose another --regressor or --features",
            field.name()
        )
    });
    words.extend(unseen);
    let outside = found
        .candidates
        .iter()
        .filter(|c| !c.outside.is_empty())
        .count();
    if outside > 0 {
        words.push(format!(
            "warning: {outside} of {} candidates lie outside the training range (column outside): there a prediction is a guess",
            found.candidates.len()
        ));
    }
    words
}

fn random(found: &Design) -> String {
    let random = &found.random;
    let Some(best) = random.best else {
        return format!(
            "random search of {} predictions finds none that meets the target",
            found.predictions
        );
    };
    let ours = found.candidates.first().map_or(f64::NAN, |c| c.value);
    format!(
        "random search of {} predictions: best {} (here {}), {:.0} % of its {} candidates are beaten by one of these {}, {:.0} % of these by one of its",
        found.predictions,
        significant(best),
        significant(ours),
        100.0 * random.beaten,
        random.front,
        found.candidates.len(),
        100.0 * random.beats
    )
}
