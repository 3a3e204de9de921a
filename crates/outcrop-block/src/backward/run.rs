//! Single steps of the backward pass.

use outcrop_arch::Nonlinearity;

use crate::activate::{gated_backward, plain_backward};
use crate::attend::Kept;
use crate::experts::Gradients;
use crate::frame::{Frame, Pass, Tools};
use crate::gate::gate_backward;
use crate::layout::Storage;
use crate::op::{Kind, Map, Norm, Op, Slices, Value};
use crate::program::{Action, Program};
use crate::sums::Lane;
use crate::weight::Transposed;

/// What a backward pass has for all rows.
pub(super) struct Back<'a> {
    pub(super) pass: Pass<'a>,
    pub(super) transposed: &'a Transposed,
    pub(super) program: &'a Program,
}

impl Back<'_> {
    fn gradient(&self, value: Value) -> Option<Storage> {
        self.program.gradients[value]
    }

    fn length(&self, frame: &Frame<'_>, value: Value) -> usize {
        frame.rows * self.pass.width(value)
    }

    /// The rows of a value.
    fn value<'f>(&self, frame: &'f Frame<'_>, value: Value) -> &'f [f32] {
        &frame.get(self.pass.place(value))[..self.length(frame, value)]
    }

    /// The gradients of a value.
    fn slope<'f>(&self, frame: &'f Frame<'_>, value: Value) -> &'f [f32] {
        &frame.get(self.gradient(value))[..self.length(frame, value)]
    }

    pub(super) fn step(
        &self,
        action: Action,
        at: usize,
        frame: &mut Frame<'_>,
        log_sums: &[f32],
        lane: &mut Lane,
        tools: &mut Tools,
    ) {
        let op = self.pass.compiled.ops[at];
        match (action, op.kind) {
            (Action::Again, _) => {
                let onto = self.pass.compiled.residual_before(at);
                self.pass.run(op, onto, frame, tools);
            }
            (Action::Input, Kind::Project(map) | Kind::AddProjected(map)) => {
                self.input(op, map, frame);
            }
            (Action::Weight, Kind::Project(map) | Kind::AddProjected(map)) => {
                let (x, dy) = (self.value(frame, op.from), self.slope(frame, op.to));
                let onto = lane.onto;
                let (dw, db) = lane.map(map.weight, map.bias);
                map.gradients(x, dy, dw, db, onto, &mut tools.packed);
            }
            (Action::Whole, Kind::Norm(norm)) => self.norm(op, norm, frame, lane, tools),
            (Action::Whole, Kind::ProjectSlices(slices)) => self.slices(op, slices, frame, lane),
            (Action::Whole, Kind::Add) => {
                let length = self.length(frame, op.from);
                let gradient = frame.take(self.gradient(op.from));
                gradient[..length].copy_from_slice(frame.residual);
                frame.put(self.gradient(op.from), gradient);
            }
            (Action::Whole, Kind::Scale(by)) => {
                let length = self.length(frame, op.from);
                let gradient = frame.take(self.gradient(op.from));
                gradient[..length].iter_mut().for_each(|x| *x *= by);
                frame.put(self.gradient(op.from), gradient);
            }
            (Action::Whole, Kind::Gate { kind, by }) => self.gate(op, (kind, by), frame, tools),
            (Action::Whole, Kind::Turn) => self.turn(op, frame, lane),
            (Action::Whole, Kind::Attend) => self.attend(op, frame, log_sums, lane, tools),
            (Action::Whole, Kind::Activate { .. }) => self.activate(op, frame, lane),
            (Action::Whole, Kind::Experts) => self.experts(op, frame, lane, tools),
            // a program has no others
            (Action::Input | Action::Weight | Action::Whole, _) => {}
        }
    }

    fn input(&self, op: Op, map: Map, frame: &mut Frame<'_>) {
        let place = self.gradient(op.from);
        let length = self.length(frame, op.from);
        let dx = frame.take(place);
        let add = place == Some(Storage::Residual);
        map.backward(
            self.transposed,
            self.slope(frame, op.to),
            &mut dx[..length],
            add,
        );
        frame.put(place, dx);
    }

    fn slices(&self, op: Op, slices: Slices, frame: &mut Frame<'_>, lane: &mut Lane) {
        let place = self.gradient(op.from);
        let length = self.length(frame, op.from);
        let dx = frame.take(place);
        let (x, dy) = (self.value(frame, op.from), self.slope(frame, op.to));
        if place != Some(Storage::Residual) {
            dx[..length].fill(0.0);
        }
        let sums = lane.map(slices.table, slices.bias);
        slices.backward(self.pass.weights, [x, dy], &mut dx[..length], sums);
        frame.put(place, dx);
    }

    fn norm(&self, op: Op, norm: Norm, frame: &mut Frame<'_>, lane: &mut Lane, tools: &mut Tools) {
        let [from, to] = [op.from, op.to].map(|value| self.gradient(value));
        let length = self.length(frame, op.from);
        let sums = lane.norm(&norm);
        let dx_whole = frame.take(from);
        let dx = &mut dx_whole[..length];
        if from == to {
            tools.before.resize(length);
            tools.before.copy_from_slice(dx);
        }
        if from == to || from != Some(Storage::Residual) {
            dx.fill(0.0);
        }
        let dy_whole = frame.take(to.filter(|to| Some(*to) != from));
        let dy = match from == to {
            true => &mut *tools.before,
            false => &mut dy_whole[..length],
        };
        let x = self.value(frame, op.from);
        norm.backward(self.pass.weights, x, dy, dx, sums);
        frame.put(to.filter(|to| Some(*to) != from), dy_whole);
        frame.put(from, dx_whole);
    }

    fn gate(
        &self,
        op: Op,
        (kind, by): (Nonlinearity, Value),
        frame: &mut Frame<'_>,
        tools: &mut Tools,
    ) {
        let [x, of_gates] = [op.from, by].map(|value| self.gradient(value));
        let (active, length) = (self.pass.place(op.to), self.length(frame, op.from));
        let y = frame.take(active);
        let dx = frame.take(x);
        let dgates = frame.take(of_gates);
        let gates = self.value(frame, by);
        gate_backward(
            (kind, gates),
            self.value(frame, op.from),
            &mut y[..length],
            &mut dx[..length],
            &mut dgates[..gates.len()],
            &mut tools.gates,
        );
        frame.put(of_gates, dgates);
        frame.put(x, dx);
        frame.put(active, y);
    }

    fn experts(&self, op: Op, frame: &mut Frame<'_>, lane: &mut Lane, tools: &mut Tools) {
        let Some(experts) = &self.pass.compiled.experts else {
            return;
        };
        let (place, length) = (self.gradient(op.from), self.length(frame, op.from));
        let dx = frame.take(place);
        let given = [self.value(frame, op.from), self.slope(frame, op.to)];
        if place != Some(Storage::Residual) {
            dx[..length].fill(0.0);
        }
        let of = Gradients {
            weights: self.pass.weights,
            transposed: self.transposed,
            lane,
            packed: &mut tools.packed,
        };
        experts.backward(of, given, &mut dx[..length], &mut tools.experts);
        frame.put(place, dx);
    }

    fn turn(&self, op: Op, frame: &mut Frame<'_>, lane: &mut Lane) {
        let place = self.gradient(op.from);
        let length = self.length(frame, op.from);
        let whole = frame.take(place);
        let turns = self.pass.turns;
        let raw = match crate::turn::Turns::keeps(turns.turns) {
            true => self.value(frame, op.from),
            false => &[],
        };
        let (mut rest, mut raw) = (&mut whole[..length], raw);
        for part in frame.parts {
            let count = part.rows * turns.width;
            let (rows, later) = rest.split_at_mut(count);
            let (before, after) = raw.split_at(count.min(raw.len()));
            turns.backward(self.pass.weights, before, rows, lane);
            (rest, raw) = (later, after);
        }
        frame.put(place, whole);
    }

    fn attend(
        &self,
        op: Op,
        frame: &mut Frame<'_>,
        log_sums: &[f32],
        lane: &mut Lane,
        tools: &mut Tools,
    ) {
        let heads = self.pass.compiled.heads;
        let extra = heads.extra.map(|input| self.pass.weights.vector(input));
        let place = self.gradient(op.from);
        let whole = frame.take(place);
        let (mut qkv, mut sums) = (self.value(frame, op.from), log_sums);
        let (mut read, mut dread) = (self.value(frame, op.to), self.slope(frame, op.to));
        let mut dqkv = &mut whole[..qkv.len()];
        for part in frame.parts {
            let kept = Kept {
                qkv: first(&mut qkv, part.rows * heads.width()),
                log_sums: first(&mut sums, part.rows * heads.heads),
                read: first(&mut read, part.rows * heads.out()),
                dread: first(&mut dread, part.rows * heads.out()),
            };
            let (rows, later) = dqkv.split_at_mut(part.rows * heads.width());
            let dextra = lane.extra(heads.extra);
            heads.read_backward(kept, extra, rows, dextra, &mut tools.attention);
            dqkv = later;
        }
        frame.put(place, whole);
    }

    fn activate(&self, op: Op, frame: &mut Frame<'_>, lane: &mut Lane) {
        let Kind::Activate {
            kind,
            gated,
            alphas,
        } = op.kind
        else {
            return;
        };
        let (place, active) = (self.gradient(op.from), self.pass.place(op.to));
        let y = frame.take(active);
        let dx = frame.take(place);
        let [input, output] = [op.from, op.to].map(|value| self.length(frame, value));
        let x = self.value(frame, op.from);
        if gated {
            let (dy, width) = (self.slope(frame, op.to), self.pass.width(op.to));
            gated_backward(kind, x, &mut y[..output], dy, &mut dx[..input], width);
        } else {
            let values = self.pass.weights.alphas(alphas);
            let slopes = plain_backward(kind, values, x, &mut y[..output], &mut dx[..input]);
            for (input, slope) in alphas.into_iter().flatten().zip(slopes) {
                lane.sums[input][0] += slope;
            }
        }
        frame.put(place, dx);
        frame.put(active, y);
    }
}

/// The first numbers, and the others stay.
fn first<'a>(values: &mut &'a [f32], count: usize) -> &'a [f32] {
    let (first, rest) = values.split_at(count);
    *values = rest;
    first
}
