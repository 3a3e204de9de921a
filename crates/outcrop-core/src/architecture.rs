//! Architectures in files: TOML whose errors name the line, `config.json` of Hugging Face.

use std::path::Path;

use outcrop_arch::{ArchSpec, HuggingFace};
use serde::{Deserialize, Serialize};

#[cfg(feature = "documents")]
use crate::{Document, read_table};
use crate::{Error, Result, refuse_lfs_pointer};

/// An architecture with the name under which tables mention it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedArch {
    /// Name of the model, as in the `model` column of tables.
    pub model: String,
    /// Its architecture.
    pub arch: ArchSpec,
}

/// Reads an architecture from the fields of a TOML table and checks it; `context` names the file or table in
/// errors.
///
/// # Errors
/// [`Error::UnknownKey`], [`Error::Parse`] and [`Error::Field`] for a missing or mistyped field,
/// [`Error::Arch`] for one out of range.
#[cfg(feature = "documents")]
pub fn read_arch(context: &str, table: &toml::Table) -> Result<ArchSpec> {
    let spec: ArchSpec = read_table(context, table, &outcrop_arch::KEYS)?;
    spec.check()?;
    Ok(spec)
}

/// Reads a `config.json`; see [`HuggingFace::parse`].
///
/// # Errors
/// [`Error::Io`]; [`Error::LfsPointer`] for what Git LFS left in the place of the file; [`Error::Arch`] as
/// [`HuggingFace::parse`].
pub fn read_huggingface(path: &Path) -> Result<HuggingFace> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::io("read", path, e))?;
    refuse_lfs_pointer(path, text.as_bytes())?;
    Ok(HuggingFace::parse(&text, &path.display().to_string())?)
}

/// The SHA-256 of an architecture's [canonical JSON](ArchSpec::canonical_json), by which runs and series know it.
///
/// # Errors
/// [`Error::Arch`] where a number is not finite.
#[cfg(feature = "hashes")]
pub fn arch_sha256(arch: &ArchSpec) -> Result<String> {
    Ok(crate::sha256_hex(arch.canonical_json()?.as_bytes()))
}

#[cfg(feature = "documents")]
impl Document {
    /// The architecture in its section `[arch]`, or in the whole document where it has none.
    ///
    /// ```
    /// use outcrop_core::Document;
    ///
    /// let arch = |text: &str| Document::parse(text, "mine.toml")?.arch();
    /// assert_eq!(arch("layers = 2\nd_model = 64\nheads = 4")?.d_ff, 256);
    /// let wrong = arch("layers = 2\nd_model = 64\nheads = 5").unwrap_err().to_string();
    /// assert!(wrong.contains("mine.toml, line 3") && wrong.contains("heads = 5"));
    /// # Ok::<(), outcrop_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::At`] with the file and line of what [`read_arch`] refuses.
    pub fn arch(&self) -> Result<ArchSpec> {
        let (section, table) = match self.table().get("arch").and_then(|a| a.as_table()) {
            Some(inner) => ("arch", inner),
            None => ("", self.table()),
        };
        read_arch("architecture", table).map_err(|error| {
            let key = error.key().map(str::to_owned);
            self.locate(section, key.as_deref(), error)
        })
    }
}

#[cfg(all(test, feature = "documents", feature = "hashes"))]
mod tests {
    use outcrop_arch::{Activation, Bias, Init, Position, Window};

    use super::*;

    fn from_toml(text: &str) -> Result<ArchSpec> {
        Document::parse(text, "architecture")?.arch()
    }

    #[test]
    fn toml_and_json_print_back() {
        let mut spec = ArchSpec::new(3, 64, 4);
        spec.init = Init::Normal { std: 0.02 };
        spec.activation = Activation::SwiGlu;
        spec.bias = Bias::Qkv;
        spec.qk_norm = outcrop_arch::QkNorm::Head;
        spec.head_dim = Some(24);
        spec.window = Some(Window {
            width: 8,
            layers: vec![1, 3],
        });
        spec.unrotated_layers = vec![2];
        // A number that only an exact reader of JSON gives back.
        let base = 3.9942895337654323e18;
        spec.position = Position::Rotary {
            fraction: 0.5,
            base,
        };
        let text = toml::to_string(&spec).unwrap();
        assert_eq!(from_toml(&text).unwrap(), spec);
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<ArchSpec>(&json).unwrap(), spec);
    }

    #[test]
    fn every_range_is_named() {
        let base = "layers = 2\nd_model = 64\nheads = 4\n";
        for (line, field) in [
            ("kv_heads = 3", "arch.kv_heads"),
            ("head_dim = 0", "arch.head_dim"),
            ("head_dim = 65537", "arch.head_dim"),
            ("vocab = 1", "arch.vocab"),
            ("context = 0", "arch.context"),
            ("norm_eps = 0.0", "arch.norm_eps"),
            (
                "position = { kind = \"rotary\", fraction = 1.5, base = 1e4 }",
                "arch.position.fraction",
            ),
            (
                "position = { kind = \"rotary\", fraction = 0.01, base = 1e4 }",
                "arch.position.fraction",
            ),
            (
                "position = { kind = \"rotary\", fraction = 0.5, base = 0.5 }",
                "arch.position.base",
            ),
            ("init = { kind = \"normal\", std = -1.0 }", "arch.init.std"),
            ("window = { width = 0, layers = [1] }", "arch.window.width"),
            ("window = { width = 4, layers = [] }", "arch.window.layers"),
            (
                "window = { width = 4, layers = [2, 1] }",
                "arch.window.layers",
            ),
            (
                "window = { width = 4, layers = [1, 3] }",
                "arch.window.layers",
            ),
            ("unrotated_layers = [3]", "arch.unrotated_layers"),
            (
                "unrotated_layers = [1]\nposition = { kind = \"alibi\" }",
                "arch.unrotated_layers",
            ),
        ] {
            let error = from_toml(&format!("{base}{line}")).unwrap_err().to_string();
            assert!(
                error.contains(field) && error.contains("allowed"),
                "{line}: {error}"
            );
        }
    }

    /// Runs are found again by these hashes: fields added later must not change them. The digests
    /// are those that `sha256sum` prints of the JSON, which is spelled out for the second.
    #[test]
    fn hashes_stay_what_they_were() {
        let pythia = arch_sha256(&ArchSpec::pythia("70m").unwrap()).unwrap();
        let expected = "7db023f9b6d65a77eadc445aa48286a335d4789f4aa90d77bccd63fd3fab02f7";
        assert_eq!(pythia, expected);
        let json = r#"{"layers":3,"d_model":64,"heads":4,"kv_heads":2,"d_ff":100,"vocab":66,"context":64,"norm":"rms-norm","norm_placement":"pre","norm_eps":0.00001,"residual":"sequential","position":{"kind":"learned"},"attention":"softmax","activation":"relu","tied":true,"bias":false,"init":{"kind":"normal","std":0.02}}"#;
        let spec: ArchSpec = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&spec).unwrap(), json);
        let expected = "8b94f0b6edc6328d3c0c6c54f1b0d869c820d96c8a5b16486cb3bac10dc4c40a";
        assert_eq!(arch_sha256(&spec).unwrap(), expected);
    }

    #[test]
    fn a_head_width_frees_d_model_from_heads_and_the_common_one_is_left_out() {
        let base = "layers = 2\nd_model = 64\nheads = 4\n";
        let common = from_toml(&format!("{base}head_dim = 16")).unwrap();
        assert_eq!(common, from_toml(base).unwrap());
        let wide = from_toml("layers = 2\nd_model = 64\nheads = 5\nhead_dim = 32");
        assert_eq!(wide.unwrap().d_head(), 32);
    }

    #[test]
    fn a_mistyped_value_is_no_panic() {
        for text in [
            "layers = -1\nd_model = 8\nheads = 1",
            "layers = 2",
            "layers = \"two\"",
        ] {
            assert!(from_toml(text).is_err());
        }
    }

    #[test]
    fn each_kind_prints_back_and_another_word_is_refused() {
        let spec = |bias: &str| {
            from_toml(&format!(
                "layers = 1\nd_model = 64\nheads = 2\nbias = {bias}"
            ))
        };
        for (text, bias) in [
            ("true", Bias::All),
            ("\"qkv\"", Bias::Qkv),
            ("\"attention\"", Bias::Attention),
            ("\"mlp\"", Bias::Mlp),
            ("\"output-mlp\"", Bias::OutputMlp),
            ("false", Bias::None),
        ] {
            assert_eq!(spec(text).unwrap().bias, bias);
            assert_eq!(serde_json::to_string(&bias).unwrap(), text);
        }
        let error = spec("\"queries\"").unwrap_err().to_string();
        assert!(
            error.contains("`bias`") && error.contains("\"attention\""),
            "{error}"
        );
        assert!(spec("1").is_err());
    }
}
