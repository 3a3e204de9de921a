use super::{Gain, NormProperties, Word};

pub(super) const ROW: Word<NormProperties> = Word {
    word: "dynamic-tanh",
    aliases: &["dyt"],
    about: "gain * tanh(alpha x) + shift in the place of a norm, alpha one learned number that starts at 0.5 (DyT, Zhu et al. \
            2025, arXiv 2503.10622)",
    properties: NormProperties {
        tanh: true,
        centred: false,
        gain: Gain::Channels,
        shift: true,
    },
};
