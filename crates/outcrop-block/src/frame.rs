//! Some rows on their way through a block: an operation at a time, each with the rows where they lie.

use outcrop_gemm::{Aligned, Packed};
use outcrop_vector::add_into;

use crate::activate::{gated, plain};
use crate::attend::{AttentionSums, Beside, Past, Queries, Scratch};
use crate::compile::Compiled;
use crate::experts;
use crate::gate::gate;
use crate::layout::{Layout, Storage};
use crate::op::{Kind, Op, Value};
use crate::routing::Routes;
use crate::turn::Turns;
use crate::weight::Weights;

/// Memory of one thread that is used again.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) scratch: Vec<Aligned>,
    pub(crate) kept: Vec<Aligned>,
    pub(crate) tools: Tools,
}

/// What single operations need.
#[derive(Debug, Default)]
pub(crate) struct Tools {
    pub(crate) attention: Scratch,
    pub(crate) packed: Packed,
    pub(crate) experts: experts::Scratch,
    /// Of in-place norms.
    pub(crate) before: Aligned,
    /// Of a gate.
    pub(crate) gates: Vec<f32>,
}

/// Consecutive rows of one sequence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a> {
    /// Position of the first.
    pub(crate) first: usize,
    pub(crate) rows: usize,
    /// Of the whole sequence.
    pub(crate) tokens: usize,
    /// By key-value head, the keys and values of the sequence; none where it is whole.
    pub(crate) past: Option<&'a [Past]>,
}

/// What a pass has for all rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pass<'a> {
    pub(crate) compiled: &'a Compiled,
    pub(crate) weights: &'a Weights<'a>,
    pub(crate) turns: Turns<'a>,
    pub(crate) layout: &'a Layout,
}

/// Some rows and what belongs to them.
pub(crate) struct Frame<'a> {
    pub(crate) rows: usize,
    pub(crate) parts: &'a [Part<'a>],
    pub(crate) residual: &'a mut [f32],
    pub(crate) fixed: Vec<&'a [f32]>,
    pub(crate) kept: Vec<&'a mut [f32]>,
    pub(crate) scratch: Vec<&'a mut [f32]>,
    /// By part and head, where they are wanted.
    pub(crate) log_sums: Option<&'a mut [f32]>,
    /// By part and head, where they are wanted.
    pub(crate) sums: Option<&'a mut Vec<AttentionSums>>,
    /// Which experts rows pass, where it is wanted.
    pub(crate) routes: Option<Routes<'a>>,
}

/// Memory for so many rows of each scratch.
pub(crate) fn room<'m>(
    memory: &'m mut Vec<Aligned>,
    widths: &[usize],
    rows: usize,
) -> Vec<&'m mut [f32]> {
    if memory.len() < widths.len() {
        memory.resize_with(widths.len(), Aligned::default);
    }
    let buffers = memory.iter_mut().zip(widths);
    let buffers = buffers.map(|(buffer, width)| {
        buffer.resize(rows * width);
        &mut **buffer
    });
    buffers.collect()
}

impl<'a> Frame<'a> {
    pub(crate) fn get(&self, place: Option<Storage>) -> &[f32] {
        match place {
            Some(Storage::Residual) => self.residual,
            Some(Storage::Fixed(at)) => self.fixed[at],
            Some(Storage::Kept(at)) => self.kept[at],
            Some(Storage::Scratch(at)) => self.scratch[at],
            None => &[],
        }
    }

    /// Takes rows out, to write them while others are read; [`Frame::put`] brings them back.
    pub(crate) fn take(&mut self, place: Option<Storage>) -> &'a mut [f32] {
        match place {
            Some(Storage::Residual) => std::mem::take(&mut self.residual),
            Some(Storage::Kept(at)) => std::mem::take(&mut self.kept[at]),
            Some(Storage::Scratch(at)) => std::mem::take(&mut self.scratch[at]),
            Some(Storage::Fixed(_)) | None => Default::default(),
        }
    }

    pub(crate) fn put(&mut self, place: Option<Storage>, rows: &'a mut [f32]) {
        match place {
            Some(Storage::Residual) => self.residual = rows,
            Some(Storage::Kept(at)) => self.kept[at] = rows,
            Some(Storage::Scratch(at)) => self.scratch[at] = rows,
            Some(Storage::Fixed(_)) | None => {}
        }
    }
}

impl Pass<'_> {
    pub(crate) fn place(&self, value: Value) -> Option<Storage> {
        self.layout.places[value]
    }

    pub(crate) fn width(&self, value: Value) -> usize {
        self.compiled.values[value].width
    }

    /// Computes the value of an operation. `onto` is the residual stream that it adds to.
    pub(crate) fn run(
        &self,
        op: Op,
        onto: Option<Value>,
        frame: &mut Frame<'_>,
        tools: &mut Tools,
    ) {
        let (from, to) = (self.place(op.from), self.place(op.to));
        let input = frame.rows * self.width(op.from);
        let width = self.width(op.to);
        let mut beside = (frame.log_sums.take(), frame.sums.take());
        let mut routes = frame.routes.take();
        let whole = frame.take(to);
        let y = &mut whole[..frame.rows * width];
        let onto = onto.map(|value| self.place(value));
        if let Some(onto) = onto.filter(|onto| *onto != to) {
            y.copy_from_slice(&frame.get(onto)[..y.len()]);
        }
        // turned in place, nothing else needs what was there
        if from == to && op.kind != Kind::Turn {
            tools.before.resize(y.len());
            tools.before.copy_from_slice(y);
        }
        let x = match from == to {
            true => &*tools.before,
            false => &frame.get(from)[..input],
        };
        match op.kind {
            Kind::Norm(norm) => norm.apply(self.weights, x, y),
            Kind::Project(map) => map.apply(self.weights, x, y, false),
            Kind::ProjectSlices(slices) => slices.apply(self.weights, x, y),
            Kind::AddProjected(map) => map.apply(self.weights, x, y, true),
            Kind::Add => add_into(x, y),
            Kind::Scale(by) => y.iter_mut().zip(x).for_each(|(y, x)| *y = x * by),
            Kind::Gain(gain) => {
                let gains = self.weights.vector(gain).iter().cycle();
                let rows = y.iter_mut().zip(x).zip(gains);
                rows.for_each(|((y, x), gain)| *y = x * gain);
            }
            Kind::Gate { kind, by } => {
                let by = &frame.get(self.place(by))[..frame.rows * self.width(by)];
                gate(kind, by, x, y, &mut tools.gates);
            }
            Kind::Turn => {
                if from != to {
                    y.copy_from_slice(x);
                }
                self.turn(y, frame.parts);
            }
            Kind::Attend => {
                let wanted = (beside.0.as_deref_mut(), beside.1.as_deref_mut());
                self.attend(x, y, frame.parts, wanted, &mut tools.attention);
            }
            Kind::Activate {
                kind,
                gated: false,
                alphas,
            } => plain(kind, self.weights.alphas(alphas), x, y),
            Kind::Activate {
                kind, gated: true, ..
            } => gated(kind, x, y, width),
            Kind::Experts => {
                if let Some(experts) = &self.compiled.experts {
                    experts.apply(self.weights, x, y, routes.as_mut(), &mut tools.experts);
                }
            }
        }
        frame.put(to, whole);
        (frame.log_sums, frame.sums) = beside;
        frame.routes = routes;
    }

    fn turn(&self, y: &mut [f32], parts: &[Part<'_>]) {
        let mut rest = y;
        for part in parts {
            let (rows, later) = rest.split_at_mut(part.rows * self.turns.width);
            self.turns
                .apply(self.weights, rows, part.first, part.tokens);
            rest = later;
        }
    }

    fn attend(
        &self,
        qkv: &[f32],
        read: &mut [f32],
        parts: &[Part<'_>],
        (mut log_sums, mut sums): (Option<&mut [f32]>, Option<&mut Vec<AttentionSums>>),
        scratch: &mut Scratch,
    ) {
        let heads = self.compiled.heads;
        let extra = heads.extra.map(|input| self.weights.vector(input));
        let (mut qkv, mut read) = (qkv, read);
        for part in parts {
            let (rows, later) = qkv.split_at(part.rows * heads.width());
            let (out, rest) = read.split_at_mut(part.rows * heads.out());
            let logs = log_sums
                .take()
                .map(|sums| sums.split_at_mut(part.rows * heads.heads));
            let (logs, others) = logs.unzip();
            let seen = heads.seen(part.first + part.rows - 1, part.tokens);
            let beside = Beside {
                log_sums: logs,
                sums: sums.as_deref_mut().map(|sums| {
                    let from = sums.len();
                    sums.resize(from + heads.heads, AttentionSums::new(seen));
                    &mut sums[from..]
                }),
            };
            let queries = Queries {
                first: part.first,
                rows,
                past: part.past,
            };
            heads.read(queries, extra, out, beside, scratch);
            (qkv, read, log_sums) = (later, rest, others);
        }
    }
}
