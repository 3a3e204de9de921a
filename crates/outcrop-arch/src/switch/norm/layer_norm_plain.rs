use super::{NormProperties, Word};

pub(super) const ROW: Word<NormProperties> = Word {
    word: "layer-norm-plain",
    aliases: &[],
    about: "LayerNorm without gain and shift",
    properties: NormProperties {
        centred: true,
        gain: false,
        shift: false,
    },
};
