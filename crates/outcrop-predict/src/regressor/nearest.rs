use linfa::traits::{Fit, PredictInplace};
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

use super::moments::weight;
use super::training::{Data, FitError};
use crate::Feature;

/// Distances that differ by less are equal.
const SAME: f64 = 1e-9;

/// The training architecture that is nearest in the standardised features of architectures, read
/// at the same relative depth.
pub(super) struct NearestModel<'a> {
    /// What the columns are: l/L, where it varies, and features of architectures.
    pub(super) features: &'a [Feature],
}

/// The profile over depth of every training architecture.
#[derive(Serialize, Deserialize)]
pub(crate) struct Nearest {
    /// The column of l/L.
    depth: Option<usize>,
    profiles: Vec<Profile>,
}

/// Rows of equal architecture features.
#[derive(Serialize, Deserialize)]
struct Profile {
    place: Vec<f64>,
    /// Depth and weighted mean of the target there, by depth.
    points: Vec<(f64, f64)>,
}

impl Fit<Array2<f64>, Array1<f64>, FitError> for NearestModel<'_> {
    type Object = Nearest;

    fn fit(&self, data: &Data) -> Result<Nearest, FitError> {
        let depth = self
            .features
            .iter()
            .position(|f| *f == Feature::RelativeDepth);
        let mut profiles: Vec<(Vec<f64>, Vec<[f64; 3]>)> = Vec::new();
        for (i, row) in data.records.rows().into_iter().enumerate() {
            let (at, place) = split(&row.to_vec(), depth);
            let point = [at, data.targets[i], weight(data, i)];
            match profiles
                .iter_mut()
                .find(|(p, _)| distance(p, &place) < SAME)
            {
                Some((_, points)) => points.push(point),
                None => profiles.push((place, vec![point])),
            }
        }
        let profile = |(place, points)| Profile {
            place,
            points: by_depth(points),
        };
        let profiles = profiles.into_iter().map(profile).collect();
        Ok(Nearest { depth, profiles })
    }
}

/// Depth, and the features of the architecture.
fn split(row: &[f64], depth: Option<usize>) -> (f64, Vec<f64>) {
    let at = depth.map_or(0.0, |d| row[d]);
    let others = row.iter().enumerate().filter(|(i, _)| Some(*i) != depth);
    (at, others.map(|(_, v)| *v).collect())
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| (a - b).powi(2));
    squares.sum::<f64>().sqrt()
}

/// Points of (depth, target, weight), those of one depth averaged.
fn by_depth(mut points: Vec<[f64; 3]>) -> Vec<(f64, f64)> {
    points.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let same = points.chunk_by(|a, b| b[0] - a[0] < SAME);
    let average = |chunk: &[[f64; 3]]| {
        let total: f64 = chunk.iter().map(|p| p[2]).sum();
        (
            chunk[0][0],
            chunk.iter().map(|p| p[1] * p[2]).sum::<f64>() / total,
        )
    };
    same.map(average).collect()
}

impl Profile {
    /// Straight between points, level beyond the first and last.
    fn at(&self, depth: f64) -> f64 {
        let above = self.points.partition_point(|p| p.0 < depth);
        let (low, high) = (
            self.points.get(above.wrapping_sub(1)),
            self.points.get(above),
        );
        match (low, high) {
            (Some(a), Some(b)) => a.1 + (b.1 - a.1) * (depth - a.0) / (b.0 - a.0),
            (Some(only), None) | (None, Some(only)) => only.1,
            (None, None) => f64::NAN,
        }
    }
}

impl Nearest {
    fn value(&self, row: &[f64]) -> f64 {
        let (depth, place) = split(row, self.depth);
        let distances = self.profiles.iter().map(|p| distance(&p.place, &place));
        let distances: Vec<f64> = distances.collect();
        let nearest = distances.iter().copied().fold(f64::INFINITY, f64::min);
        let tied = self
            .profiles
            .iter()
            .zip(&distances)
            .filter(|(_, d)| **d < nearest + SAME);
        let values: Vec<f64> = tied.map(|(p, _)| p.at(depth)).collect();
        crate::stats::mean(&values)
    }
}

impl PredictInplace<Array2<f64>, Array1<f64>> for Nearest {
    fn predict_inplace<'a>(&'a self, x: &'a Array2<f64>, y: &mut Array1<f64>) {
        for (row, y) in x.rows().into_iter().zip(y) {
            *y = self.value(&row.to_vec());
        }
    }

    fn default_target(&self, x: &Array2<f64>) -> Array1<f64> {
        Array1::zeros(x.nrows())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use linfa::Dataset;
    use linfa::traits::Predict;
    use ndarray::array;

    /// Two architectures, at 0 and 1: the first has values 0, 2 at depths 0, 1, its seed 2, 4.
    #[test]
    fn the_nearest_profile_is_read_between_its_layers() {
        let x = array![[0.0, 0.0], [1.0, 0.0], [0.0, 0.0], [1.0, 0.0], [0.5, 1.0]];
        let data = Dataset::new(x, array![0.0, 2.0, 2.0, 4.0, 9.0]);
        let features = [Feature::RelativeDepth, Feature::LnWidth];
        let model = NearestModel {
            features: &features,
        }
        .fit(&data)
        .unwrap();
        let asked = array![[0.25, 0.2], [-1.0, -3.0], [0.0, 0.9], [0.75, 0.5]];
        let predicted: Array1<f64> = model.predict(&asked);
        // the last is half-way: the mean of both
        assert_eq!(predicted.to_vec(), [1.5, 1.0, 9.0, (2.5 + 9.0) / 2.0]);
    }
}
