use super::{Gain, NormProperties, Word};

pub(super) const ROW: Word<NormProperties> = Word {
    word: "rms-norm-plain",
    aliases: &[],
    about: "RMSNorm without gain",
    properties: NormProperties {
        tanh: false,
        centred: false,
        gain: Gain::None,
        shift: false,
    },
};
