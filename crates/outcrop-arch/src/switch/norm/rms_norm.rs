use super::{Gain, NormProperties, Word};

pub(super) const ROW: Word<NormProperties> = Word {
    word: "rms-norm",
    aliases: &[],
    about: "RMSNorm with gain",
    properties: NormProperties {
        tanh: false,
        centred: false,
        gain: Gain::Channels,
        shift: false,
    },
};
