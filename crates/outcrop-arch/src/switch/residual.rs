use super::Word;
use super::one_of::one_of;

/// In which order a block computes its sublayers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResidualProperties {
    /// Whether the MLP reads the residual stream before attention has written to it.
    pub parallel: bool,
    /// Whether both read the same normalised rows.
    pub shared: bool,
}

one_of! {
    "residual", "How a block adds its two sublayers to the residual stream", default "`parallel`";
    /// How a block adds its two sublayers to the residual stream x.
    Residual: ResidualProperties;
    /// x + attn(ln1(x)) + mlp(ln2(x)), as Pythia.
    Parallel = Word {
        word: "parallel",
        aliases: &[],
        about: "x + attn(ln1(x)) + mlp(ln2(x))",
        properties: ResidualProperties { parallel: true, shared: false },
    };
    /// y = x + attn(ln1(x)), then y + mlp(ln2(y)), as GPT-2.
    Sequential = Word {
        word: "sequential",
        aliases: &[],
        about: "y = x + attn(ln1(x)), then y + mlp(ln2(y))",
        properties: ResidualProperties { parallel: false, shared: false },
    };
    /// x + attn(ln(x)) + mlp(ln(x)), as GPT-J and Phi.
    ParallelShared = Word {
        word: "parallel-shared",
        aliases: &[],
        about: "x + attn(ln(x)) + mlp(ln(x)), with one norm",
        properties: ResidualProperties { parallel: true, shared: true },
    };
}
