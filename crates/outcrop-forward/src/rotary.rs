use outcrop_vector::{rotary_tables, rotate};

/// Cosines and sines of the rotary embedding at every position.
#[derive(Debug)]
pub(crate) struct Rotary {
    half: usize,
    cosines: Vec<f32>,
    sines: Vec<f32>,
}

impl Rotary {
    /// For `dims` rotated channels of each head, an even number, possibly 0.
    pub(crate) fn new(dims: usize, base: f64, positions: usize) -> Self {
        let [cosines, sines] = rotary_tables(dims, base, positions);
        Self {
            half: dims / 2,
            cosines,
            sines,
        }
    }

    /// Rotates one head at `position`.
    pub(crate) fn apply(&self, head: &mut [f32], position: usize) {
        let range = position * self.half..(position + 1) * self.half;
        rotate(head, &self.cosines[range.clone()], &self.sines[range], 1.0);
    }
}
