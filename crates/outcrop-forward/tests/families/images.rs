//! Models of images: patches that are given, what is refused, and which position is what.

use outcrop_arch::HuggingFace;
use outcrop_forward::{
    Error, LogitLens, Published, forward, forward_patches, measure, next_token_loss, random_patch,
};

use crate::case::Case;
use crate::transformers::cases;

fn images() -> Vec<(String, Case)> {
    let all = cases().into_iter();
    all.filter(|(_, case)| case.loss.is_empty()).collect()
}

fn model(case: &Case) -> (tempfile::TempDir, Published) {
    let folder = tempfile::tempdir().unwrap();
    case.write(folder.path());
    let model = Published::open(folder.path()).unwrap();
    (folder, model)
}

#[test]
fn patches_that_are_given_are_those_that_ids_name() {
    for (name, case) in images() {
        let (_folder, model) = model(&case);
        let numbers = model.arch().patches.unwrap().numbers;
        let image = |ids: &Vec<u32>| -> Vec<f32> {
            let patches = ids.iter().map(|id| random_patch(*id, numbers));
            patches.collect::<Vec<_>>().concat()
        };
        let given: Vec<Vec<f32>> = case.ids.iter().map(image).collect();
        let [mut ours, mut named] = [Vec::new(), Vec::new()];
        let mut hook = |_: usize, _: usize, hidden: &mut [f32]| ours.push(hidden.to_vec());
        forward_patches(&model, &given, &mut hook).unwrap();
        let mut hook = |_: usize, _: usize, hidden: &mut [f32]| named.push(hidden.to_vec());
        forward(&model, &case.ids, &mut hook).unwrap();
        assert_eq!(ours, named, "{name}");
        let rows = model.arch().leading() + model.arch().context;
        assert!(ours.iter().all(|x| x.len() == rows * model.arch().d_model));
    }
}

/// Numbers have mean 0 and variance 1, as far as 12,000 of them say.
#[test]
fn random_patches_are_normalised() {
    let numbers: Vec<f64> = (0..250)
        .flat_map(|id| random_patch(id, 48).into_iter().map(f64::from))
        .collect();
    let n = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / n;
    let square = numbers.iter().map(|x| x * x).sum::<f64>() / n;
    assert!(mean.abs() < 4.0 / n.sqrt() && (square - 1.0).abs() < 4.0 / n.sqrt());
}

/// The class token, registers, patches: the last alone have ids.
#[test]
fn rows_of_a_measurement_name_patches() {
    let (mut patches, mut others) = (0, 0);
    let (mut cases, mut widened) = (images(), Vec::new());
    let of_dino = cases.iter().filter(|(name, _)| name.starts_with("dinov2"));
    for end in ["cls_token", "register_tokens"] {
        let wide = of_dino.clone().map(|(name, case)| {
            let mut case = case.clone();
            case.widen(end, 1e4);
            (name.clone(), case)
        });
        widened.extend(wide);
    }
    cases.extend(widened);
    for (_, case) in cases {
        let (_folder, model) = model(&case);
        let measured = measure(&model, &case.ids, ("tiny", 0), true, &mut |_, _| {}).unwrap();
        for row in &measured.rows {
            let ids = &case.ids[row.sequence as usize];
            for (top, token) in row.stats.top.iter().zip(row.detail.tokens) {
                let position = top.unwrap().place.position as usize;
                match position.checked_sub(model.arch().leading()) {
                    Some(patch) => assert_eq!(token, Some(ids[patch])),
                    None => assert_eq!(token, None),
                }
                patches += usize::from(token.is_some());
                others += usize::from(token.is_none());
            }
        }
        let rate = measured.sinks.unwrap().rate().unwrap();
        assert!((0.0..=1.0).contains(&rate));
    }
    assert!(patches > 50 && others > 5, "{patches} {others}");
}

/// Attention to all positions: the weights of every query add up to 1, on later keys too.
#[test]
fn every_position_sees_all_others() {
    struct Weights(usize);
    impl outcrop_forward::Hook for Weights {
        fn attention(&mut self, _: usize, _: usize, given: &outcrop_forward::AttentionWeights<'_>) {
            let mut weights = Vec::new();
            for head in 0..given.heads() {
                given.weights(head, &mut weights);
                for row in weights.chunks(given.tokens()) {
                    assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5);
                    assert!(row.iter().all(|weight| *weight > 0.0));
                    self.0 += 1;
                }
            }
        }
        fn residual(&mut self, _: usize, _: usize, _: &mut [f32]) {}
    }
    let mut seen = Weights(0);
    for (_, case) in images()
        .into_iter()
        .filter(|(name, _)| name.ends_with("many-patches"))
    {
        let (_folder, model) = model(&case);
        forward(&model, &case.ids, &mut seen).unwrap();
    }
    assert!(seen.0 > 1000);
}

#[test]
fn what_a_model_of_images_lacks_is_refused_by_name() {
    let all = images();
    let (_, case) = all.iter().find(|(name, _)| name == "vit-plain").unwrap();
    let (_folder, model) = model(case);
    let loss = next_token_loss(&model, &case.ids, &mut ()).unwrap_err();
    assert!(matches!(loss, Error::Images), "{loss}");
    assert!(matches!(LogitLens::new(&model), Err(Error::Images)));
    let short = [case.ids[0][1..].to_vec()];
    let error = forward(&model, &short, &mut ()).unwrap_err().to_string();
    assert!(error.contains("24 tokens; allowed is 25 to 25"), "{error}");
    let error = forward_patches(&model, &[vec![0.0; 48]], &mut ()).unwrap_err();
    assert!(
        error.to_string().contains("48 numbers; allowed are 1200"),
        "{error}"
    );
    for (name, setting, value) in [
        ("dinov2-plain", "use_swiglu_ffn", serde_json::json!(true)),
        ("dinov2-plain", "image_size", serde_json::json!([20, 24])),
        ("vit-plain", "patch_size", serde_json::json!(0)),
        ("vit-plain", "hidden_act", serde_json::json!("mish")),
        ("vit-plain", "register_count", serde_json::json!(4)),
    ] {
        let mut config = all
            .iter()
            .find(|(n, _)| n == name)
            .unwrap()
            .1
            .config
            .clone();
        config[setting] = value;
        let error = HuggingFace::parse(&config.to_string(), "config.json").unwrap_err();
        assert!(error.to_string().contains(setting), "{error}");
    }
}

/// Logits are not given, weights of attention to later positions have no rows, all else has numbers.
#[cfg(feature = "observe")]
#[test]
fn observables_of_images_are_those_without_logits_and_causal_weights() {
    use outcrop_forward::{ObserveOptions, observe_checkpoint};

    let all = images();
    let (_, case) = all
        .iter()
        .find(|(name, _)| name == "dinov2_with_registers-plain")
        .unwrap();
    let (_folder, model) = model(case);
    let names = "write,attention_entropy,attention_received,logit_lens,channel_maxima";
    let observables = outcrop_observe::select(names).unwrap();
    let options = ObserveOptions {
        observables,
        ..ObserveOptions::default()
    };
    let seen = observe_checkpoint(&model, &case.ids, ("tiny", 0), false, &options);
    let rows = seen.unwrap().1;
    assert!(rows.iter().all(|row| row.place != "attention-weights"));
    let written = rows
        .iter()
        .filter(|row| row.observable == "write_over_stream");
    let values: Vec<_> = written.map(|row| row.value).collect();
    assert_eq!(values.len(), 2 * model.arch().layers, "attention and MLP");
    assert!(values.iter().all(Option::is_some), "{values:?}");
}
