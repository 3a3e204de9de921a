//! Plots that are written each by itself. The figures of the page are in `figures`.

mod checkpoint;
mod effects;
mod explanation;
mod name;
mod plot;
mod trajectory;

pub use self::checkpoint::{
    AttentionMap, ChannelMagnitudes, Magnitudes, SINK_THRESHOLD, attention_plot, channels_plot,
    layers_plot, magnitudes_plot,
};
pub use self::effects::effects_plot;
pub use self::explanation::{dependence_plot, importance_plot, shapley_plot, waterfall_plot};
pub use self::plot::Plot;
pub use self::trajectory::{
    fit_plot, forecast_plot, prediction_plot, write_fit_plots, write_fit_plots_with,
};
