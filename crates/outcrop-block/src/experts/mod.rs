//! An MLP that is a mixture of experts (Shazeer et al. 2017): the rows of each expert go through it together.

mod backward;

pub(crate) use backward::Gradients;

use outcrop_gemm::Aligned;
use outcrop_vector::softmax;

use crate::activate::gated;
use crate::op::{Experts, Map, Shared};
use crate::routing::Routes;
use crate::weight::Weights;

/// Memory that is used again.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// Probabilities of experts, [rows, experts].
    probabilities: Aligned,
    order: Vec<u32>,
    /// By expert, its rows, each with what the output is multiplied by.
    rows: Vec<Vec<(usize, f32)>>,
    x: Aligned,
    inner: Aligned,
    hidden: Aligned,
    out: Aligned,
    slopes: backward::Slopes,
}

/// The maps of one of so many experts, or of the shared one.
#[derive(Clone, Copy, Debug)]
struct Maps {
    expert: Option<[usize; 2]>,
    first: Map,
    last: Map,
}

impl Maps {
    fn number(&self) -> Option<usize> {
        self.expert.map(|[number, _]| number)
    }
}

impl Experts {
    /// y = the sum over the chosen experts, of each row. `routes` gets which these were.
    pub(crate) fn apply(
        &self,
        weights: &Weights<'_>,
        x: &[f32],
        y: &mut [f32],
        routes: Option<&mut Routes<'_>>,
        scratch: &mut Scratch,
    ) {
        self.route(weights, x, routes, scratch);
        y.fill(0.0);
        let rows = std::mem::take(&mut scratch.rows);
        for (expert, rows) in rows.iter().enumerate() {
            self.pass(weights, self.maps(expert), (x, rows), y, scratch);
        }
        scratch.rows = rows;
        if let Some(shared) = self.shared {
            let rows = shared.rows(weights, x);
            self.pass(weights, shared.maps(), (x, &rows), y, scratch);
        }
    }

    fn maps(&self, expert: usize) -> Maps {
        Maps {
            expert: Some([expert, self.count]),
            first: self.first,
            last: self.last,
        }
    }

    /// Finds the rows of each expert.
    fn route(
        &self,
        weights: &Weights<'_>,
        x: &[f32],
        mut routes: Option<&mut Routes<'_>>,
        scratch: &mut Scratch,
    ) {
        scratch.rows.resize(self.count, Vec::new());
        scratch.rows.iter_mut().for_each(Vec::clear);
        let rows = x.len() / self.router.inputs;
        scratch.probabilities.resize(rows * self.count);
        self.router
            .apply(weights, x, &mut scratch.probabilities, false);
        let probabilities = scratch.probabilities.chunks_exact_mut(self.count);
        for (row, p) in probabilities.enumerate() {
            softmax(p, 1.0);
            let order = &mut scratch.order;
            order.clear();
            order.extend(0..self.count as u32);
            let of = |expert: &u32| p[*expert as usize];
            // of equal ones the first
            order.sort_by(|a, b| of(b).total_cmp(&of(a)));
            order.truncate(self.chosen);
            let sum: f32 = match self.normalised {
                true => order.iter().map(of).sum(),
                false => 1.0,
            };
            for expert in order.iter() {
                scratch.rows[*expert as usize].push((row, of(expert) / sum));
            }
            if let Some(routes) = &mut routes {
                routes.set(row, p, order);
            }
        }
    }

    /// Adds to y what one expert makes of its rows.
    fn pass(
        &self,
        weights: &Weights<'_>,
        maps: Maps,
        (x, rows): (&[f32], &[(usize, f32)]),
        y: &mut [f32],
        scratch: &mut Scratch,
    ) {
        if rows.is_empty() {
            return;
        }
        let Maps { first, last, .. } = maps;
        let (d, expert) = (first.inputs, maps.number());
        gather(x, d, rows, &mut scratch.x);
        scratch.inner.resize(rows.len() * first.outputs);
        first.apply_of(weights, expert, &scratch.x, &mut scratch.inner);
        if let Some(limit) = self.limit {
            bound(&mut scratch.inner, last.inputs, limit);
        }
        scratch.hidden.resize(rows.len() * last.inputs);
        gated(self.kind, &scratch.inner, &mut scratch.hidden, last.inputs);
        scratch.out.resize(rows.len() * d);
        last.apply_of(weights, expert, &scratch.hidden, &mut scratch.out);
        for ((row, factor), out) in rows.iter().zip(scratch.out.chunks_exact(d)) {
            let y = y[row * d..][..d].iter_mut();
            y.zip(out).for_each(|(y, out)| *y += factor * out);
        }
    }
}

impl Shared {
    fn maps(&self) -> Maps {
        Maps {
            expert: None,
            first: self.first,
            last: self.last,
        }
    }

    /// Every row, with the sigmoid that its output is multiplied by.
    fn rows(&self, weights: &Weights<'_>, x: &[f32]) -> Vec<(usize, f32)> {
        let mut scores = vec![0.0; x.len() / self.score.inputs];
        self.score.apply(weights, x, &mut scores, false);
        let sigmoid = |(row, score): (usize, f32)| (row, 1.0 / (1.0 + (-score).exp()));
        scores.into_iter().enumerate().map(sigmoid).collect()
    }
}

/// Those rows of `x`, of `d` numbers, one below another.
fn gather(x: &[f32], d: usize, rows: &[(usize, f32)], to: &mut Aligned) {
    to.resize(rows.len() * d);
    let own = to.chunks_exact_mut(d).zip(rows);
    own.for_each(|(own, (row, _))| own.copy_from_slice(&x[row * d..][..d]));
}

/// Of rows [g | h]: g becomes min(g, limit), h 1 + min(max(h, -limit), limit). What is not a number stays so.
fn bound(rows: &mut [f32], width: usize, limit: f32) {
    for row in rows.chunks_exact_mut(2 * width) {
        let (gate, hidden) = row.split_at_mut(width);
        gate.iter_mut()
            .for_each(|g| *g = if *g > limit { limit } else { *g });
        hidden
            .iter_mut()
            .for_each(|h| *h = 1.0 + h.clamp(-limit, limit));
    }
}
