mod errors;

use crate::missing::quotient;
use crate::observable::{Column, Compute, Observable};
use crate::summary::Summary;
use crate::{Found, Sample, Site, View};

use errors::{Errors, add_rows};

/// The largest integer of symmetric int8 and int4.
const LEVELS: [f32; 2] = [127.0, 7.0];

const fn column(name: &'static str, meaning: &'static str) -> Column {
    Column {
        name,
        unit: "",
        range: [0.0, 1.0],
        meaning,
    }
}

/// The error of rounding a tensor to int8 and int4.
pub(crate) const QUANTISATION: Observable = Observable {
    name: "quantisation",
    family: "tails",
    columns: &[
        column("int8_tensor", "error of int8 with one scale"),
        column("int8_channel", "error of int8 with a scale a channel"),
        column("int8_token", "error of int8 with a scale a position"),
        column("int4_tensor", "error of int4 with one scale"),
        column("int4_channel", "error of int4 with a scale a channel"),
        column("int4_token", "error of int4 with a scale a position"),
    ],
    sites: &[
        Site::ResidualStream,
        Site::AttentionInput,
        Site::MlpInput,
        Site::FinalNorm,
        Site::Keys,
        Site::Values,
        Site::AttentionWrite,
        Site::MlpWrite,
    ],
    needs: "",
    convention: "norm(h - quantised h) / norm(h). Absmax: symmetric levels from -127 to 127 (-7 to 7), scale = largest \
                 magnitude / 127 (/ 7), ties to even",
    cost: "O(n d) time in two passes, O(d) memory",
    source: "arXiv 2208.07339 (absmax), 2306.12929",
    compute: Compute::Tensor(compute),
};

/// Below this largest magnitude a tensor is enlarged first, since f32 has no inverse of it.
const SMALL: f32 = 1e-30;

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let tensor = sample.tensor();
    if sample.summary().largest >= SMALL {
        return errors(tensor, sample.summary());
    }
    let enlarged = tensor.values().iter().map(|x| x * 2f32.powi(100));
    let enlarged: Vec<f32> = enlarged.collect();
    match View::new(&enlarged, tensor.columns()) {
        Ok(tensor) => errors(tensor, &Summary::new(tensor, None)),
        Err(_) => errors(tensor, sample.summary()),
    }
}

/// Norms of the errors over that of the tensor, in the order of the columns.
fn errors(tensor: View<'_>, summary: &Summary) -> Vec<Found> {
    let mut all = Errors::new(summary, LEVELS);
    add_rows(tensor, &mut all);
    let norm = summary.squares().sqrt();
    let squares = all.finish().into_iter().flatten();
    squares
        .map(|square| quotient(square.sqrt(), norm))
        .collect()
}
