//! The dependencies that a `Cargo.toml` declares, by a scan of its lines.

/// The packages named in the tables that `table` accepts (`dependencies`, `dev-dependencies`).
pub(crate) fn dependencies(manifest: &str, table: impl Fn(&str) -> bool) -> Vec<String> {
    let mut names = Vec::new();
    let mut inside = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            let header = header.trim_end_matches(']');
            // `[dependencies]`, `[target.'cfg(unix)'.dependencies]`, `[dependencies.serde]`.
            let last = |path: &str| path.rsplit('.').next().is_some_and(&table);
            inside = last(header);
            if let Some((path, name)) = header.rsplit_once('.')
                && last(path)
            {
                names.push(name.trim_matches('"').to_owned());
            }
        } else if inside && !line.is_empty() && !line.starts_with('#') {
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            names.push(name.trim_matches('"').to_owned());
        }
    }
    names
}

#[test]
fn every_way_to_declare_a_dependency_is_read() {
    let manifest = "[package]\nname = \"x\"\n[dependencies]\na.workspace = true\nb = \"1\"\n# c\n\
        \"d\" = { version = \"1\" }\n[dependencies.e]\nversion = \"1\"\n\
        [target.'cfg(unix)'.dependencies]\nf = \"1\"\n[dev-dependencies]\ng = \"1\"\n[features]\nh = []\n";
    let normal = dependencies(manifest, |table| table == "dependencies");
    assert_eq!(normal, ["a", "b", "d", "e", "f"]);
    assert_eq!(
        dependencies(manifest, |table| table == "dev-dependencies"),
        ["g"]
    );
}
