use outcrop_vector::rotate;

/// Cosines and sines of the rotary embedding at every position, computed in f32 as PyTorch does.
#[derive(Debug)]
pub(crate) struct Rotary {
    half: usize,
    cosines: Vec<f32>,
    sines: Vec<f32>,
}

impl Rotary {
    /// For `dims` rotated channels of each head, an even number, possibly 0.
    pub(crate) fn new(dims: usize, base: f64, positions: usize) -> Self {
        let half = dims / 2;
        let frequency = |i: usize| (base as f32).powf(-(2.0 * i as f32) / dims as f32);
        let angles = (0..positions * half).map(|at| (at / half) as f32 * frequency(at % half));
        let angles: Vec<f64> = angles.map(f64::from).collect();
        Self {
            half,
            cosines: angles.iter().map(|a| a.cos() as f32).collect(),
            sines: angles.iter().map(|a| a.sin() as f32).collect(),
        }
    }

    /// Rotates one head at `position`.
    pub(crate) fn apply(&self, head: &mut [f32], position: usize) {
        let range = position * self.half..(position + 1) * self.half;
        rotate(head, &self.cosines[range.clone()], &self.sines[range], 1.0);
    }
}
