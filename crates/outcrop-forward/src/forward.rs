use std::collections::BTreeSet;
use std::ops::Range;

use outcrop_arch::{ArchSpec, Position};
use outcrop_block::{Block, Stream, Weight};

use crate::weights::{Reader, Spare};
use crate::{Error, Hook, Published, Result};

/// Runs `sequences` of token ids through a model, block by block, and shows `hook` the residual stream
/// after each. That is the tensor that "massive activations" are about (Sun et al. 2024): after both
/// residual additions, before the next norm; the last layer too is shown before the final norm. The hook
/// may change it, and look at attention: see [`Hook`].
///
/// The weights of one block are in memory at a time, and the residual streams of all sequences.
/// Results do not depend on the number of threads, which is that of the current rayon pool.
///
/// Of a model of images the ids name patches ([`random_patch`](crate::random_patch)), row by row, as many as an image of
/// its size has; rows of the residual stream are the class token, the registers and the patches, in this order.
/// [`forward_patches`] takes patches.
///
/// # Errors
/// [`Error::Token`] and [`Error::Length`] before anything is computed; [`Error::Checkpoint`] for
/// weights that cannot be read.
pub fn forward(model: &Published, sequences: &[Vec<u32>], hook: &mut impl Hook) -> Result<()> {
    check(model.arch(), sequences, 1)?;
    run(model, sequences, hook).map(|_| ())
}

/// As [`forward`] of a model of images, each given as its patches [patches, numbers], row by row: the numbers of a patch
/// are those of its pixels, [channels, height, width], normalised as the model expects them.
///
/// # Errors
/// [`Error::Patches`] for an image of another size and for a model of text; [`Error::Checkpoint`] as [`forward`].
pub fn forward_patches(model: &Published, images: &[Vec<f32>], hook: &mut impl Hook) -> Result<()> {
    let arch = model.arch();
    let numbers = arch.patches.map_or(0, |patches| patches.numbers);
    let wanted = arch.context.saturating_mul(numbers);
    for (image, values) in images.iter().enumerate() {
        if numbers == 0 || values.len() != wanted {
            let found = values.len();
            return Err(Error::Patches {
                image,
                found,
                wanted,
            });
        }
    }
    let lengths = vec![arch.context; images.len()];
    let streams = started(model, images.concat(), &lengths)?;
    through(model, streams, hook).map(|_| ())
}

/// The residual streams of sequences, one after another.
#[derive(Debug)]
pub(crate) struct Streams {
    /// [tokens of all, d_model] by rows.
    pub(crate) values: Vec<f32>,
    /// The rows of each sequence.
    pub(crate) ranges: Vec<Range<usize>>,
}

impl Streams {
    /// Without the first `count` rows of each sequence, of `d` numbers.
    pub(crate) fn without(self, count: usize, d: usize) -> Self {
        if count == 0 {
            return self;
        }
        let mut others = Self {
            values: Vec::with_capacity(self.values.len()),
            ranges: Vec::with_capacity(self.ranges.len()),
        };
        for range in &self.ranges {
            let first = others.values.len() / d;
            let rows = &self.values[(range.start + count) * d..range.end * d];
            others.values.extend_from_slice(rows);
            others.ranges.push(first..first + range.len() - count);
        }
        others
    }
}

/// As [`forward`], of sequences that are known to be right; returns what it ends with.
pub(crate) fn run(
    model: &Published,
    sequences: &[Vec<u32>],
    hook: &mut impl Hook,
) -> Result<Streams> {
    through(model, embed(model, sequences)?, hook)
}

/// Runs residual streams through all blocks.
fn through(model: &Published, mut streams: Streams, hook: &mut impl Hook) -> Result<Streams> {
    let (arch, d) = (model.arch(), model.arch().d_model);
    let mut stream = Stream::default();
    stream.add_up(hook.adds_up());
    for (sequence, range) in streams.ranges.iter().enumerate() {
        hook.embedding(sequence, &streams.values[range.start * d..range.end * d]);
    }
    let groups = match hook.places().is_empty() {
        true => groups(&streams.ranges, TOGETHER),
        false => groups(&streams.ranges, together_kept()),
    };
    let mut before = hook.watch(1).is_some().then(Vec::new);
    let mut weights = Vec::new();
    for layer in 1..=arch.layers {
        let block = model.block(layer);
        let reader = Reader {
            model,
            layer: Some(layer),
        };
        weights = reader.read_into(block.inputs(), &Spare::of(weights))?;
        for sequences in &groups {
            let ranges = &streams.ranges[sequences.clone()];
            let (first, end) = (ranges[0].start, ranges[ranges.len() - 1].end);
            let group = Group {
                layer,
                sequences: sequences.clone(),
                rows: ranges
                    .iter()
                    .map(|r| r.start - first..r.end - first)
                    .collect(),
            };
            let x = &mut streams.values[first * d..end * d];
            let with = (block, &weights[..]);
            group.compute(&mut stream, with, x, hook, before.as_mut());
            for (sequence, rows) in sequences.clone().zip(group.rows) {
                if let Some(routing) = stream.routing(rows.clone()) {
                    hook.routing(layer, sequence, &routing);
                }
                let hidden = &mut x[rows.start * d..rows.end * d];
                let (kept, attention) = (stream.rows(rows.clone()), stream.attention(rows));
                hook.block(layer, sequence, &kept, &attention, hidden);
                hook.residual(layer, sequence, hidden);
            }
        }
    }
    Ok(streams)
}

/// Sequences that go through a block together.
struct Group {
    layer: usize,
    sequences: Range<usize>,
    /// Of each sequence, in the group.
    rows: Vec<Range<usize>>,
}

impl Group {
    /// Computes the block and shows attention. `before` is memory for the residual streams, where rows are watched: if what
    /// was seen of them is not enough, all is computed once more and they are kept.
    fn compute(
        &self,
        stream: &mut Stream,
        (block, weights): (&Block, &[Weight]),
        x: &mut [f32],
        hook: &mut impl Hook,
        mut before: Option<&mut Vec<f32>>,
    ) {
        let lengths: Vec<usize> = self.rows.iter().map(Range::len).collect();
        if let Some(before) = &mut before {
            before.clear();
            before.extend_from_slice(x);
        }
        stream.keep(&hook.places());
        stream.look(block, weights, &lengths, x);
        for (sequence, rows) in self.sequences.clone().zip(&self.rows) {
            hook.attention(self.layer, sequence, &stream.attention(rows.clone()));
        }
        let watch = hook.watch(self.layer);
        stream.write_watched(block, weights, x, watch.as_deref());
        let watched = watch.map_or(Vec::new(), |watch| watch.places().to_vec());
        if let Some(before) = before
            && hook.lacks(self.layer, self.sequences.clone())
        {
            stream.keep(&[hook.places(), watched].concat());
            x.copy_from_slice(before);
            stream.look(block, weights, &lengths, x);
            stream.write(block, weights, x);
        }
    }
}

/// Tokens that are worked on together, unless one sequence has more: enough for many threads.
const TOGETHER: usize = 4096;

/// The same where rows are kept: fewer, since what is kept of all of them is memory, and slow where it is much.
fn together_kept() -> usize {
    (256 * rayon::current_num_threads()).clamp(512, 1024)
}

/// Consecutive sequences of at least so many tokens, but for the last of them.
fn groups(ranges: &[Range<usize>], together: usize) -> Vec<Range<usize>> {
    let (mut groups, mut start) = (Vec::new(), 0);
    for (i, range) in ranges.iter().enumerate() {
        if range.end - ranges[start].start >= together || i + 1 == ranges.len() {
            groups.push(start..i + 1);
            start = i + 1;
        }
    }
    groups
}

/// Checks that each sequence has at least `least` tokens, all of them in the vocabulary.
pub(crate) fn check(arch: &ArchSpec, sequences: &[Vec<u32>], least: usize) -> Result<()> {
    let most = match (arch.position, arch.patches) {
        (Position::Learned, _) | (_, Some(_)) => arch.context,
        (Position::Rotary { .. } | Position::Alibi | Position::None, None) => usize::MAX,
    };
    // an image has all of its patches
    let least = arch.patches.map_or(least, |_| most);
    for (sequence, tokens) in sequences.iter().enumerate() {
        if !(least..=most).contains(&tokens.len()) {
            return Err(Error::Length {
                sequence,
                tokens: tokens.len(),
                least,
                most,
            });
        }
        let beyond = tokens.iter().position(|&t| t as usize >= arch.vocab);
        if let Some(position) = beyond {
            return Err(Error::Token {
                sequence,
                position,
                token: tokens[position],
                vocab: arch.vocab,
            });
        }
    }
    Ok(())
}

/// The residual streams before the first block.
pub(crate) fn embed(model: &Published, sequences: &[Vec<u32>]) -> Result<Streams> {
    let used: BTreeSet<u32> = sequences.iter().flatten().copied().collect();
    let used: Vec<u32> = used.into_iter().collect();
    let rows = model.embed(&used)?;
    let width = rows.len() / used.len().max(1);
    let lengths: Vec<usize> = sequences.iter().map(Vec::len).collect();
    let tokens = lengths.iter().sum::<usize>();
    let mut values = Vec::with_capacity(tokens * width);
    for token in sequences.iter().flatten() {
        let row = used.partition_point(|used| used < token);
        values.extend_from_slice(&rows[row * width..(row + 1) * width]);
    }
    started(model, values, &lengths)
}

/// The residual streams before the first block, of embedded tokens or of patches `values`.
fn started(model: &Published, values: Vec<f32>, lengths: &[usize]) -> Result<Streams> {
    let (start, layer) = (model.start(), None);
    let weights = Reader { model, layer }.read(start.inputs())?;
    let leading = model.arch().leading();
    let ends = lengths.iter().scan(0, |end, tokens| {
        let first = *end;
        *end += leading + tokens;
        Some(first..*end)
    });
    Ok(Streams {
        values: start.run(&weights, values, lengths, &model.positions()?),
        ranges: ends.collect(),
    })
}
