use super::Word;
use super::one_of::one_of;

one_of! {
    "rotary_pairs", "Which channels of a head a rotary embedding turns together", default "`halves`";
    /// Which channels of the rotated part of a head a rotary embedding turns together.
    RotaryPairs: ();
    /// Channel i and channel i + half, as GPT-NeoX and Llama.
    Halves = Word { word: "halves", aliases: &[], about: "channel i and channel i + half", properties: () };
    /// Channels 2i and 2i + 1, as GPT-J and Cohere.
    Neighbours = Word { word: "neighbours", aliases: &[], about: "channels 2i and 2i + 1", properties: () };
    /// Channel i and channel i + half, by the negative angle, as nanochat.
    HalvesBack = Word {
        word: "halves-back",
        aliases: &[],
        about: "channel i and channel i + half, by the negative angle",
        properties: (),
    };
}

impl RotaryPairs {
    /// Whether a file need not say it.
    pub(super) fn is_default(&self) -> bool {
        *self == Self::Halves
    }
}
