use super::{Gain, NormProperties, Word};

pub(super) const ROW: Word<NormProperties> = Word {
    word: "layer-norm-plain",
    aliases: &[],
    about: "LayerNorm without gain and shift",
    properties: NormProperties {
        tanh: false,
        centred: true,
        gain: Gain::None,
        shift: false,
    },
};
