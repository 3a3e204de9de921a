use super::Word;
use super::one_of::one_of;

/// Where norms stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NormPlacementProperties {
    /// Whether the inputs of sublayers and of the unembedding are normalised.
    pub input: bool,
    /// Whether the output of a sublayer is normalised before it is added.
    pub output: bool,
    /// Whether the residual stream is normalised after each addition.
    pub stream: bool,
}

const NOWHERE: NormPlacementProperties = NormPlacementProperties {
    input: false,
    output: false,
    stream: false,
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
        properties: NormPlacementProperties { input: true, ..NOWHERE },
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
        properties: NormPlacementProperties { input: true, output: true, ..NOWHERE },
    };
}
