//! What is saved is read back bit for bit, and what is damaged or of another format is refused.

#![expect(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

mod simulate;

use outcrop_arch::ArchSpec;
use outcrop_predict::{Error, Feature, PredictOptions, Predictor, Regressor, Table};
use simulate::{Truth, archs, fits};

fn predictor(regressor: Regressor) -> Predictor {
    let truth = Truth {
        architecture: 1.0,
        model: 0.3,
        depth: 0.5,
    };
    let small = |model: &str| ["14m", "70m", "160m", "1b"].contains(&model);
    let mut fits = fits(&truth, 3);
    fits.retain(|f| small(&f.model));
    let table = Table::new(&archs(), &fits).unwrap();
    Predictor::train(&table, regressor, &PredictOptions::paper()).unwrap()
}

#[test]
fn every_regressor_is_read_back_to_the_bit() {
    let archs = [ArchSpec::pythia("31m"), ArchSpec::pythia("410m")].map(|a| a.unwrap());
    for regressor in Regressor::ALL {
        let predictor = predictor(regressor);
        let again = Predictor::from_text(&predictor.to_text().unwrap()).unwrap();
        for arch in &archs {
            let [one, two] = [&predictor, &again].map(|p| p.predict("new", arch).unwrap());
            for (a, b) in one.rows().iter().zip(two.rows()) {
                assert_eq!(a.predicted.to_bits(), b.predicted.to_bits(), "{regressor}");
            }
            assert_eq!(one.layers.len(), two.layers.len());
        }
    }
}

#[test]
fn another_format_is_named() {
    let text = predictor(Regressor::Ridge).to_text().unwrap();
    let newer = text.replacen("\"outcrop_predictor\":6", "\"outcrop_predictor\":7", 1);
    let said = Predictor::from_text(&newer).err().unwrap().to_string();
    for part in [
        "of format 7",
        "reads format 6;",
        "`outcrop predict --retrain RESULTS --save FILE`",
    ] {
        assert!(said.contains(part), "{said}");
    }
    let unsigned = "{\"outcrop_predictor\":0}";
    assert!(matches!(
        Predictor::from_text(unsigned),
        Err(Error::Format { found: 0, .. })
    ));
}

#[test]
fn a_damaged_file_is_an_error_and_no_panic() {
    for regressor in [Regressor::KernelRidge, Regressor::GradientBoosting] {
        let text = predictor(regressor).to_text().unwrap();
        for cut in (0..text.len() - 1).step_by(text.len() / 40) {
            assert!(Predictor::from_text(&text[..cut]).is_err(), "{cut}");
            let mut bytes = text.clone().into_bytes();
            bytes[cut] = if bytes[cut] == b'7' { b'3' } else { b'7' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(Predictor::from_text(&changed).is_err(), "{cut}");
        }
    }
    for text in ["", "\n", "{}", "not a predictor"] {
        assert!(Predictor::from_text(text).is_err());
    }
}

/// The hash is of what is learned from: the same for the same data in another order of fits, another
/// where one number, one name or one architecture differs.
#[test]
fn the_origin_is_saved_and_tells_tables_apart() {
    let truth = Truth {
        architecture: 1.0,
        model: 0.3,
        depth: 0.5,
    };
    let fits = fits(&truth, 3);
    let trained = |archs: &[outcrop_core::NamedArch], fits: &[outcrop_core::Fit]| {
        let table = Table::new(archs, fits).unwrap();
        let predictor =
            Predictor::train(&table, Regressor::Mean, &PredictOptions::default()).unwrap();
        predictor.dated("2026-11-25").unwrap()
    };
    let predictor = trained(&archs(), &fits);
    let again = Predictor::from_text(&predictor.to_text().unwrap()).unwrap();
    let origin = again.origin();
    assert_eq!(origin, predictor.origin());
    assert_eq!(origin.date.as_deref(), Some("2026-11-25"));
    assert_eq!((origin.rows, origin.architectures), (188, 9));
    assert_eq!((origin.models[0].as_str(), origin.models.len()), ("14m", 9));
    let width = origin
        .ranges
        .iter()
        .find(|r| r.feature == Feature::Width)
        .unwrap();
    assert_eq!((width.low, width.high), (128.0, 5120.0));

    let reversed: Vec<_> = fits.iter().rev().cloned().collect();
    assert_eq!(trained(&archs(), &reversed).origin(), origin);
    let mut other = fits.clone();
    let later = other[100].value("t_half").map(|t| 1.001 * t);
    other[100].quantities.set_value("t_half", later);
    assert_ne!(
        trained(&archs(), &other).origin().data_sha256,
        origin.data_sha256
    );
    let mut wider = archs();
    wider[2].arch.d_ff *= 2;
    assert_ne!(
        trained(&wider, &fits).origin().data_sha256,
        origin.data_sha256
    );
}
