use super::{NormProperties, Word};

pub(super) const ROW: Word<NormProperties> = Word {
    word: "rms-norm-plain",
    aliases: &[],
    about: "RMSNorm without gain",
    properties: NormProperties {
        centred: false,
        gain: false,
        shift: false,
    },
};
