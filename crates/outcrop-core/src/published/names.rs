//! The names of the files and folders of the data set.

use std::path::Path;

/// What a file of the data set holds, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum File {
    /// `exp2_pythia_<size>_step<N>`: the top 3 and median of each sequence and layer at one step.
    Stats { size: String, step: u64 },
    /// `layer_fit_params_<quantity>.json`: the fits of each layer.
    Params { quantity: Quantity },
}

/// What was fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Quantity {
    Ratio,
    Top1,
    Median,
}

const QUANTITIES: [(&str, Quantity); 3] = [
    ("ratio", Quantity::Ratio),
    ("top1", Quantity::Top1),
    ("median", Quantity::Median),
];

/// What the file named `name` holds; none for other names. The name of statistics may lack `exp2_`
/// and have an extension.
pub(super) fn file(name: &str) -> Option<File> {
    if let Some(rest) = name.strip_prefix("layer_fit_params_") {
        let stem = rest.strip_suffix(".json")?;
        let (_, quantity) = QUANTITIES.iter().find(|(known, _)| *known == stem)?;
        return Some(File::Params {
            quantity: *quantity,
        });
    }
    let name = name.strip_prefix("exp2_").unwrap_or(name);
    let (size, step) = name.strip_prefix("pythia_")?.rsplit_once("_step")?;
    let digits = step.split('.').next()?;
    let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let step = digits.parse().ok().filter(|step| *step <= 1 << 53)?;
    (all_digits && is_size(size)).then(|| File::Stats {
        size: size.to_lowercase(),
        step,
    })
}

/// The size that a folder `pythia_<size>` is of.
pub(super) fn size_of(folder: &str) -> Option<String> {
    let size = folder.strip_prefix("pythia")?.strip_prefix(['_', '-'])?;
    is_size(size).then(|| size.to_lowercase())
}

/// The size of the nearest folder above `path`.
pub(super) fn size_above(path: &Path) -> Option<String> {
    let folders = path.ancestors().skip(1);
    folders
        .filter_map(Path::file_name)
        .find_map(|name| size_of(name.to_str()?))
}

fn is_size(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// Orders sizes by their number of parameters, others behind them by name.
pub(super) fn order(size: &str) -> (u64, String) {
    let in_units = |unit, thousands: f64| {
        let number: f64 = size.strip_suffix(unit)?.parse().ok()?;
        Some((number * thousands) as u64)
    };
    let thousands = in_units('m', 1e3).or_else(|| in_units('b', 1e6));
    (thousands.unwrap_or(u64::MAX), size.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        let stats = |size: &str, step| {
            Some(File::Stats {
                size: size.into(),
                step,
            })
        };
        assert_eq!(file("exp2_pythia_1.4b_step143000"), stats("1.4b", 143_000));
        assert_eq!(file("pythia_1b_step0.txt"), stats("1b", 0));
        let quantity = Quantity::Top1;
        assert_eq!(
            file("layer_fit_params_top1.json"),
            Some(File::Params { quantity })
        );
        for other in [
            "exp2_pythia_14m_step",
            "exp2_pythia_14m_step1k",
            "exp2_pythia_14m_step-1",
            "exp2_pythia__step1",
            "exp2_pythia_14m_step99999999999999999",
            "layer_fit_params_top2.json",
            "layer_fit_params_ratio",
            "measurements.csv",
            "",
        ] {
            assert_eq!(file(other), None, "{other}");
        }
        assert_eq!(size_of("pythia_6.9b"), Some("6.9b".into()));
        assert_eq!(size_of("pythia"), None);
        assert_eq!(
            size_above(Path::new("x/pythia_14m/params/a.json")),
            Some("14m".into())
        );
    }

    #[test]
    fn sizes_are_ordered_by_parameters() {
        let mut sizes = ["odd", "12b", "1b", "410m", "2.8b", "1.4b", "14m", "é"];
        sizes.sort_by_key(|size| order(size));
        assert_eq!(sizes[..6], ["14m", "410m", "1b", "1.4b", "2.8b", "12b"]);
    }
}
