//! The forward pass of long sequences: what attention needs of all rows first, then attention and what
//! follows; some rows at a time, in parallel.

use std::ops::Range;
use std::sync::Mutex;

use outcrop_gemm::Aligned;
use rayon::prelude::*;

use crate::attend::{AttentionSums, Past};
use crate::extra::Extra;
use crate::forward::MEMORY;
use crate::frame::{Frame, Memory, Part, Pass, room};
use crate::heads::Heads;
use crate::kept::{Kept, KeptRows, Watch, Watched};
use crate::op::X;
use crate::routing::{Routes, Routings};
use crate::weight::Weights;
use crate::{AttentionWeights, Block, BlockPlace, BlockRows, Routing, Weight};

/// Rows that one task works on: a multiple of the panels of attention and of the tiles of products. The more there are, the
/// less often weights are read.
const ROWS: usize = 192;
/// The same where there are experts, each of which gets few of them.
const EXPERT_ROWS: usize = 2 * ROWS;
/// Tasks that keep a few threads busy. Where there are fewer they have half of the rows, on any number of threads: what is
/// added up by task then keeps its bits.
const TASKS: usize = 8;

/// A group of sequences that go through blocks whose weights come one after another, in memory that is used
/// again: per row no more than queries, keys and values is kept.
///
/// ```
/// use outcrop_arch::{ArchSpec, Plan};
/// use outcrop_block::{Block, Stream, Weight};
/// use outcrop_gemm::Packed;
///
/// let block = Block::new(Plan::new(&ArchSpec::new(1, 8, 2)).block(1))?;
/// let weights: Vec<Weight> = block.inputs().iter().map(|input| match input.shape[..] {
///     [k, n] => Weight::Matrix(vec![Packed::new(&vec![0.0; k * n], k, n)]),
///     _ => Weight::Vector(vec![0.0; input.shape[0]]),
/// }).collect();
/// let mut x = vec![0.5; 5 * 8]; // sequences of three and of two tokens
/// let mut stream = Stream::default();
/// stream.look(&block, &weights, &[3, 2], &mut x);
/// let mut given = Vec::new();
/// stream.attention(3..5).weights(0, &mut given);
/// assert_eq!(given, [1.0, 0.0, 0.5, 0.5]);
/// stream.write(&block, &weights, &mut x);
/// assert_eq!(x, [0.5; 40]);
/// # Ok::<(), outcrop_block::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Stream {
    heads: Option<Heads>,
    /// Tokens of each sequence.
    lengths: Vec<usize>,
    /// Rows of each task, each with the number of its sequence and its first position.
    tasks: Vec<Vec<Piece>>,
    /// Queries, keys and values by row.
    qkv: Aligned,
    /// By sequence and key-value head.
    past: Vec<Past>,
    routings: Routings,
    /// What is learned of one more score of each query.
    extra: Extra<Vec<f32>>,
    /// What is kept beside, by place.
    kept: Vec<Kept>,
    adds_up: bool,
    /// By sequence and head, where they are wanted.
    sums: Vec<AttentionSums>,
}

/// Consecutive rows of a sequence.
#[derive(Clone, Copy, Debug)]
struct Piece {
    sequence: usize,
    first: usize,
    rows: usize,
    /// Of the whole sequence.
    tokens: usize,
}

/// The rows of one task.
struct Task<'a> {
    pieces: &'a [Piece],
    x: &'a mut [f32],
    qkv: &'a mut [f32],
    routes: Option<Routes<'a>>,
    kept: Vec<KeptRows<'a>>,
    sums: Option<&'a mut Vec<AttentionSums>>,
    watched: Option<&'a Watched<'a>>,
}

impl Stream {
    /// Keeps the rows at these places, each named once, of every group from the next [`Stream::look`] on, beside queries,
    /// keys and values: one copy of each, in memory that is used again. Results are the same bits with and without.
    pub fn keep(&mut self, places: &[BlockPlace]) {
        if self.kept.iter().map(Kept::place).ne(places.iter().copied()) {
            self.kept = places.iter().copied().map(Kept::new).collect();
        }
    }

    /// Whether attention weights that are those of softmax alone are added up by key and by query while they are there
    /// ([`AttentionWeights::sums`]), of every group from the next [`Stream::look`] on. Results are the same bits with and
    /// without.
    pub fn add_up(&mut self, adds_up: bool) {
        self.adds_up = adds_up;
    }

    /// What was kept of the sequence that has these rows of the group, after [`Stream::write`].
    pub fn rows(&self, rows: Range<usize>) -> BlockRows<'_> {
        BlockRows::new(&self.kept, rows)
    }

    /// Takes in a group of sequences of these lengths, whose residual streams `x` [tokens, d_model] follow one
    /// another: computes what attention needs, their queries, keys and values.
    ///
    /// # Panics
    /// Where `x` or a weight has another number of numbers.
    pub fn look(&mut self, block: &Block, weights: &[Weight], lengths: &[usize], x: &mut [f32]) {
        let heads = block.compiled.heads;
        self.heads = Some(heads);
        self.sums.clear();
        self.extra = heads.extra.map(|input| match weights.get(input) {
            Some(Weight::Vector(values)) => values.clone(),
            Some(Weight::Matrix(_)) | None => Vec::new(),
        });
        self.tasks = tasks(lengths, rows_of(block, lengths.iter().sum()));
        match block.experts() {
            Some(experts) => self.routings.resize(x.len() / block.d_model(), experts),
            None => self.routings.clear(),
        }
        self.lengths = lengths.to_vec();
        let rows = x.len() / block.d_model();
        self.qkv.resize(rows * heads.width());
        self.kept
            .iter_mut()
            .for_each(|kept| kept.prepare(block, rows));
        let ops = 0..block.compiled.attend;
        self.run(block, weights, ops, x, (false, None));
        let past = lengths.len() * heads.kv_heads;
        self.past.resize(past, Past::default());
        let mut rest = &*self.qkv;
        let rows = lengths.iter().map(|tokens| {
            let (rows, after) = rest.split_at(tokens * heads.width());
            rest = after;
            rows
        });
        let rows: Vec<&[f32]> = rows.collect();
        let past = self.past.par_iter_mut().enumerate();
        past.for_each(|(i, past)| past.pack(heads, rows[i / heads.kv_heads], i % heads.kv_heads));
    }

    /// The attention of the sequence that has these rows of the group; none of all before
    /// [`Stream::look`].
    pub fn attention(&self, rows: Range<usize>) -> AttentionWeights<'_> {
        let heads = self.heads.unwrap_or_default();
        let width = heads.width();
        let qkv = &self.qkv[rows.start * width..rows.end * width];
        let mut first = 0;
        let begins = |tokens: &usize| {
            let before = first;
            first += tokens;
            before == rows.start
        };
        let sequence = self.lengths.iter().position(begins).unwrap_or(0);
        let sums = self.sums.chunks_exact(heads.heads.max(1)).nth(sequence);
        let extra = self.extra.as_ref().map(Vec::as_slice);
        AttentionWeights::new(heads, qkv, extra, sums.unwrap_or_default())
    }

    /// Which experts the tokens of the sequence passed that has these rows of the group, after [`Stream::write`]; none in a
    /// block without experts.
    pub fn routing(&self, rows: Range<usize>) -> Option<Routing<'_>> {
        self.routings.of(rows)
    }

    /// Adds what attention and the MLP write to the residual streams of the group that [`Stream::look`] took
    /// in, with the same block and weights.
    ///
    /// # Panics
    /// Where `x` has another number of rows.
    pub fn write(&mut self, block: &Block, weights: &[Weight], x: &mut [f32]) {
        self.write_watched(block, weights, x, None);
    }

    /// As [`Stream::write`], and shows the rows of the places behind attention that `watch` names.
    ///
    /// # Panics
    /// As [`Stream::write`].
    pub fn write_watched(
        &mut self,
        block: &Block,
        weights: &[Weight],
        x: &mut [f32],
        watch: Option<&dyn Watch>,
    ) {
        let ops = block.compiled.attend..block.compiled.ops.len();
        let watched = watch.map(|watch| Watched::new(watch, block));
        let sums = self.run(block, weights, ops, x, (true, watched.as_ref()));
        self.collect(&sums);
    }

    /// Runs some of the operations on all rows; the last rows of a sequence, which see the most, first where
    /// they attend. Gives what attention weights add up to in each task, where that is wanted.
    fn run(
        &mut self,
        block: &Block,
        weights: &[Weight],
        ops: Range<usize>,
        x: &mut [f32],
        (attends, watched): (bool, Option<&Watched<'_>>),
    ) -> Vec<Vec<AttentionSums>> {
        let (d, width) = (block.d_model(), block.compiled.heads.width());
        let tables = (block.known).of(&block.compiled.angles, &self.lengths);
        let weights = Weights::packed(weights);
        let pass = block.pass(&weights, &tables, &block.between_layout);
        let past = if attends { &self.past[..] } else { &[] };
        let together = rows_of(block, x.len() / d);
        let rows = x
            .chunks_mut(together * d)
            .zip(self.qkv.chunks_mut(together * width));
        let mut routes = self.routings.chunks(together);
        let kept = self.kept.iter_mut();
        let mut kept: Vec<_> = kept.filter_map(|kept| kept.chunks(together)).collect();
        let adds_up = attends && self.adds_up && block.compiled.heads.adds_up();
        let mut sums = vec![Vec::new(); self.tasks.len()];
        let rows = rows.zip(&self.tasks).zip(&mut sums);
        let tasks = rows.map(|(((x, qkv), pieces), sums)| Task {
            pieces,
            x,
            qkv,
            routes: routes.next(),
            kept: kept.iter_mut().filter_map(Iterator::next).collect(),
            sums: adds_up.then_some(sums),
            watched,
        });
        let tasks = tasks.collect::<Vec<_>>().into_iter();
        let work = |task: Task<'_>| {
            MEMORY.with_borrow_mut(|memory| pass.task(task, ops.clone(), past, memory));
        };
        match attends {
            true => share(tasks.rev(), work),
            false => share(tasks, work),
        }
        sums
    }

    /// Adds up the sums of tasks, by sequence and head.
    fn collect(&mut self, of_tasks: &[Vec<AttentionSums>]) {
        let heads = self.heads.unwrap_or_default();
        if !self.adds_up || !heads.adds_up() {
            return;
        }
        let heads = heads.heads;
        let all = self.lengths.len() * heads;
        self.sums.resize(all, AttentionSums::default());
        for (pieces, sums) in self.tasks.iter().zip(of_tasks) {
            for (piece, sums) in pieces.iter().zip(sums.chunks_exact(heads)) {
                let of_sequence = self.sums[piece.sequence * heads..].iter_mut();
                of_sequence
                    .zip(sums)
                    .for_each(|(all, more)| all.append(more));
            }
        }
    }
}

impl Pass<'_> {
    fn task(&self, task: Task<'_>, ops: Range<usize>, past: &[Past], memory: &mut Memory) {
        let kv_heads = self.compiled.heads.kv_heads;
        let part = |piece: &Piece| Part {
            first: piece.first,
            rows: piece.rows,
            tokens: piece.tokens,
            past: past.get(piece.sequence * kv_heads..(piece.sequence + 1) * kv_heads),
        };
        let parts: Vec<Part<'_>> = task.pieces.iter().map(part).collect();
        let rows = task.x.len() / self.width(X);
        let mut frame = Frame {
            rows,
            parts: &parts,
            residual: task.x,
            fixed: Vec::new(),
            kept: vec![task.qkv],
            scratch: room(&mut memory.scratch, &self.layout.scratch, rows),
            log_sums: None,
            sums: task.sums,
            routes: task.routes,
        };
        let mut kept = task.kept;
        let pieces = task.pieces.iter();
        let pieces = pieces.map(|piece| (piece.sequence, piece.first, piece.rows));
        for at in ops {
            // the residual stream changes in its place
            let op = self.compiled.ops[at];
            match kept.is_empty() {
                true => self.run(op, None, &mut frame, &mut memory.tools),
                false => self.run_keeping(at, op, &mut frame, &mut memory.tools, &mut kept),
            }
            if let Some(watched) = task.watched {
                self.show(at, &frame, watched, pieces.clone());
            }
        }
    }
}

/// How many of `rows` a task has.
fn rows_of(block: &Block, rows: usize) -> usize {
    match block.experts() {
        Some(_) => EXPERT_ROWS,
        None if rows < TASKS * ROWS => ROWS / 2,
        None => ROWS,
    }
}

/// The rows of each task, `together` but for the last.
fn tasks(lengths: &[usize], together: usize) -> Vec<Vec<Piece>> {
    let mut tasks: Vec<Vec<Piece>> = Vec::new();
    let mut room = 0;
    for (sequence, &tokens) in lengths.iter().enumerate() {
        let mut first = 0;
        while first < tokens {
            if room == 0 {
                tasks.push(Vec::new());
                room = together;
            }
            let rows = room.min(tokens - first);
            let piece = Piece {
                sequence,
                first,
                rows,
                tokens,
            };
            tasks
                .last_mut()
                .into_iter()
                .for_each(|task| task.push(piece));
            first += rows;
            room -= rows;
        }
    }
    tasks
}

/// Gives `items` one by one to the threads of the current rayon pool. None waits for a share that was dealt
/// out before.
fn share<T>(items: impl Iterator<Item = T> + Send, work: impl Fn(T) + Sync) {
    let items = Mutex::new(items);
    let next = || items.lock().ok()?.next();
    rayon::scope(|scope| {
        for _ in 0..rayon::current_num_threads() {
            scope.spawn(|_| {
                while let Some(item) = next() {
                    work(item);
                }
            });
        }
    });
}
