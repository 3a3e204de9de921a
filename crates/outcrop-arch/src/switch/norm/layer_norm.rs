use super::{NormProperties, Word};

pub(super) const ROW: Word<NormProperties> = Word {
    word: "layer-norm",
    aliases: &[],
    about: "LayerNorm with gain and shift",
    properties: NormProperties {
        centred: true,
        gain: true,
        shift: true,
    },
};
