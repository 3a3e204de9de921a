use super::TensorRole;
use crate::{Alibi, Angles, AttentionWeighting, ExtraScore, Nonlinearity, Over, RotaryPairs};

/// Rows of numbers, one row a position, on which steps work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rows {
    /// Patches of an image, as many numbers as a patch has.
    Patches,
    /// The residual stream, d_model wide.
    Residual,
    /// Input of attention, d_model wide.
    AttentionInput,
    /// Queries, [heads, d_head].
    Queries,
    /// Keys, [kv_heads, d_head].
    Keys,
    /// Values, [kv_heads, d_head].
    Values,
    /// Output of the heads, before the output projection, [heads, d_head].
    Read,
    /// Gates of what heads read, \[heads\] or [heads, d_head].
    ReadGate,
    /// Input of the MLP, d_model wide.
    MlpInput,
    /// Hidden layer of the MLP, d_ff wide.
    Hidden,
    /// Gate of a gated MLP, d_ff wide.
    Gate,
    /// Output of a sublayer, d_model wide.
    Write,
    /// Input of the unembedding, d_model wide.
    Final,
}

/// One step of a [`Plan`](crate::Plan).
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// residual = the row of each token.
    Embed {
        /// The table.
        role: TensorRole,
    },
    /// residual += the row of each position.
    AddPosition {
        /// The table.
        role: TensorRole,
    },
    /// The rows of a table stand before row `at` of every sequence of the residual stream.
    Insert {
        /// The table.
        role: TensorRole,
        /// How many rows stay before them.
        at: usize,
    },
    /// The first rows of every sequence of the residual stream fall away.
    Remove {
        /// How many.
        count: usize,
    },
    /// to = (from - m) / sqrt(mean((from - m)^2) + eps), row by row, times the gain and plus the shift if it has these
    /// parts.
    Norm {
        /// Whose gain and shift.
        role: TensorRole,
        /// Whether m is the mean of the row (LayerNorm); else 0 (RMSNorm).
        centred: bool,
        /// Added to the variance.
        eps: f64,
        /// What is read.
        from: Rows,
        /// What is written; may be the same.
        to: Rows,
    },
    /// to = tanh(alpha from), number by number, times the gain and plus the shift if it has these parts; alpha is one number.
    DynamicTanh {
        /// Whose alpha, gain and shift.
        role: TensorRole,
        /// What is read.
        from: Rows,
        /// What is written; may be the same.
        to: Rows,
    },
    /// Each number times `by`, in place.
    Scale {
        /// Of what.
        of: Rows,
        /// The factor.
        by: f64,
    },
    /// to = from W', + b if it has a bias.
    Project {
        /// Whose matrix and bias.
        role: TensorRole,
        /// What is read.
        from: Rows,
        /// What is written.
        to: Rows,
    },
    /// to = for each row w of a table the sum of w times its slice of `from`, + b if it has a bias. Slices are as long as w,
    /// the first of the first row, and so on.
    ProjectSlices {
        /// Whose table and bias.
        role: TensorRole,
        /// What is read.
        from: Rows,
        /// What is written.
        to: Rows,
    },
    /// A norm of each head or of all together, in place.
    HeadNorm {
        /// Whose gain and shift.
        role: TensorRole,
        /// Whether m is the mean of what is normalised together; else 0.
        centred: bool,
        /// Added to the variance.
        eps: f64,
        /// Queries or keys.
        of: Rows,
        /// What is normalised together, and how long the gain is.
        over: Over,
    },
    /// x = min(max(x, -limit), limit) of each number, in place.
    Clip {
        /// Queries, keys or values.
        of: Rows,
        /// The largest magnitude.
        limit: f64,
    },
    /// Rotary embedding of the first channels of each head, in place (Su et al. 2021).
    Rotate {
        /// Queries or keys.
        of: Rows,
        /// By which angles, and how many channels.
        angles: Angles,
        /// Which channels turn together.
        pairs: RotaryPairs,
    },
    /// read = attention of queries to keys and values, of earlier positions or of all.
    Attend {
        /// Number of heads.
        heads: usize,
        /// Number of key-value heads, a divisor of it.
        kv_heads: usize,
        /// Width of a head.
        d_head: usize,
        /// How scores become weights.
        weighting: AttentionWeighting,
        /// Number of positions that one sees, including itself; none for all earlier ones.
        window: Option<usize>,
        /// The linear biases that are added to the scores, where there are any (Press et al. 2022).
        alibi: Option<Alibi>,
        /// What q k' is multiplied by; 1 / sqrt(d_head) where it is not given.
        scale: Option<f64>,
        /// A bound c of the scaled scores s, which become c tanh(s / c), before linear biases are added.
        softcap: Option<f64>,
        /// Whether a position sees the later ones, too.
        bidirectional: bool,
        /// One more score beside those of the keys, where there is one.
        extra: Option<ExtraScore>,
    },
    /// Each row times a gain, number by number, in place.
    Gain {
        /// Whose gain.
        role: TensorRole,
        /// Of what.
        of: Rows,
    },
    /// A nonlinearity, in place; one with learned numbers finds them as shifts.
    Activate {
        /// Which.
        kind: Nonlinearity,
        /// Of what.
        of: Rows,
    },
    /// to = to * from, number by number; where a row of `from` has fewer numbers, each of them multiplies as many that
    /// follow one another, the same for all.
    Multiply {
        /// The other factor.
        from: Rows,
        /// What is multiplied.
        to: Rows,
    },
    /// to = sum over the experts e with the largest p of p_e (f(x G_e') * (x U_e')) D_e', each map with its bias if it has
    /// one, x the row of `from` and p = softmax(x R'), R the router. A shared expert is added times sigmoid(x s').
    Experts {
        /// How many experts there are.
        count: usize,
        /// How many of them are added up; of equal p the first.
        chosen: usize,
        /// Whether p is divided by the sum of those that are added up.
        normalised: bool,
        /// The function f.
        kind: Nonlinearity,
        /// A bound c: f(min(g, c)) * (1 + min(max(h, -c), c)) in place of f(g) * h.
        limit: Option<f64>,
        /// Whether there is a shared expert.
        shared: bool,
        /// What is read.
        from: Rows,
        /// What is written.
        to: Rows,
    },
    /// to += from.
    Add {
        /// What is added.
        from: Rows,
        /// To what.
        to: Rows,
    },
    /// logits = scale (from W' + b), b where there is one; then c tanh(logits / c) where there is a bound c.
    Unembed {
        /// Whose matrix: the unembedding's, or the token embedding's if they are tied. The bias is the unembedding's.
        role: TensorRole,
        /// What is read.
        from: Rows,
        /// The factor of the logits.
        scale: f64,
        /// Their bound.
        softcap: Option<f64>,
    },
}

/// The numbers of heads and of experts of a step.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Of attention: heads, key-value heads, the width of one.
    pub(crate) heads: Option<[usize; 3]>,
    /// Of a mixture of experts: how many a token passes, and of how many.
    pub(crate) experts: Option<[usize; 2]>,
}

impl Step {
    pub(crate) fn counts(&self) -> Counts {
        match *self {
            Self::Attend {
                heads,
                kv_heads,
                d_head,
                ..
            } => Counts {
                heads: Some([heads, kv_heads, d_head]),
                experts: None,
            },
            Self::Experts { count, chosen, .. } => Counts {
                heads: None,
                experts: Some([chosen, count]),
            },
            Self::Embed { .. }
            | Self::AddPosition { .. }
            | Self::Insert { .. }
            | Self::Remove { .. }
            | Self::Gain { .. }
            | Self::Norm { .. }
            | Self::DynamicTanh { .. }
            | Self::Scale { .. }
            | Self::Clip { .. }
            | Self::Project { .. }
            | Self::ProjectSlices { .. }
            | Self::HeadNorm { .. }
            | Self::Rotate { .. }
            | Self::Activate { .. }
            | Self::Multiply { .. }
            | Self::Add { .. }
            | Self::Unembed { .. } => Counts::default(),
        }
    }
}
