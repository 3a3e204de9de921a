use outcrop_vector::add_weighted_rows;

/// What the attention weights of one head add up to, in one sequence: those of softmax alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AttentionSums {
    /// \[tokens\]: the weight that each key gets, summed over the queries.
    pub keys: Vec<f64>,
    /// \[tokens\]: the entropy of the weights of each query, -sum w ln w, in nats.
    pub entropies: Vec<f64>,
    /// Of how many queries no weight is larger than that on key 0.
    pub first: usize,
}

/// A panel [keys, queries] of exp(score - largest score).
pub(super) struct Softened<'a> {
    pub(super) weights: &'a [f32],
    /// Queries; other columns mean nothing.
    pub(super) count: usize,
    /// Those of the columns, by which weights are yet to be divided.
    pub(super) sums: &'a [f32],
    /// The sums of exp(score - largest score) (largest score - score).
    pub(super) depths: &'a [f32],
}

impl AttentionSums {
    /// Of so many keys, before the first query.
    pub(crate) fn new(keys: usize) -> Self {
        Self {
            keys: vec![0.0; keys],
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, panel: Softened<'_>) {
        let width = panel.sums.len();
        let mut factors = [0.0; 32];
        for c in 0..panel.count {
            let [sum, depth] = [panel.sums, panel.depths].map(|x| f64::from(x[c]));
            factors[c] = 1.0 / panel.sums[c];
            self.entropies.push(sum.ln() + depth / sum);
            self.first += usize::from(panel.weights[c] == 1.0);
        }
        add_weighted_rows(panel.weights, &factors[..width], &mut self.keys);
    }

    /// With those of later queries of the same sequence.
    pub(crate) fn append(&mut self, later: &Self) {
        if self.keys.len() < later.keys.len() {
            self.keys.resize(later.keys.len(), 0.0);
        }
        let keys = self.keys.iter_mut().zip(&later.keys);
        keys.for_each(|(key, more)| *key += more);
        self.entropies.extend_from_slice(&later.entropies);
        self.first += later.first;
    }
}
