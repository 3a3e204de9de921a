//! Plots of the measurements of one checkpoint: layers, channels, magnitudes, attention.

mod attention;
mod bins;
mod channels;
mod layers;
mod magnitudes;
mod words;

pub use attention::{AttentionMap, SINK_THRESHOLD, attention_plot};
pub use channels::{ChannelMagnitudes, channels_plot};
pub use layers::layers_plot;
pub use magnitudes::{Magnitudes, magnitudes_plot};

/// What stands out: so many times the median of what is drawn.
const STANDS_OUT: f64 = 5.0;

/// The median of finite values (the lower of two in the middle), 0 where there are none.
fn median(mut values: Vec<f64>) -> f64 {
    let middle = values.len().saturating_sub(1) / 2;
    match values.is_empty() {
        true => 0.0,
        false => *values.select_nth_unstable_by(middle, f64::total_cmp).1,
    }
}
