use super::Word;
use super::one_of::one_of;

one_of! {
    "attention", "How attention scores become weights", default "`softmax`";
    /// How attention scores become weights.
    Attention: ();
    /// Causal softmax.
    Softmax = Word { word: "softmax", aliases: &[], about: "causal softmax", properties: () };
}
