//! Rows of a block that a stream keeps beside the residual stream, where it is asked to.

use std::ops::Range;

use outcrop_gemm::Aligned;
use outcrop_vector::dot;

use crate::Block;
use crate::compile::Compiled;
use crate::frame::{Frame, Pass, Tools};
use crate::layout::Storage;
use crate::op::{Kind, Map, Op, Value, X};

/// A place in a block whose rows a [`Stream`](crate::Stream) can keep ([`Stream::keep`](crate::Stream::keep)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlockPlace {
    /// [tokens, d_model]: what the norm gives to attention. A block without a norm there has no such rows.
    AttentionInput,
    /// [tokens, 1]: the sum of the squares of each row of the residual stream to which attention adds.
    AttentionStreamSquares,
    /// [tokens, d_model]: what attention adds to the residual stream, after a norm and a factor where there are such.
    AttentionWrite,
    /// [tokens, d_model]: what the norm gives to the MLP, or to router and experts.
    MlpInput,
    /// [tokens, 1]: the same of the residual stream to which the MLP adds; in a parallel block that before attention.
    MlpStreamSquares,
    /// [tokens, d_ff]: what the nonlinearity of a gated MLP reads. MLPs without a gate, and experts, have no such rows.
    Gate,
    /// [tokens, d_ff]: what the last matrix of the MLP reads. Experts have no such rows.
    MlpHidden,
    /// [tokens, d_model]: what the MLP adds to the residual stream, after a norm and a factor where there are such.
    MlpWrite,
}

/// Looks at rows of a block on the thread that computes them, while they are in its caches, so that they need not be kept.
pub trait Watch: Sync {
    /// The places whose rows it looks at: those of a norm's output, [`BlockPlace::Gate`] and [`BlockPlace::MlpHidden`].
    fn places(&self) -> &[BlockPlace];

    /// Gets consecutive rows of a `sequence` of the group (from 0), the first of them at position `first`: the first
    /// `columns` numbers of each `width`. The rows of a sequence come in several calls, in any order, on several threads.
    fn rows(
        &self,
        place: BlockPlace,
        at: (usize, usize),
        rows: &[f32],
        width: usize,
        columns: usize,
    );
}

/// What is looked at in a block.
pub(crate) struct Watched<'a> {
    watch: &'a dyn Watch,
    captures: Vec<(BlockPlace, Capture)>,
}

impl<'a> Watched<'a> {
    pub(crate) fn new(watch: &'a dyn Watch, block: &Block) -> Self {
        let capture = |place: &BlockPlace| Some((*place, block.compiled.capture(*place)?));
        let captures = watch.places().iter().filter_map(capture);
        Self {
            watch,
            captures: captures.collect(),
        }
    }
}

/// What is kept of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// The sums of the squares of the rows of the residual stream before it.
    SquaresBefore,
    /// Its rows.
    Rows,
    /// The first half of each of its rows.
    FirstHalf,
    /// What it adds.
    Write,
}

/// Where in a block the rows of a place are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Capture {
    op: usize,
    what: What,
    width: usize,
}

/// The rows of one place.
#[derive(Debug)]
pub(crate) struct Kept {
    place: BlockPlace,
    capture: Option<Capture>,
    rows: Aligned,
}

/// The same rows of one task.
pub(crate) struct KeptRows<'a> {
    capture: Capture,
    rows: &'a mut [f32],
}

/// What a block computed of one sequence, at the places that were asked for.
#[derive(Clone, Debug)]
pub struct BlockRows<'a> {
    kept: &'a [Kept],
    rows: Range<usize>,
}

impl<'a> BlockRows<'a> {
    pub(crate) fn new(kept: &'a [Kept], rows: Range<usize>) -> Self {
        Self { kept, rows }
    }

    /// The rows at `place`, shape as [`BlockPlace`] says; none where they were not asked for or the block has no such.
    pub fn at(&self, place: BlockPlace) -> Option<&'a [f32]> {
        let kept = self.kept.iter().find(|kept| kept.place == place)?;
        let width = kept.capture?.width;
        kept.rows
            .get(self.rows.start * width..self.rows.end * width)
    }
}

impl Kept {
    pub(crate) fn new(place: BlockPlace) -> Self {
        Self {
            place,
            capture: None,
            rows: Aligned::default(),
        }
    }

    pub(crate) fn place(&self) -> BlockPlace {
        self.place
    }

    /// Makes room for the rows of a group in a block.
    pub(crate) fn prepare(&mut self, block: &Block, rows: usize) {
        self.capture = block.compiled.capture(self.place);
        let width = self.capture.map_or(0, |capture| capture.width);
        self.rows.resize(rows * width);
    }

    /// The rows of each task of `together` rows.
    pub(crate) fn chunks(&mut self, together: usize) -> Option<impl Iterator<Item = KeptRows<'_>>> {
        let capture = self.capture?;
        let chunks = self.rows.chunks_mut(together * capture.width);
        Some(chunks.map(move |rows| KeptRows { capture, rows }))
    }
}

impl Compiled {
    /// Where the rows of a place are, if the block has such.
    fn capture(&self, place: BlockPlace) -> Option<Capture> {
        let middle = self.middle();
        let attends = self.sublayer(self.attend);
        let mlp = self.sublayer(middle?);
        match place {
            BlockPlace::AttentionInput => self.input(&attends),
            BlockPlace::AttentionStreamSquares => self.stream(&attends),
            BlockPlace::AttentionWrite => self.write(self.attend),
            BlockPlace::MlpInput => self.input(&mlp),
            BlockPlace::MlpStreamSquares => self.stream(&mlp),
            BlockPlace::Gate => self.gate(middle?),
            BlockPlace::MlpHidden => self.hidden(middle?),
            BlockPlace::MlpWrite => self.write(middle?),
        }
    }

    /// The nonlinearity or the experts.
    fn middle(&self) -> Option<usize> {
        let inside = |op: &Op| matches!(op.kind, Kind::Activate { .. } | Kind::Experts);
        self.ops.iter().position(inside)
    }

    fn rows(&self, op: usize, what: What, width: usize) -> Option<Capture> {
        Some(Capture { op, what, width })
    }

    fn width(&self, value: Value) -> usize {
        self.values[value].width
    }

    /// The operations by which `op` got what it read, from itself to the one that read the residual stream.
    fn sublayer(&self, op: usize) -> Vec<usize> {
        let before = |at: &usize| {
            let from = self.ops[*at].from;
            let writer = self.ops.iter().position(|op| op.to == from);
            writer.filter(|_| !self.values[from].residual)
        };
        std::iter::successors(Some(op), before).collect()
    }

    fn input(&self, sublayer: &[usize]) -> Option<Capture> {
        let first = *sublayer.last()?;
        let is_norm = matches!(self.ops[first].kind, Kind::Norm(_));
        let width = self.width(self.ops[first].to);
        is_norm.then(|| self.rows(first, What::Rows, width))?
    }

    /// The residual stream that a sublayer read, before the operation that changes it.
    fn stream(&self, sublayer: &[usize]) -> Option<Capture> {
        let read = self.ops[*sublayer.last()?].from;
        let written = self.ops.iter().position(|op| op.to == read);
        let from = written.map_or(0, |at| at + 1);
        let changes = |op: &Op| self.values[op.to].residual;
        let at = from + self.ops[from..].iter().position(changes)?;
        self.rows(at, What::SquaresBefore, 1)
    }

    /// What the addition behind `op` adds.
    fn write(&self, op: usize) -> Option<Capture> {
        let adds = |at: &usize| {
            let is_addition = matches!(self.ops[*at].kind, Kind::Add | Kind::AddProjected(_));
            is_addition && self.sublayer(*at).contains(&op)
        };
        let at = (0..self.ops.len()).find(adds)?;
        self.rows(at, What::Write, self.width(X))
    }

    fn gate(&self, middle: usize) -> Option<Capture> {
        let op = self.ops[middle];
        let gated = matches!(op.kind, Kind::Activate { gated: true, .. });
        let projects = self.ops.iter().position(|writer| writer.to == op.from)?;
        gated.then(|| self.rows(projects, What::FirstHalf, self.width(op.from) / 2))?
    }

    fn hidden(&self, middle: usize) -> Option<Capture> {
        let op = self.ops[middle];
        let is_mlp = matches!(op.kind, Kind::Activate { .. });
        is_mlp.then(|| self.rows(middle, What::Rows, self.width(op.to)))?
    }
}

impl Pass<'_> {
    /// Computes operation `at` and copies what is to be kept of it.
    pub(crate) fn run_keeping(
        &self,
        at: usize,
        op: Op,
        frame: &mut Frame<'_>,
        tools: &mut Tools,
        kept: &mut [KeptRows<'_>],
    ) {
        let rows = frame.rows;
        let mut of_op: Vec<_> = kept.iter_mut().filter(|k| k.capture.op == at).collect();
        for kept in &mut of_op {
            if kept.capture.what == What::SquaresBefore {
                let stream = frame.get(Some(Storage::Residual));
                let lines = stream.chunks_exact(self.width(X));
                let squares = kept.rows.iter_mut().zip(lines);
                squares.for_each(|(square, line)| *square = dot(line, line));
            }
        }
        let write = of_op.iter_mut().find(|k| k.capture.what == What::Write);
        match (op.kind, write) {
            (Kind::AddProjected(map), Some(kept)) => self.add_beside(map, op, frame, kept.rows),
            _ => self.run(op, None, frame, tools),
        }
        for kept in of_op {
            let value = match (kept.capture.what, op.kind) {
                (What::SquaresBefore, _) | (What::Write, Kind::AddProjected(_)) => continue,
                (What::Write, _) => op.from,
                (What::Rows | What::FirstHalf, _) => op.to,
            };
            let width = self.width(value);
            let from = &frame.get(self.place(value))[..rows * width];
            match kept.capture.width == width {
                true => kept.rows.copy_from_slice(from),
                false => {
                    let lines = kept.rows.chunks_exact_mut(kept.capture.width);
                    let lines = lines.zip(from.chunks_exact(width));
                    lines.for_each(|(to, from)| to.copy_from_slice(&from[..to.len()]));
                }
            }
        }
    }

    /// Shows the rows that operation `at` wrote. `pieces` are the sequence, the first position and the number of rows of
    /// each part.
    pub(crate) fn show(
        &self,
        at: usize,
        frame: &Frame<'_>,
        watched: &Watched<'_>,
        pieces: impl Iterator<Item = (usize, usize, usize)> + Clone,
    ) {
        let of_op = watched.captures.iter().filter(|(_, c)| c.op == at);
        for (place, capture) in of_op {
            let value = self.compiled.ops[at].to;
            let (width, mut rest) = (self.width(value), frame.get(self.place(value)));
            for (sequence, first, count) in pieces.clone() {
                let (rows, later) = rest.split_at(count * width);
                rest = later;
                let at = (sequence, first);
                watched.watch.rows(*place, at, rows, width, capture.width);
            }
        }
    }

    /// Adds a projection to the residual stream, and keeps what is added.
    fn add_beside(&self, map: Map, op: Op, frame: &mut Frame<'_>, kept: &mut [f32]) {
        let (from, to) = (self.place(op.from), self.place(op.to));
        let (input, output) = (frame.rows * map.inputs, frame.rows * map.outputs);
        let whole = frame.take(to);
        let x = &frame.get(from)[..input];
        map.add_beside(self.weights, x, &mut whole[..output], kept);
        frame.put(to, whole);
    }
}
