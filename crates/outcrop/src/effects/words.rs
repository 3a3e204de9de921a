use outcrop_core::{EffectScale, RecipeEffect};

/// The quantities of which the words speak, each with its name in them.
const SPOKEN: [(&str, &str); 9] = [
    ("last_ratio", "ratio"),
    ("onset", "onset"),
    ("held_out_loss", "loss"),
    ("int8_loss", "int8 loss"),
    ("kurtosis", "kurtosis"),
    ("sink_rate", "sink rate"),
    ("first_value_norm", "value norm of position 0"),
    ("peak_block", "block of the peak"),
    ("peak_at_position_0", "share of peaks at position 0"),
];

/// What the rows of each variant say, a sentence a variant: `gate: ratio 2.2-fold [1.6, 3.1], loss +0.003 [-0.001, 0.008]`. In
/// brackets is the interval that holds for all variants together; without one, chance cannot be told.
pub(crate) fn words(rows: &[RecipeEffect]) -> Vec<String> {
    let mut variants: Vec<&str> = Vec::new();
    for row in rows {
        if !variants.contains(&row.variant.as_str()) {
            variants.push(&row.variant);
        }
    }
    let sentence = |variant: &&str| {
        let own = |quantity: &str| {
            let mut of = rows.iter().filter(|row| row.variant == *variant);
            of.find(|row| row.quantity == quantity)
        };
        let parts = SPOKEN.iter();
        let mut parts: Vec<String> = parts
            .filter_map(|(quantity, name)| Some(format!("{name} {}", effect(own(quantity)?))))
            .collect();
        parts.extend(blocks(rows, variant));
        format!("{variant}: {}", parts.join(", "))
    };
    variants.iter().map(sentence).collect()
}

/// `2.2-fold [1.6, 3.1]` or `+0.003 [-0.001, 0.008]`.
fn effect(row: &RecipeEffect) -> String {
    let interval = row.lo.zip(row.hi);
    let interval = interval.map_or_else(String::new, |(lo, hi)| match row.scale {
        EffectScale::Factor => format!(" [{}, {}]", short(lo), short(hi)),
        EffectScale::Difference => format!(" [{lo:.3}, {hi:.3}]"),
    });
    match row.scale {
        EffectScale::Factor => format!("{}-fold{interval}", short(row.effect)),
        EffectScale::Difference => format!("{:+.3}{interval}", row.effect),
    }
}

/// Two significant digits, or whole numbers from 100 on.
fn short(x: f64) -> String {
    match x {
        x if x >= 10.0 => format!("{x:.0}"),
        x if x >= 1.0 => format!("{x:.1}"),
        x => format!("{x:.2}"),
    }
}

/// `ratio by block 46 34 29`.
fn blocks(rows: &[RecipeEffect], variant: &str) -> Option<String> {
    let of = rows.iter().filter(|row| row.variant == variant);
    let of = of.filter(|row| row.quantity.starts_with("last_ratio, block "));
    let values: Vec<String> = of.map(|row| format!("{:.0}", row.value)).collect();
    (!values.is_empty()).then(|| format!("ratio by block {}", values.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_says_effects_with_their_intervals() {
        let row = |quantity: &str, scale, effect: f64, ends: Option<[f64; 2]>| RecipeEffect {
            variant: "gate".into(),
            quantity: quantity.into(),
            scale,
            effect,
            value: 46.2,
            lo: ends.map(|ends| ends[0]),
            hi: ends.map(|ends| ends[1]),
            ..RecipeEffect::default()
        };
        let rows = [
            row(
                "held_out_loss",
                EffectScale::Difference,
                0.0031,
                Some([-0.001, 0.008]),
            ),
            row(
                "last_ratio",
                EffectScale::Factor,
                0.125,
                Some([0.083, 12.4]),
            ),
            row("onset", EffectScale::Factor, 1.25, None),
            row("last_ratio, block 1", EffectScale::Factor, 2.0, None),
        ];
        assert_eq!(
            words(&rows),
            [
                "gate: ratio 0.12-fold [0.08, 12], onset 1.2-fold, loss +0.003 [-0.001, 0.008], ratio by block 46"
            ]
        );
    }
}
