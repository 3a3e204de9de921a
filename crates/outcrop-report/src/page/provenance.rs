use outcrop_core::Provenance;

use super::html::escape;

/// Where the numbers come from, as a list of terms.
pub(super) fn provenance(p: &Provenance) -> String {
    let optional = |name: &str, value: &Option<String>| {
        let value = value.clone().unwrap_or_else(|| "not recorded".into());
        item(name, &value)
    };
    let version = if p.version.is_empty() {
        "not recorded"
    } else {
        &p.version
    };
    let mut list = item("Outcrop version", version);
    list += &optional("git revision", &p.git_revision);
    list += &optional("command", &p.command);
    list += &optional("backend", &p.backend);
    list += &optional("seed", &p.seed.map(|s| s.to_string()));
    list += &optional("spec, SHA-256", &p.spec_sha256);
    if let Some(corpus) = &p.corpus_sha256 {
        list += &item("corpus, SHA-256", corpus);
    }
    for (name, hash) in &p.inputs_sha256 {
        list += &item(&format!("{name}, SHA-256"), hash);
    }
    format!("<dl>\n{list}</dl>\n{SOURCE}")
}

fn item(name: &str, value: &str) -> String {
    let (name, value) = (escape(name), escape(value));
    format!("<dt>{name}</dt><dd><code>{value}</code></dd>\n")
}

const SOURCE: &str = "<p class=\"other\">Method, curve and published values: &#8220;Hidden \
    Dynamics of Massive Activations in Transformer Training&#8221;, arXiv 2508.03616. Figures and \
    page: Outcrop.</p>\n";
