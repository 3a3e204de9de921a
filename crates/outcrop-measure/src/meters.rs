use outcrop_core::LayerStats;

use crate::expected::Expected;
use crate::{Meter, Result};

/// A [`Meter`] for many layers in turn: it remembers of each where its medians are, which makes measuring
/// faster, and uses the same memory for all.
///
/// ```
/// use outcrop_measure::{Meter, Meters};
///
/// let mut meters = Meters::new();
/// for layer in 1..=3 {
///     let hidden = [0.5, -1.0, 0.25, layer as f32];
///     let stats = meters.measure(layer, &hidden, 2)?;
///     assert_eq!(stats, Meter::new().measure(&hidden, 2)?);
/// }
/// # Ok::<(), outcrop_measure::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Meters {
    meter: Meter,
    expected: Vec<Option<Expected>>,
}

impl Meters {
    /// Meters that hold no memory yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// As [`Meter::measure`]; `layer` is the layer that the state comes from.
    ///
    /// # Errors
    /// As [`Meter::measure`].
    pub fn measure(&mut self, layer: usize, hidden: &[f32], d_model: usize) -> Result<LayerStats> {
        if self.expected.len() <= layer {
            self.expected.resize_with(layer + 1, || None);
        }
        self.meter
            .measure_near(&mut self.expected[layer], hidden, d_model)
    }
}
