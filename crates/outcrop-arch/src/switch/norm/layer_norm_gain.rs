use super::{NormProperties, Word};

pub(super) const ROW: Word<NormProperties> = Word {
    word: "layer-norm-gain",
    aliases: &[],
    about: "LayerNorm with gain, without shift",
    properties: NormProperties {
        centred: true,
        gain: true,
        shift: false,
    },
};
