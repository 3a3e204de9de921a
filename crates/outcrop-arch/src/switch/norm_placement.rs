use super::Word;
use super::one_of::one_of;

/// Where norms stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NormPlacementProperties {
    /// Whether the input of a sublayer is normalised.
    pub input: bool,
    /// Whether the output of a sublayer is normalised before it is added.
    pub output: bool,
    /// Whether the residual stream is normalised after each addition.
    pub stream: bool,
    /// Whether the input of the unembedding is normalised.
    pub last: bool,
}

const NOWHERE: NormPlacementProperties = NormPlacementProperties {
    input: false,
    output: false,
    stream: false,
    last: false,
};

one_of! {
    "norm_placement", "Where a block applies its normalisation", default "`pre`";
    /// Where a block applies its normalisation.
    NormPlacement: NormPlacementProperties;
    /// Before each sublayer.
    Pre = Word {
        word: "pre",
        aliases: &[],
        about: "before each sublayer",
        properties: NormPlacementProperties { input: true, last: true, ..NOWHERE },
    };
    /// After each residual addition.
    Post = Word {
        word: "post",
        aliases: &[],
        about: "after each residual addition",
        properties: NormPlacementProperties { stream: true, ..NOWHERE },
    };
    /// Before each sublayer and on its output (Peri-LN).
    Peri = Word {
        word: "peri",
        aliases: &[],
        about: "before each sublayer and on its output",
        properties: NormPlacementProperties { input: true, output: true, last: true, ..NOWHERE },
    };
    /// On the output of each sublayer, before it is added, as OLMo 2.
    Output = Word {
        word: "output",
        aliases: &[],
        about: "on the output of each sublayer, before it is added",
        properties: NormPlacementProperties { output: true, last: true, ..NOWHERE },
    };
}
