use super::{Gain, NormProperties, Word};

pub(super) const ROW: Word<NormProperties> = Word {
    word: "layer-norm-gain",
    aliases: &[],
    about: "LayerNorm with gain, without shift",
    properties: NormProperties {
        tanh: false,
        centred: true,
        gain: Gain::Channels,
        shift: false,
    },
};
