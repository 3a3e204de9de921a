use std::ops::Range;

use outcrop_arch::{Alibi, AttentionWeighting};

use crate::extra::Extra;

/// The heads of attention and where in a row of queries, keys and values each lies: key-value heads in order,
/// each as [queries of its group | key | value].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Heads {
    pub(crate) heads: usize,
    pub(crate) kv_heads: usize,
    pub(crate) d_head: usize,
    /// Positions that a query sees, itself among them.
    pub(crate) window: usize,
    /// The linear biases that scores get, where there are any (Press et al. 2022).
    pub(crate) alibi: Option<Alibi>,
    /// What scores are multiplied by.
    pub(crate) scale: f32,
    /// The bound c of scores s, which become c tanh(s / c).
    pub(crate) softcap: Option<f32>,
    /// Whether a query sees the keys after it, too.
    pub(crate) bidirectional: bool,
    /// How scores become weights.
    pub(crate) weighting: AttentionWeighting,
    /// One more score beside those of the keys: which inputs have it.
    pub(crate) extra: Extra<usize>,
}

impl Heads {
    /// Query heads that share a key-value head.
    pub(crate) fn group(&self) -> usize {
        self.heads / self.kv_heads
    }

    /// Length of a row.
    pub(crate) fn width(&self) -> usize {
        (self.heads + 2 * self.kv_heads) * self.d_head
    }

    /// Length of what the heads read.
    pub(crate) fn out(&self) -> usize {
        self.heads * self.d_head
    }

    /// Where the query of a head begins.
    pub(crate) fn query(&self, head: usize) -> usize {
        let group = self.group();
        (head / group * (group + 2) + head % group) * self.d_head
    }

    /// Where the key of a key-value head begins.
    pub(crate) fn key(&self, kv_head: usize) -> usize {
        (kv_head * (self.group() + 2) + self.group()) * self.d_head
    }

    /// Where the value of a key-value head begins.
    pub(crate) fn value(&self, kv_head: usize) -> usize {
        self.key(kv_head) + self.d_head
    }

    /// The content of a row: queries (0), keys (1) or values (2), and which of their numbers.
    pub(crate) fn columns(self) -> impl Iterator<Item = (usize, Range<usize>)> {
        let part = move |which, first: usize, heads: usize| {
            let start = first * self.d_head;
            (which, start..start + heads * self.d_head)
        };
        let group = self.group();
        (0..self.kv_heads)
            .flat_map(move |kv| [part(0, kv * group, group), part(1, kv, 1), part(2, kv, 1)])
    }

    /// Whether weights are those of softmax alone, which are added up while they are computed.
    pub(crate) fn adds_up(&self) -> bool {
        self.weighting == AttentionWeighting::Softmax && matches!(self.extra, Extra::None)
    }

    /// How many keys, of `tokens` of the sequence, the query at `position` can see, but for its window.
    pub(crate) fn seen(&self, position: usize, tokens: usize) -> usize {
        match self.bidirectional {
            true => tokens,
            false => position + 1,
        }
    }

    /// The first position that the query at `position` sees.
    pub(crate) fn first_seen(&self, position: usize) -> usize {
        (position + 1).saturating_sub(self.window)
    }
}
