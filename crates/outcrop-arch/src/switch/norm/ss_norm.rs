use super::{Gain, NormProperties, Word};

pub(super) const ROW: Word<NormProperties> = Word {
    word: "ss-norm",
    aliases: &[],
    about: "RMSNorm whose gain is one number for all channels (SSNorm, Park et al. 2025, arXiv 2506.19697)",
    properties: NormProperties {
        tanh: false,
        centred: false,
        gain: Gain::Single,
        shift: false,
    },
};
