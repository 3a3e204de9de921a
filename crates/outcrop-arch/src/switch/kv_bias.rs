use super::Word;
use super::one_of::one_of;
use crate::{ArchSpec, Attention, Error, ExtraScore, Result};

one_of! {
    "kv_bias", "Which learned key and value every query sees beside those of positions", default "`none`", check;
    /// Which learned key and value every query sees beside those of positions, one of each key-value head, without position
    /// code: drawn with a deviation of 0.02, without weight decay (Sun et al., arXiv 2402.17762).
    KvBias: Option<ExtraScore>;
    /// None.
    None = Word { word: "none", aliases: &[], about: "none", properties: None::<ExtraScore> };
    /// A key k' without value: softmax([q K', q k'] / sqrt(d_head)) [V; 0] (Gu et al., arXiv 2410.10781).
    Key = Word {
        word: "key",
        aliases: &[],
        about: "a key of each key-value head, whose value is 0",
        properties: Some(ExtraScore::Key),
    };
    /// A key k' and a value v': softmax([q K', q k'] / sqrt(d_head)) [V; v'].
    KeyValue = Word {
        word: "key-value",
        aliases: &[],
        about: "a key and a value of each key-value head",
        properties: Some(ExtraScore::KeyValue),
    };
}

impl KvBias {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

fn check(arch: &ArchSpec) -> Result<()> {
    if arch.kv_bias == KvBias::None {
        return Ok(());
    }
    let alone = arch.kv_bias == KvBias::Key;
    let other = if arch.sink_logits {
        "`sink_logits` is true: each has a score beside those of the keys"
    } else if arch.attention == Attention::SoftmaxOne {
        "`attention` is softmax-one: each has a score beside those of the keys"
    } else if alone && arch.attention == Attention::Sigmoid {
        "`attention` is sigmoid: a key without value changes no other weight"
    } else {
        return Ok(());
    };
    let allowed = format!("none where {other}");
    Err(Error::range("arch.kv_bias", arch.kv_bias.word(), allowed))
}
