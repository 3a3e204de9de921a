//! The last norm, the unembedding and the mean cross-entropy, with their gradients: some rows at a time,
//! so that the logits are never whole. Groups of rows go through all of it side by side; what their logits give to the
//! gradient of the unembedding, the largest matrix there is, is then one product of all of them, so that it is there once.

use std::borrow::Cow;

use outcrop_arch::Section;
use outcrop_gemm::{LeftMatrix, Onto, Packed, multiply};
use outcrop_vector::{
    add_columns, add_into, cross_entropy, multiply_into, softcap, softcap_slopes,
};
use rayon::prelude::*;

use crate::compile::{End, end};
use crate::memory::{Buffer, Lent};
use crate::op::Map;
use crate::sums::{Lane, lanes, total};
use crate::weight::{Transposed, Weights};
use crate::{Input, Result, Weight};

/// Rows of a group, unless each has many logits.
const ROWS: usize = 256;

/// Rows of a group, of so many logits each.
fn group_rows(vocab: usize) -> usize {
    if vocab > 4096 { 96 } else { ROWS }
}

/// The section after the blocks, ready to compute the mean cross-entropy of next tokens.
#[derive(Clone, Debug)]
pub struct Loss {
    end: End,
}

/// Gradients of the mean loss: of the residual stream, and of the inputs in order.
pub type Gradients = (Vec<f32>, Vec<Vec<f32>>);

impl Loss {
    /// Of the section of a plan that stands after the blocks.
    ///
    /// # Errors
    /// [`Error::Lack`](crate::Error::Lack) for other steps than one norm and the unembedding,
    /// [`Error::Part`](crate::Error::Part) for a step without its weight.
    pub fn new(section: &Section) -> Result<Self> {
        Ok(Self { end: end(section)? })
    }

    /// The tensors that it takes, in order: gain and shift of the norm and the projection, where there are such,
    /// the unembedding [width, vocab], or the table of tokens [vocab, width] where they are tied, and its bias.
    pub fn inputs(&self) -> &[Input] {
        &self.end.inputs
    }

    /// The mean over rows of ln(sum_j exp(l_j)) - l_target in nats, l = norm(x) W, and its gradients where they
    /// are asked for; the logits l also scaled and bounded where the plan has it so. `x` is [rows, d_model], with a target below the vocabulary for each row; NaN of no rows.
    /// Where rows at the beginning of every sequence fall away ([`Loss::removed`]), `x` has them too, of sequences of one
    /// length, and there are no targets for them; their gradients are 0.
    /// In parallel on the current rayon pool, the same bits on any number of threads.
    ///
    /// # Panics
    /// Where a weight has another number of numbers, or a target is not in the vocabulary.
    ///
    /// ```
    /// use outcrop_arch::{ArchSpec, Plan};
    /// use outcrop_block::Loss;
    ///
    /// let arch = ArchSpec { vocab: 16, ..ArchSpec::new(1, 8, 2) };
    /// let loss = Loss::new(&Plan::new(&arch).end)?;
    /// let (gain, shift, unembedding) = (vec![1.0; 8], vec![0.0; 8], vec![0.0; 8 * 16]);
    /// let (nats, _) = loss.compute(&[&gain, &shift, &unembedding], &[0.5; 8], &[3], false);
    /// assert!((nats - 16f32.ln()).abs() < 1e-6); // all tokens are equally likely
    /// # Ok::<(), outcrop_block::Error>(())
    /// ```
    pub fn compute(
        &self,
        weights: &[&[f32]],
        x: &[f32],
        targets: &[usize],
        gradients: bool,
    ) -> (f32, Option<Gradients>) {
        let ([nats, _], gradients) = self.compute_with_z(weights, x, targets, 0.0, gradients);
        (nats, gradients)
    }

    /// As [`Loss::compute`], with the mean over rows of Z^2, Z = ln(sum_j exp(l_j)), beside the cross-entropy; the
    /// gradients are those of the cross-entropy plus `z` times this mean (z-loss; Chowdhery et al., 2204.02311). With
    /// 0 they are the bits of [`Loss::compute`].
    ///
    /// # Panics
    /// As [`Loss::compute`].
    pub fn compute_with_z(
        &self,
        weights: &[&[f32]],
        x: &[f32],
        targets: &[usize],
        z: f32,
        gradients: bool,
    ) -> ([f32; 2], Option<Gradients>) {
        let d = self.end.d_model();
        let (all, rows) = (x.len() / d, targets.len());
        let x = &*self.end.kept(x, rows);
        let packs = Packs {
            end: &self.end,
            weights: Weights::pack(self.inputs(), weights),
            backward: gradients.then(|| Transposed::pack(self.inputs(), weights)),
            share: 1.0 / targets.len() as f32,
            z,
        };
        let group = group_rows(self.end.unembedding.outputs);
        let groups = targets.len().div_ceil(group);
        let slots = lanes(groups).min(groups);
        if slots == 0 {
            return ([f32::NAN; 2], None);
        }
        let mut lanes: Vec<([f64; 2], Lane)> = (0..slots).map(|_| packs.lane()).collect();
        let mut round = Round::new(&packs, group, slots);
        let mut dx = vec![0.0; x.len()];
        let size = slots * group;
        let parts = x.chunks(size * d).zip(dx.chunks_mut(size * d));
        for ((x, dx), targets) in parts.zip(targets.chunks(size)) {
            round.run(&packs, (x, dx, targets), &mut lanes);
        }
        let mean = |i: usize| {
            let sum = lanes.iter().map(|(sums, _)| sums[i]).sum::<f64>();
            (sum / targets.len() as f64) as f32
        };
        let total = |i: usize| total(lanes.iter().map(|(_, lane)| &*lane.sums[i]));
        let gradients = gradients.then(|| {
            let dx = self.end.with_removed(dx, all, rows);
            let mut sums: Vec<_> = (0..self.inputs().len()).map(total).collect();
            sums[self.end.unembedding.weight] = round.unembedding;
            (dx, sums)
        });
        ([mean(0), mean(1)], gradients)
    }

    /// How many rows at the beginning of every sequence [`Loss::compute`] does not read; [`Loss::read`] gets none of them.
    pub fn removed(&self) -> usize {
        self.end.removed
    }

    /// The tensors before the unembedding, in order.
    pub fn before(&self) -> &[Input] {
        &self.inputs()[..self.end.unembedding.weight]
    }

    /// What the unembedding reads, [rows, width], of `x` [rows, d_model]; `weights` are the inputs
    /// [before](Self::before) it. In parallel on the current rayon pool.
    pub fn read(&self, weights: &[Weight], x: Vec<f32>) -> Vec<f32> {
        let x = self.normed(weights, x);
        match &self.end.projection {
            Some(map) => map.all(&Weights::packed(weights), &x),
            None => x,
        }
    }

    /// Whether there is a norm before the unembedding.
    pub fn has_norm(&self) -> bool {
        self.end.norm.is_some()
    }

    /// What the norm gives of `x` [rows, d_model]; `x` where there is none. `weights` are the inputs
    /// [before](Self::before) the unembedding. In parallel on the current rayon pool.
    pub fn normed(&self, weights: &[Weight], mut x: Vec<f32>) -> Vec<f32> {
        let weights = Weights::packed(weights);
        if let Some(norm) = &self.end.norm {
            let groups = x.par_chunks_mut(ROWS * norm.width);
            groups.for_each_init(Vec::new, |before: &mut Vec<f32>, rows| {
                before.clear();
                before.extend_from_slice(rows);
                norm.apply(&weights, before, rows);
            });
        }
        x
    }

    /// Makes logits, in place, of what the unembedding gives for some of the vocabulary, rows as long as that;
    /// `bias` is its bias there, where it has one.
    pub fn finish(&self, products: &mut [f32], bias: Option<&[f32]>) {
        if let Some(bias) = bias {
            for row in products.chunks_exact_mut(bias.len()) {
                add_into(bias, row);
            }
        }
        self.end.bound(products, None);
    }

    /// The bias of the unembedding, where it has one.
    pub fn bias(&self) -> Option<&Input> {
        self.end.unembedding.bias.map(|bias| &self.inputs()[bias])
    }
}

impl End {
    /// Without the rows that fall away, `rows` of all.
    fn kept<'x>(&self, x: &'x [f32], rows: usize) -> Cow<'x, [f32]> {
        let d = self.d_model();
        match self.sequence(x.len() / d, rows) {
            None => x.into(),
            Some(sequence) => {
                let read = |rows: &'x [f32]| &rows[self.removed * d..];
                let sequences = x.chunks_exact(sequence * d).map(read);
                sequences.collect::<Vec<_>>().concat().into()
            }
        }
    }

    /// With 0 in the place of the rows that fell away: `all` of which `rows` did not.
    fn with_removed(&self, dx: Vec<f32>, all: usize, rows: usize) -> Vec<f32> {
        let d = self.d_model();
        let Some(sequence) = self.sequence(all, rows) else {
            return dx;
        };
        let mut whole = vec![0.0; all * d];
        let places = whole.chunks_exact_mut(sequence * d);
        let own = dx.chunks_exact((sequence - self.removed) * d);
        places
            .zip(own)
            .for_each(|(place, own)| place[self.removed * d..].copy_from_slice(own));
        whole
    }

    /// Rows of a sequence, where some of them fall away.
    fn sequence(&self, all: usize, rows: usize) -> Option<usize> {
        let sequences = (all - rows).checked_div(self.removed)?;
        all.checked_div(sequences)
            .filter(|sequence| *sequence > self.removed)
    }

    /// Scales logits and bounds them, with the derivatives of the bound where they are asked for.
    fn bound(&self, logits: &mut [f32], slopes: Option<&mut [f32]>) {
        if self.scale != 1.0 {
            logits.iter_mut().for_each(|x| *x *= self.scale);
        }
        match (self.softcap, slopes) {
            (Some(cap), Some(slopes)) => softcap_slopes(logits, cap, slopes),
            (Some(cap), None) => softcap(logits, cap),
            (None, _) => {}
        }
    }
}

/// What all rows share.
struct Packs<'a> {
    end: &'a End,
    weights: Weights<'a>,
    /// Where gradients are asked for.
    backward: Option<Transposed>,
    /// Of one row in the mean.
    share: f32,
    /// Of the mean of squares in the loss.
    z: f32,
}

/// Groups of rows that are worked on side by side, and what they give to the gradient of the unembedding.
struct Round {
    /// Rows of a group.
    group: usize,
    /// What the unembedding reads.
    read: Buffer,
    /// Logits, then their gradients.
    logits: Buffer,
    packed: Lent<Packed>,
    /// The gradient of the unembedding; nothing where it is not asked for.
    unembedding: Vec<f32>,
    /// What it is added to: at first nothing.
    onto: Onto<'static>,
}

/// Memory of one group.
struct Room {
    normed: Buffer,
    /// The gradients of what the unembedding reads.
    slopes: Buffer,
    /// The derivatives of a bound of logits.
    bounds: Buffer,
    packed: Lent<Packed>,
}

/// Some rows of the residual stream, their gradients, and their targets.
type Rows<'a> = (&'a [f32], &'a mut [f32], &'a [usize]);

/// What the unembedding reads of some rows, and their logits.
type Products<'a> = (&'a mut [f32], &'a mut [f32]);

impl Round {
    fn new(packs: &Packs<'_>, group: usize, slots: usize) -> Self {
        let Map {
            inputs, outputs, ..
        } = packs.end.unembedding;
        let gradient = packs.backward.as_ref().map_or(0, |_| inputs * outputs);
        Self {
            group,
            read: Buffer::of(slots * group * inputs),
            logits: Buffer::of(slots * group * outputs),
            packed: Lent::new(Packed::numbers(slots * group, outputs)),
            unembedding: vec![0.0; gradient],
            onto: Onto::ZERO,
        }
    }

    /// Groups of rows, each with the lane of its place.
    fn run(
        &mut self,
        packs: &Packs<'_>,
        (x, dx, targets): Rows<'_>,
        lanes: &mut [([f64; 2], Lane)],
    ) {
        let (d, map, group) = (packs.end.d_model(), packs.end.unembedding, self.group);
        let rows = x.par_chunks(group * d).zip(dx.par_chunks_mut(group * d));
        let rows = rows.zip(targets.par_chunks(group));
        let read = self.read.par_chunks_mut(group * map.inputs);
        let products = read.zip(self.logits.par_chunks_mut(group * map.outputs));
        let groups = rows.zip(products).zip(lanes);
        groups.for_each(|((((x, dx), targets), (read, logits)), lane)| {
            let count = targets.len();
            let read = &mut read[..count * map.inputs];
            let logits = &mut logits[..count * map.outputs];
            packs.group((x, dx, targets), (read, logits), lane);
        });
        if packs.backward.is_some() {
            self.add_up(packs.end, targets.len());
        }
    }

    /// Adds read' logits of so many rows or, of the table of tokens, logits' read.
    fn add_up(&mut self, end: &End, rows: usize) {
        let [inputs, outputs] = [end.unembedding.inputs, end.unembedding.outputs];
        let read = (&self.read[..rows * inputs], inputs);
        let logits = (&self.logits[..rows * outputs], outputs);
        let ((left, width), (right, n)) = match end.tied {
            true => (logits, read),
            false => (read, logits),
        };
        self.packed.pack(right, rows, n, n, 1);
        let left = LeftMatrix::transposed(left, width);
        multiply(left, &*self.packed, &mut self.unembedding, n, self.onto);
        self.onto = Onto::C;
    }
}

impl Packs<'_> {
    fn room(&self, rows: usize) -> Room {
        let (end, map) = (self.end, self.end.unembedding);
        let bounded = end.softcap.is_some() && self.backward.is_some();
        let projected = end.projection.filter(|_| self.backward.is_some());
        Room {
            normed: Buffer::of(end.projection.map_or(0, |_| rows * end.d_model())),
            slopes: Buffer::of(self.backward.as_ref().map_or(0, |_| rows * map.inputs)),
            bounds: Buffer::of(if bounded { rows * map.outputs } else { 0 }),
            packed: Lent::new(projected.map_or(0, |map| Packed::numbers(rows, map.outputs))),
        }
    }

    /// Sums of losses and of gradients, at first nothing; that of the unembedding is elsewhere.
    fn lane(&self) -> ([f64; 2], Lane) {
        let inputs = match self.backward {
            Some(_) => &self.end.inputs[..],
            None => &[],
        };
        let unembedding = self.end.unembedding.weight;
        ([0.0; 2], Lane::without(inputs, Some(unembedding)))
    }

    /// The losses of some rows, and their gradients, added to those of a lane.
    fn group(
        &self,
        (x, dx, targets): Rows<'_>,
        (read, logits): Products<'_>,
        (sums, lane): &mut ([f64; 2], Lane),
    ) {
        let mut room = self.room(targets.len());
        let found = self.forward((x, targets), (&mut *read, &mut *logits), &mut room);
        *sums = [sums[0] + found[0], sums[1] + found[1]];
        if let Some(transposed) = &self.backward {
            self.gradients(transposed, (x, dx), logits, &mut room, lane);
            lane.next();
        }
    }

    /// The sums of the losses of some rows and of the squares; the gradients of the products are in the place of logits.
    fn forward(
        &self,
        (x, targets): (&[f32], &[usize]),
        (read, logits): Products<'_>,
        room: &mut Room,
    ) -> [f64; 2] {
        let end = self.end;
        let normed = match &end.projection {
            Some(_) => &mut room.normed[..],
            None => &mut *read,
        };
        match &end.norm {
            Some(norm) => norm.apply(&self.weights, x, normed),
            None => normed.copy_from_slice(x),
        }
        if let Some(map) = &end.projection {
            map.apply(&self.weights, &room.normed, read, false);
        }
        end.unembedding.apply(&self.weights, read, logits, false);
        let bounded = !room.bounds.is_empty();
        end.bound(logits, bounded.then_some(&mut room.bounds[..]));
        let sums = cross_entropy(logits, targets, self.share, self.z * self.share);
        if bounded {
            multiply_into(&room.bounds, logits);
        }
        if end.scale != 1.0 {
            logits.iter_mut().for_each(|x| *x *= end.scale);
        }
        sums
    }

    /// The gradients of some rows, from those of the products.
    fn gradients(
        &self,
        transposed: &Transposed,
        (x, dx): (&[f32], &mut [f32]),
        logits: &[f32],
        room: &mut Room,
        lane: &mut Lane,
    ) {
        let (end, map) = (self.end, self.end.unembedding);
        if let (_, Some(db)) = lane.map(map.weight, map.bias) {
            add_columns(logits, db);
        }
        if end.norm.is_none() && end.projection.is_none() {
            return map.backward(transposed, logits, dx, false);
        }
        map.backward(transposed, logits, &mut room.slopes, false);
        if let Some(map) = &end.projection {
            let onto = lane.onto;
            let (dw, db) = lane.map(map.weight, map.bias);
            let (normed, dy) = (&mut room.normed, &room.slopes);
            map.gradients(normed, dy, dw, db, onto, &mut room.packed);
            // what was normed is no more needed: its gradients take its place
            let place = if end.norm.is_some() {
                &mut normed[..]
            } else {
                &mut *dx
            };
            map.backward(transposed, dy, place, false);
        }
        if let Some(norm) = &end.norm {
            let dy = match &end.projection {
                Some(_) => &mut room.normed,
                None => &mut room.slopes,
            };
            let sums = lane.norm(norm);
            norm.backward(&self.weights, x, dy, dx, sums);
        }
    }
}
