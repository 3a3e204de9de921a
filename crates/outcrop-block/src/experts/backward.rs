//! The backward pass of a mixture of experts.

use outcrop_gemm::{Aligned, Packed};
use outcrop_vector::dot;

use super::{Maps, Scratch, bound, gather};
use crate::activate::gated_backward;
use crate::op::{Experts, Map, Shared};
use crate::sums::Lane;
use crate::weight::{Transposed, Weights};

/// Memory of gradients that is used again.
#[derive(Debug, Default)]
pub(super) struct Slopes {
    /// Of what an expert writes, [rows, d_model].
    out: Aligned,
    hidden: Aligned,
    inner: Aligned,
    x: Aligned,
    /// What the nonlinearity reads, before it is bounded.
    unbounded: Aligned,
    /// Of the factors of one expert, by its rows.
    factors: Vec<f32>,
    /// Of the factors of all experts and of the router's scores, [rows, experts]; 0 where an expert was not chosen.
    routes: Aligned,
}

/// What a backward pass reads, and where it adds.
pub(crate) struct Gradients<'a, 'l> {
    pub(crate) weights: &'a Weights<'a>,
    pub(crate) transposed: &'a Transposed,
    pub(crate) lane: &'l mut Lane,
    pub(crate) packed: &'l mut Packed,
}

impl Experts {
    /// Adds to dx the gradients of `x` from those of what [`Experts::apply`] wrote, `dy`, and to the lane those of weights.
    /// Which experts a row passes has no gradient.
    pub(crate) fn backward(
        &self,
        mut of: Gradients<'_, '_>,
        [x, dy]: [&[f32]; 2],
        dx: &mut [f32],
        scratch: &mut Scratch,
    ) {
        self.route(of.weights, x, None, scratch);
        let rows = std::mem::take(&mut scratch.rows);
        let mut routes = std::mem::take(&mut scratch.slopes.routes);
        routes.resize(x.len() / self.router.inputs * self.count);
        routes.fill(0.0);
        for (expert, rows) in rows.iter().enumerate() {
            self.pass_backward(&mut of, self.maps(expert), [x, dy], rows, dx, scratch);
            for ((row, _), slope) in rows.iter().zip(&scratch.slopes.factors) {
                routes[row * self.count + expert] = *slope;
            }
        }
        self.scores_slopes(&rows, &mut scratch.probabilities, &mut routes);
        of.map(self.router, [x, &routes], dx);
        (scratch.rows, scratch.slopes.routes) = (rows, routes);
        if let Some(shared) = self.shared {
            self.shared_backward(&mut of, shared, [x, dy], dx, scratch);
        }
    }

    /// Turns gradients of factors f, 0 where an expert was not chosen, into those of the router's scores: q (df - sum of
    /// f df), where q is the probability, or f itself where factors are divided by their sum.
    fn scores_slopes(
        &self,
        rows: &[Vec<(usize, f32)>],
        probabilities: &mut [f32],
        routes: &mut [f32],
    ) {
        let mut means = vec![0.0; routes.len() / self.count];
        if self.normalised {
            probabilities.fill(0.0);
        }
        for (expert, rows) in rows.iter().enumerate() {
            for (row, factor) in rows {
                let at = row * self.count + expert;
                means[*row] += factor * routes[at];
                if self.normalised {
                    probabilities[at] = *factor;
                }
            }
        }
        let q = probabilities.chunks_exact(self.count);
        let slopes = routes.chunks_exact_mut(self.count).zip(q);
        for ((slopes, q), mean) in slopes.zip(&means) {
            let each = slopes.iter_mut().zip(q);
            each.for_each(|(slope, q)| *slope = q * (*slope - mean));
        }
    }

    fn shared_backward(
        &self,
        of: &mut Gradients<'_, '_>,
        shared: Shared,
        given: [&[f32]; 2],
        dx: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let rows = shared.rows(of.weights, given[0]);
        self.pass_backward(of, shared.maps(), given, &rows, dx, scratch);
        let slopes = scratch.slopes.factors.iter().zip(&rows);
        let scores: Vec<f32> = slopes
            .map(|(slope, (_, f))| slope * f * (1.0 - f))
            .collect();
        of.map(shared.score, [given[0], &scores], dx);
    }

    /// Adds to dx what one expert gives its rows, and leaves the gradients of its factors in the scratch.
    fn pass_backward(
        &self,
        of: &mut Gradients<'_, '_>,
        maps: Maps,
        [x, dy]: [&[f32]; 2],
        rows: &[(usize, f32)],
        dx: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let Maps { first, last, .. } = maps;
        scratch.slopes.factors.clear();
        if rows.is_empty() {
            return of.nothing(maps);
        }
        let (d, width, expert) = (first.inputs, last.inputs, maps.number());
        let slopes = &mut scratch.slopes;
        gather(x, d, rows, &mut scratch.x);
        gather(dy, d, rows, &mut slopes.out);
        scratch.inner.resize(rows.len() * first.outputs);
        first.apply_of(of.weights, expert, &scratch.x, &mut scratch.inner);
        if let Some(limit) = self.limit {
            slopes.unbounded.resize(scratch.inner.len());
            slopes.unbounded.copy_from_slice(&scratch.inner);
            bound(&mut scratch.inner, width, limit);
        }
        // of what is not yet multiplied by its factor, so that the factors have theirs from it
        slopes.hidden.resize(rows.len() * width);
        last.backward_of(
            of.transposed,
            expert,
            &slopes.out,
            &mut slopes.hidden,
            false,
        );
        let plain: Vec<f32> = slopes.hidden.to_vec();
        let scaled = slopes
            .hidden
            .chunks_exact_mut(width)
            .zip(slopes.out.chunks_exact_mut(d));
        let bias = last.bias.map(|bias| of.weights.vector(bias));
        let bias = bias.map(|bias| &bias[expert.unwrap_or(0) * d..][..d]);
        for ((_, factor), (hidden, out)) in rows.iter().zip(scaled) {
            slopes.factors.push(bias.map_or(0.0, |bias| dot(out, bias)));
            hidden.iter_mut().chain(out).for_each(|x| *x *= factor);
        }
        scratch.hidden.resize(rows.len() * width);
        slopes.inner.resize(scratch.inner.len());
        let inner = (&scratch.inner, &mut scratch.hidden);
        gated_backward(
            self.kind,
            inner.0,
            inner.1,
            &slopes.hidden,
            &mut slopes.inner,
            width,
        );
        let hidden = scratch
            .hidden
            .chunks_exact(width)
            .zip(plain.chunks_exact(width));
        for (slope, (hidden, plain)) in slopes.factors.iter_mut().zip(hidden) {
            *slope += dot(hidden, plain);
        }
        if let Some(limit) = self.limit {
            unbound(&slopes.unbounded, &mut slopes.inner, width, limit);
        }
        of.add(last, maps.expert, [&scratch.hidden, &slopes.out]);
        of.add(first, maps.expert, [&scratch.x, &slopes.inner]);
        slopes.x.resize(rows.len() * d);
        first.backward_of(of.transposed, expert, &slopes.inner, &mut slopes.x, false);
        for ((row, _), own) in rows.iter().zip(slopes.x.chunks_exact(d)) {
            let dx = dx[row * d..][..d].iter_mut();
            dx.zip(own).for_each(|(dx, own)| *dx += own);
        }
    }
}

impl Gradients<'_, '_> {
    /// Of a map of all rows: its own, and what it gives dx.
    fn map(&mut self, map: Map, [x, dy]: [&[f32]; 2], dx: &mut [f32]) {
        map.backward(self.transposed, dy, dx, true);
        self.add(map, None, [x, dy]);
    }

    /// Adds the gradients of a matrix and its bias, of all or of one of so many experts.
    fn add(&mut self, map: Map, expert: Option<[usize; 2]>, [x, dy]: [&[f32]; 2]) {
        let onto = self.lane.onto;
        let (dw, db) = self.lane.map(map.weight, map.bias);
        match expert {
            None => map.gradients(x, dy, dw, db, onto, self.packed),
            Some(expert) => map.gradients_of(expert, [x, dy], (dw, db), onto, self.packed),
        }
    }

    /// An expert without rows: its sums begin with 0.
    fn nothing(&mut self, maps: Maps) {
        let (Some([expert, count]), false) = (maps.expert, self.lane.onto.c) else {
            return;
        };
        for map in [maps.first, maps.last] {
            let (dw, _) = self.lane.map(map.weight, None);
            for row in dw.chunks_exact_mut(count * map.outputs) {
                row[expert * map.outputs..][..map.outputs].fill(0.0);
            }
        }
    }
}

/// Of rows [g | h] that were bounded: what is beyond a bound has no gradient.
fn unbound(rows: &[f32], gradients: &mut [f32], width: usize, limit: f32) {
    let rows = rows
        .chunks_exact(2 * width)
        .zip(gradients.chunks_exact_mut(2 * width));
    for (row, gradients) in rows {
        let (gate, hidden) = row.split_at(width);
        let (dgate, dhidden) = gradients.split_at_mut(width);
        let beyond = |(x, slope): (&f32, &mut f32), least: f32| {
            if *x > limit || *x < least {
                *slope = 0.0;
            }
        };
        let gates = gate.iter().zip(dgate);
        gates.for_each(|pair| beyond(pair, f32::NEG_INFINITY));
        hidden
            .iter()
            .zip(dhidden)
            .for_each(|pair| beyond(pair, -limit));
    }
}
