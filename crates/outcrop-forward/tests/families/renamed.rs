//! Families that differ from their base in names of weights only: the models of the base, as files of theirs.

use outcrop_arch::{Family, HuggingFace, TensorName};
use serde_json::json;

use crate::case::Case;

/// The `cases` of the base of `family` under its names; none where more than names may differ.
pub(crate) fn renamed(cases: &[(String, Case)], family: &Family) -> Vec<Case> {
    let Some(base) = family.base.filter(|_| family.renames_only()) else {
        return Vec::new();
    };
    let of_base = cases.iter().map(|(_, case)| case);
    let of_base = of_base.filter(|case| case.model_type() == base.model_type);
    of_base.map(|case| as_of(case, base, family)).collect()
}

/// A case of `base` as one of `family`.
fn as_of(case: &Case, base: &Family, family: &Family) -> Case {
    let mut made = case.clone();
    let HuggingFace { arch, .. } =
        HuggingFace::parse(&case.config.to_string(), "config.json").unwrap();
    let [of_base, of_family] = [base, family].map(|family| family.tensors(&arch).unwrap());
    let same = |a: &TensorName, b: &TensorName| {
        (a.layer, a.role, a.part, a.expert) == (b.layer, b.role, b.part, b.expert)
    };
    for name in case.names() {
        let Some(standard) = base.standard_name(name) else {
            continue;
        };
        let tensor = of_base.iter().find(|t| t.name == standard).unwrap();
        let other = of_family.iter().find(|other| same(tensor, other));
        let other = other.unwrap_or_else(|| panic!("{family} has no tensor alone for `{name}`"));
        let turned = tensor.transposed != other.transposed;
        (made.renamed).insert(name.to_owned(), (other.name.clone(), turned));
    }
    made.config["model_type"] = json!(family.model_type);
    made.config["architectures"] = json!(family.classes[..1]);
    made
}

mod tests {
    use outcrop_arch::{FAMILIES, LLAMA, Layout, TensorRole as R, module};

    use super::*;
    use crate::compare::compare_among;
    use crate::transformers::cases;

    static LAYOUT: Layout = Layout {
        body: "decoder.",
        start: &[module("tokens", &[R::TokenEmbedding])],
        blocks: "blocks",
        block: &[
            module("norm_1", &[R::AttentionNorm]),
            module("attention.q", &[R::Query]),
            module("attention.k", &[R::Key]),
            module("attention.v", &[R::Value]),
            module("attention.out", &[R::AttentionOutput]),
            module("norm_2", &[R::MlpNorm]),
            module("mlp.gate", &[R::MlpGate]),
            module("mlp.up", &[R::MlpUp]),
            module("mlp.down", &[R::MlpDown]),
        ],
        end: &[module("norm", &[R::FinalNorm])],
        head: module("head", &[R::Unembedding]),
        transposed: true,
        ..Layout::NONE
    };

    static LAMA: Family = Family {
        name: "Lama",
        model_type: "lama",
        aliases: &[],
        classes: &["LamaForCausalLM"],
        base: Some(&LLAMA),
        settings: None,
        read: None,
        write: None,
        holds: None,
        layout: Some(&LAYOUT),
    };

    #[test]
    fn a_family_of_other_names_computes_what_its_base_computes() {
        let families: Vec<&'static Family> = FAMILIES.into_iter().chain([&LAMA]).collect();
        let made = renamed(&cases(), &LAMA);
        assert!(made.len() >= 4);
        for case in made {
            assert_eq!(case.model_type(), "lama");
            compare_among(&families, &case).unwrap();
        }
    }

    #[test]
    fn models_are_not_taken_from_a_base_that_differs_in_more() {
        let mistral = FAMILIES.iter().find(|f| f.model_type == "mistral").unwrap();
        assert!(mistral.base.is_some() && renamed(&cases(), mistral).is_empty());
    }
}
