use super::{Gain, NormProperties, Word};

pub(super) const ROW: Word<NormProperties> = Word {
    word: "layer-norm",
    aliases: &[],
    about: "LayerNorm with gain and shift",
    properties: NormProperties {
        tanh: false,
        centred: true,
        gain: Gain::Channels,
        shift: true,
    },
};
