//! The nouns that are rows as they stand, with the columns of their tables.

use super::row::Row;
use crate::{
    Attribution, Comparison, CurvePoint, Dependence, ExpertShare, Forecast, HeadSink, Importance,
    Intervention, LossPoint, ModelScore, Observation, PersistentPlace, Prediction, RatePoint,
    RecipeEffect, Score, TrainingEvent,
};

/// `row!(Type, [required columns], [other columns], named [text that must be there], key [fields])`.
macro_rules! row {
    ($type:ty, [$($required:literal),*], [$($optional:literal),*],
     named [$($named:literal),*], key [$($key:ident),*]) => {
        impl Row for $type {
            const REQUIRED: &'static [&'static str] = &[$($required),*];
            const HEADER: &'static [&'static str] = &[$($required,)* $($optional),*];
            const NAMED: &'static [&'static str] = &[$($named),*];

            fn key(&self) -> String {
                [$(format!("{} {:?}", stringify!($key), self.$key)),*].join(", ")
            }
        }
    };
}

row!(
    LossPoint,
    [
        "model",
        "step",
        "tokens",
        "loss",
        "held_out_loss",
        "learning_rate",
        "gradient_norm"
    ],
    [],
    named ["model"], key [model, step]
);
row!(
    RatePoint,
    ["model", "step", "learning_rate"],
    [],
    named ["model"], key [model, step]
);
row!(
    Score,
    [
        "target",
        "regressor",
        "protocol",
        "models",
        "rows",
        "r2",
        "mae",
        "rmse"
    ],
    [
        "architectures",
        "mae_original",
        "rmse_original",
        "gain",
        "p"
    ],
    named ["target", "regressor", "protocol"], key [target, regressor, protocol]
);
row!(
    ModelScore,
    [
        "model",
        "target",
        "regressor",
        "protocol",
        "rows",
        "mae",
        "rmse",
        "bias"
    ],
    [],
    named ["model", "target", "regressor", "protocol"], key [model, target, regressor, protocol]
);
row!(
    Prediction,
    [
        "model",
        "layer",
        "target",
        "regressor",
        "observed",
        "predicted"
    ],
    ["predicted_lo", "predicted_hi"],
    named ["model", "target", "regressor"], key [model, layer, target, regressor]
);
row!(
    CurvePoint,
    ["model", "layer", "hypothesis", "step", "value"],
    ["value_lo", "value_hi"],
    named ["model", "hypothesis"], key [model, layer, hypothesis, step]
);
row!(
    Comparison,
    ["model", "layer", "published", "ours", "verdict"],
    [
        "reason",
        "n",
        "published_n",
        "published_r2",
        "published_r2_here",
        "r2",
        "published_sse",
        "published_sse_here",
        "sse",
        "sse_ratio",
        "max_difference",
        "max_difference_step",
        "rms_difference",
        "published_t_peak",
        "t_peak",
        "published_A",
        "A",
        "published_lambda",
        "lambda",
        "published_gamma",
        "gamma",
        "published_t0",
        "t0",
        "published_K",
        "K",
        "published_beta",
        "beta",
        "published_tau0",
        "tau0",
        "published_A1",
        "A1",
        "published_A2",
        "A2"
    ],
    named ["model", "published"], key [model, layer, published]
);

row!(
    Forecast,
    ["model", "layer", "step"],
    [
        "n",
        "fitted_until",
        "status",
        "average",
        "lo",
        "hi",
        "emergence",
        "log_only",
        "last_value",
        "observed"
    ],
    named ["model"], key [model, layer, fitted_until, step]
);

row!(
    PersistentPlace,
    ["model", "position", "channel"],
    [
        "token",
        "cells",
        "share",
        "share_of_last_step",
        "sequences",
        "layers",
        "first_layer",
        "last_layer",
        "steps",
        "first_step",
        "last_step",
        "largest"
    ],
    named ["model"], key [model, position, channel]
);

row!(
    HeadSink,
    [
        "model",
        "step",
        "layer",
        "head",
        "sequences",
        "alpha",
        "sink_rate"
    ],
    [],
    named ["model"], key [model, step, layer, head]
);

row!(
    ExpertShare,
    ["model", "step", "layer", "expert", "share", "probability"],
    [],
    named ["model"], key [model, step, layer, expert]
);

row!(
    Observation,
    [
        "model",
        "step",
        "layer",
        "head",
        "place",
        "observable",
        "value",
        "sem",
        "n"
    ],
    ["reason", "sequence"],
    named ["model", "place", "observable"],
    key [model, step, layer, head, place, observable, sequence]
);

row!(
    TrainingEvent,
    ["model", "step", "event", "value"],
    ["stage"],
    named ["model", "event"], key [model, step, event]
);

row!(
    Intervention,
    [
        "model",
        "step",
        "set",
        "layer",
        "rule",
        "channels",
        "scalars",
        "sequences",
        "tokens",
        "loss",
        "perplexity",
        "loss_change"
    ],
    [],
    named ["model"], key [model, step, set, layer, rule]
);

row!(
    Attribution,
    [
        "model",
        "layer",
        "target",
        "regressor",
        "group",
        "value",
        "shapley",
        "base",
        "predicted"
    ],
    [],
    named ["model", "target", "regressor", "group"], key [model, layer, target, regressor, group]
);

row!(
    Dependence,
    [
        "target",
        "regressor",
        "group",
        "model",
        "layer",
        "at",
        "predicted"
    ],
    [],
    named ["target", "regressor", "group"], key [target, regressor, group, model, layer, at]
);

row!(
    Importance,
    [
        "target",
        "regressor",
        "group",
        "rmse",
        "increase",
        "sd",
        "repeats"
    ],
    [],
    named ["target", "regressor", "group"], key [target, regressor, group]
);

row!(
    RecipeEffect,
    [
        "variant",
        "quantity",
        "scale",
        "n",
        "baseline",
        "value",
        "effect"
    ],
    ["lo", "hi", "lo_alone", "hi_alone", "p"],
    named ["variant", "quantity"], key [variant, quantity]
);
