use super::{NormProperties, Word};

pub(super) const ROW: Word<NormProperties> = Word {
    word: "rms-norm",
    aliases: &[],
    about: "RMSNorm with gain",
    properties: NormProperties {
        centred: false,
        gain: true,
        shift: false,
    },
};
