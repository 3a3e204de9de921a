use super::ratios::interpolate;

/// ln ratios of the layers of one architecture at the steps of training.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Drawn {
    pub(crate) steps: Vec<f64>,
    pub(crate) layers: Vec<Vec<f64>>,
    /// Half the width of the band of each layer at each step, in logarithms.
    pub(crate) half_widths: Option<Vec<Vec<f64>>>,
    /// The standard error of each layer at the end of each stretch, in units of the scatter of architectures.
    pub(crate) units: Vec<Vec<f64>>,
}

impl Drawn {
    /// The same up to `last`, where it ends between two steps or beyond them.
    pub(super) fn until(mut self, last: f64) -> Self {
        let count = self.steps.partition_point(|step| *step < last);
        if count == self.steps.len() {
            return self;
        }
        let ends: Vec<f64> = (0..self.layers.len())
            .map(|index| self.at(index, last).0.ln())
            .collect();
        let half = self.half_widths.as_ref().map(|half| {
            let read = |values: &Vec<f64>| interpolate(&self.points(values), last);
            half.iter().map(read).collect::<Vec<f64>>()
        });
        let cut = |values: &mut Vec<f64>, end: f64| {
            values.truncate(count);
            values.push(end);
        };
        self.layers
            .iter_mut()
            .zip(ends)
            .for_each(|(values, end)| cut(values, end));
        if let (Some(widths), Some(half)) = (&mut self.half_widths, half) {
            widths
                .iter_mut()
                .zip(half)
                .for_each(|(values, end)| cut(values, end));
        }
        cut(&mut self.steps, last);
        self
    }

    fn points(&self, values: &[f64]) -> Vec<[f64; 2]> {
        let pairs = self.steps.iter().zip(values);
        pairs.map(|(step, value)| [*step, *value]).collect()
    }

    /// The ratio of layer `index` at `step`, and the ends of its band.
    pub(crate) fn at(&self, index: usize, step: f64) -> (f64, Option<[f64; 2]>) {
        let read = |values: &Vec<f64>| interpolate(&self.points(values), step);
        let ln = read(&self.layers[index]);
        let half = self.half_widths.as_ref().map(|half| read(&half[index]));
        (
            ln.exp(),
            half.map(|half| [ln - half, ln + half].map(f64::exp)),
        )
    }
}
