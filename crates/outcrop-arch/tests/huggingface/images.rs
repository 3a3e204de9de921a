//! Models of images: sizes that are published, and what agrees with what.

use outcrop_arch::{
    ArchSpec, CLIP_VISION, DINOV2_WITH_REGISTERS, Family, Patches, Position, VIT, Window,
};
use serde_json::{Value, json};

use crate::fixtures::parse;

/// google/vit-base-patch16-224.
fn vit_base() -> Value {
    json!({
        "model_type": "vit", "architectures": ["ViTForImageClassification"], "hidden_size": 768, "num_hidden_layers": 12,
        "num_attention_heads": 12, "intermediate_size": 3072, "hidden_act": "gelu", "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0, "initializer_range": 0.02, "layer_norm_eps": 1e-12, "image_size": 224,
        "patch_size": 16, "num_channels": 3, "qkv_bias": true,
    })
}

/// facebook/dinov2-with-registers-small.
fn dinov2_small() -> Value {
    json!({
        "model_type": "dinov2_with_registers", "architectures": ["Dinov2WithRegistersModel"], "hidden_size": 384,
        "num_hidden_layers": 12, "num_attention_heads": 6, "mlp_ratio": 4, "hidden_act": "gelu", "layer_norm_eps": 1e-6,
        "image_size": 518, "patch_size": 14, "num_channels": 3, "qkv_bias": true, "layerscale_value": 1.0,
        "drop_path_rate": 0.0, "use_swiglu_ffn": false, "num_register_tokens": 4, "apply_layernorm": true,
        "reshape_hidden_states": true, "out_features": ["stage12"], "out_indices": [12], "stage_names": ["stem"],
        "interpolate_antialias": true, "interpolate_offset": 0.0,
    })
}

/// The vision tower of openai/clip-vit-large-patch14.
fn clip_large() -> Value {
    json!({
        "model_type": "clip_vision_model", "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16,
        "intermediate_size": 4096, "image_size": 224, "patch_size": 14, "projection_dim": 768, "dropout": 0.0,
        "hidden_act": "quick_gelu", "layer_norm_eps": 1e-5, "initializer_factor": 1.0,
    })
}

/// Bodies without pooler and head, as timm counts them: 85.8, 22.1 and 303.2 million.
#[test]
fn published_models_have_the_parameters_that_are_published() {
    let models: [(Value, &Family, u64, [usize; 2]); 3] = [
        (vit_base(), &VIT, 85_798_656, [1, 196]),
        (
            dinov2_small(),
            &DINOV2_WITH_REGISTERS,
            22_057_728,
            [5, 1369],
        ),
        (clip_large(), &CLIP_VISION, 303_179_776, [1, 256]),
    ];
    for (config, family, parameters, positions) in models {
        let read = parse(&config).unwrap();
        assert_eq!(read.family, family);
        assert_eq!(read.arch.parameters().total, parameters, "{family}");
        assert_eq!([read.arch.leading(), read.arch.context], positions);
        let json = read.arch.canonical_json().unwrap();
        let back: ArchSpec = serde_json::from_str(&json).unwrap();
        assert_eq!(back, read.arch);
        assert!(read.arch.to_huggingface().is_none());
    }
}

/// Files of the body alone, and those of a model with a head, whose pooler and head are left out.
#[test]
fn tensors_have_the_names_of_files() {
    let arch = parse(&vit_base()).unwrap().arch;
    let names = VIT.tensors(&arch).unwrap();
    let patches = "embeddings.patch_embeddings.projection.weight";
    for name in [
        patches,
        "encoder.layer.11.output.dense.bias",
        "layernorm.weight",
    ] {
        let standard = VIT.standard_name(name).unwrap();
        assert_eq!(standard, format!("vit.{name}"));
        assert!(names.iter().any(|tensor| tensor.name == standard), "{name}");
        assert_eq!(VIT.standard_name(&standard).unwrap(), standard);
    }
    for name in [
        "classifier.weight",
        "vit.pooler.dense.bias",
        "embeddings.mask_token",
    ] {
        assert_eq!(VIT.standard_name(name), None);
    }
    // transformers 5 leaves out the prefix that older versions write
    for name in ["", "vision_model."] {
        let standard = CLIP_VISION.standard_name(&format!("{name}pre_layrnorm.bias"));
        assert_eq!(standard.unwrap(), "vision_model.pre_layrnorm.bias");
    }
    let of = |name: &str| names.iter().find(|tensor| tensor.name == name).unwrap();
    let projection = of(&format!("vit.{patches}"));
    assert!(projection.fits(&[768, 3, 16, 16]) && projection.fits(&[768, 768]));
    assert!(!projection.fits(&[768, 3, 16, 15]) && !projection.fits(&[16, 3, 16, 768]));
    let positions = of("vit.embeddings.position_embeddings");
    assert!(positions.fits(&[1, 197, 768]) && !positions.fits(&[1, 768, 197]));
    let query = of("vit.encoder.layer.0.attention.attention.query.weight");
    assert!(query.fits(&[768, 768]) && !query.fits(&[1, 768, 768]));
}

#[test]
fn switches_of_images_must_agree() {
    let images = parse(&vit_base()).unwrap().arch;
    let window = Some(Window {
        width: 4,
        layers: vec![1],
    });
    let rotary = Position::Rotary {
        fraction: 1.0,
        base: 1e4,
    };
    let numbers = images.patches.map(|patches| Patches {
        numbers: 0,
        ..patches
    });
    let wrong = [
        (
            ArchSpec {
                bidirectional: false,
                ..images.clone()
            },
            "arch.bidirectional",
        ),
        (
            ArchSpec {
                window,
                ..images.clone()
            },
            "arch.bidirectional",
        ),
        (
            ArchSpec {
                position: Position::Alibi,
                ..images.clone()
            },
            "arch.bidirectional",
        ),
        (
            ArchSpec {
                position: rotary,
                ..images.clone()
            },
            "arch.position",
        ),
        (
            ArchSpec {
                tied: true,
                ..images.clone()
            },
            "arch.tied",
        ),
        (
            ArchSpec {
                patches: numbers,
                ..images.clone()
            },
            "arch.patches.numbers",
        ),
    ];
    for (arch, field) in wrong {
        let error = arch.check().unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    }
}
