//! Names of tensors without what wrappers of modules add to them.

/// Parts of a name that only wrappers add, at any position: `torch.compile`, FSDP (and as fairscale
/// had it), activation checkpointing, Lightning Fabric.
const WRAPPERS: [&str; 5] = [
    "_orig_mod",
    "_fsdp_wrapped_module",
    "_fpw_module",
    "_checkpoint_wrapped_module",
    "_forward_module",
];
/// What data parallel training puts before every name. A module may be called so too, so that it is
/// taken off only where all names begin with it.
const PARALLEL: &str = "module.";

/// Names without wrappers, in the order of `stored`, and what was taken out of them.
pub(super) fn unwrapped(stored: &[&str]) -> (Vec<String>, Vec<&'static str>) {
    let mut taken: Vec<_> = WRAPPERS
        .into_iter()
        .filter(|wrapper| stored.iter().any(|name| has(name, wrapper)))
        .collect();
    let plain = |name: &&str| {
        let parts = name.split('.').filter(|part| !WRAPPERS.contains(part));
        parts.collect::<Vec<_>>().join(".")
    };
    let mut names: Vec<String> = stored.iter().map(plain).collect();
    while all_begin(&names) {
        names.iter_mut().for_each(|name| {
            if let Some(rest) = name.strip_prefix(PARALLEL) {
                *name = rest.into();
            }
        });
        if !taken.contains(&"module") {
            taken.push("module");
        }
    }
    (names, taken)
}

fn has(name: &str, wrapper: &str) -> bool {
    name.split('.').any(|part| part == wrapper)
}

/// Whether all names of a tensor in a module begin with [`PARALLEL`]. What has no dot in its name was
/// put beside the model.
fn all_begin(names: &[String]) -> bool {
    let mut of_modules = names.iter().filter(|name| name.contains('.')).peekable();
    of_modules.peek().is_some() && of_modules.all(|name| name.starts_with(PARALLEL))
}

#[cfg(test)]
mod tests {
    use super::unwrapped;

    #[test]
    fn wrappers_are_taken_out_and_names_stay() {
        for (stored, names, taken) in [
            (&["a.b", "c"][..], &["a.b", "c"][..], &[][..]),
            (&["_orig_mod.a.b"], &["a.b"], &["_orig_mod"]),
            (
                &["module.a.b", "module.c", "loss"],
                &["a.b", "c", "loss"],
                &["module"],
            ),
            (&["module.a.b", "head.c"], &["module.a.b", "head.c"], &[]),
            (
                &["_orig_mod.module.module.a.0._checkpoint_wrapped_module.b"],
                &["a.0.b"],
                &["_orig_mod", "_checkpoint_wrapped_module", "module"],
            ),
            (&["my_orig_mod.a"], &["my_orig_mod.a"], &[]),
            (&["loss"], &["loss"], &[]),
        ] {
            let (found, out) = unwrapped(stored);
            assert_eq!(
                (found.iter().map(String::as_str).collect::<Vec<_>>(), &*out),
                (names.to_vec(), taken)
            );
        }
    }
}
