//! What recipes add: a rate that decides everything, runs of two lengths, and corpora.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use outcrop_arch::ArchSpec;
use outcrop_core::{Fit, NamedArch, Trajectory};
use outcrop_predict::{
    Conclusion, Feature, PredictOptions, Predictor, Protocol, Recipe, Regressor, Table,
    TableSource, Target, evaluate,
};

const MODELS: usize = 24;

fn arch(i: usize) -> ArchSpec {
    ArchSpec::new(1 + i % 3, 32 * (1 + i % 5), [1, 2, 4][i % 3 * i % 3])
}

/// Rates, lengths and corpora that no number of the architecture tells.
fn recipe(i: usize) -> Recipe {
    Recipe {
        corpus: ["one", "two"][i / 2 % 2].into(),
        vocab: Some([64, 256][i / 2 % 2]),
        bigram_entropy: Some([2.0, 3.0][i / 2 % 2]),
        steps: [300, 1000][i / 4 % 2],
        learning_rate: [1e-3, 3e-3, 1e-2][i * i % 7 % 3],
        ..Recipe::default()
    }
}

/// ln ratio = 1 + ln(rate / 1e-3) ln(1 + step) / 7 in all layers.
fn ln_ratio(recipe: &Recipe, step: u64) -> f64 {
    1.0 + (recipe.learning_rate / 1e-3).ln() * (step as f64).ln_1p() / 7.0
}

fn source() -> TableSource {
    let mut source = TableSource::default();
    for i in 0..MODELS {
        let (model, arch, recipe) = (format!("m{i}"), arch(i), recipe(i));
        for layer in 1..=arch.layers as u32 {
            source.fits.push(Fit {
                model: model.clone(),
                layer,
                hypothesis: "emergence".into(),
                quantities: [("f_last", ln_ratio(&recipe, recipe.steps).exp())].into(),
                ..Fit::default()
            });
            let steps = [0, 1, 10, 100, 300, 600, 1000];
            let steps: Vec<u64> = steps.into_iter().filter(|s| *s <= recipe.steps).collect();
            source.trajectories.push(Trajectory {
                model: model.clone(),
                layer,
                stage: None,
                ratios: steps.iter().map(|s| ln_ratio(&recipe, *s).exp()).collect(),
                steps,
                sem: Vec::new(),
            });
        }
        source.archs.push(NamedArch {
            model: model.clone(),
            arch,
        });
        source.recipes.push((model, recipe));
    }
    source
}

fn table(with_recipes: bool) -> Table {
    let mut source = source();
    if !with_recipes {
        source.recipes.clear();
    }
    Table::from_sources(&[source]).unwrap()
}

#[test]
fn what_the_rate_decides_is_found_where_recipes_are_known() {
    let options = PredictOptions {
        regressors: vec![Regressor::Shape, Regressor::DepthProfile],
        ..PredictOptions::default()
    };
    let of = |with_recipes| evaluate(&table(with_recipes), &options).unwrap();
    let (known, unknown) = (of(true), of(false));
    let verdict = |e: &outcrop_predict::Evaluation| {
        let v = &e.verdicts[0];
        (v.conclusion, v.q2.unwrap())
    };
    let (conclusion, q2) = verdict(&known);
    assert_eq!(conclusion, Conclusion::Signal);
    assert!(q2 > 0.8, "{q2}");
    let (conclusion, q2) = verdict(&unknown);
    assert_eq!(conclusion, Conclusion::NoSignal);
    assert!(q2 < 0.3, "{q2}");
    let out = |e: &outcrop_predict::Evaluation| {
        let name = Protocol::LeaveOneCorpusOut.name();
        e.scores.iter().filter(|s| s.protocol == name).count()
    };
    assert_eq!((out(&known), out(&unknown)), (2, 0));
}

/// Long runs teach what lies behind the end of the short ones, and curves end with the recipe.
#[test]
fn curves_go_as_far_as_the_recipe() {
    let options = PredictOptions::default();
    let predictor = Predictor::train(&table(true), Regressor::Shape, &options).unwrap();
    assert_eq!(predictor.last_step(), Some(1000.0));
    let arch = ArchSpec::new(2, 80, 2);
    for steps in [300, 650, 1000] {
        let recipe = Recipe {
            learning_rate: 5e-3,
            steps,
            ..recipe(0)
        };
        let predicted = predictor.predict_run("new", &arch, Some(&recipe), Some(0.8));
        let predicted = predicted.unwrap();
        assert_eq!(predicted.measured(), Some([0.0, steps as f64]));
        assert!(predicted.curves(&[0.0, steps as f64 + 1.0]).is_err());
        for point in predicted.curves(&[0.0, 100.0, steps as f64]).unwrap() {
            let truth = ln_ratio(&recipe, point.step as u64);
            let off = (point.value.ln() - truth).abs();
            assert!(off < 0.25, "{steps}: {point:?} {truth}");
            assert!(point.value_lo.unwrap() < point.value && point.value < point.value_hi.unwrap());
        }
    }
}

/// Without a recipe the most frequent one counts; where models have none, none matters.
#[test]
fn a_recipe_that_is_not_given_is_the_usual_one() {
    let options = PredictOptions::default();
    let arch = ArchSpec::new(2, 80, 2);
    let predictor = Predictor::train(&table(true), Regressor::Shape, &options).unwrap();
    let usual = predictor.origin().usual_recipe().unwrap().clone();
    let given = predictor.predict_run("m", &arch, Some(&usual), None);
    assert_eq!(given.unwrap(), predictor.predict("m", &arch).unwrap());
    let counts = predictor.origin().recipes.iter().map(|(_, count)| *count);
    assert_eq!(counts.sum::<usize>(), MODELS);
    let far = Recipe {
        learning_rate: 1.0,
        ..usual.clone()
    };
    let predicted = predictor.predict_run("m", &arch, Some(&far), None).unwrap();
    let said: Vec<String> = predicted.outside.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        ["learning_rate = 1 lies outside the training range 0.001 to 0.01, 100 times its largest"]
    );
    // what is not known of a corpus counts as the mean, and is not outside
    let foreign = Recipe {
        vocab: None,
        bigram_entropy: None,
        ..usual.clone()
    };
    let predicted = predictor.predict_run("m", &arch, Some(&foreign), None);
    assert!(predicted.unwrap().outside.is_empty());

    let blind = Predictor::train(&table(false), Regressor::Shape, &options).unwrap();
    let given = blind.predict_run("m", &arch, Some(&usual), None).unwrap();
    assert_eq!(given, blind.predict("m", &arch).unwrap());
    let again = Predictor::from_text(&predictor.to_text().unwrap()).unwrap();
    assert_eq!(
        again.predict("m", &arch).unwrap(),
        predictor.predict("m", &arch).unwrap()
    );
}

/// A number of a recipe that one model lacks is no feature for any.
#[test]
fn what_one_model_lacks_is_left_out() {
    let mut source = source();
    source.recipes.pop();
    let table = Table::from_sources(&[source]).unwrap();
    let options = PredictOptions::default();
    let predictor = Predictor::train(&table, Regressor::Shape, &options).unwrap();
    assert!(predictor.origin().recipes.is_empty());
    let seen = predictor.seen(Target::LnFLast);
    assert!(seen.contains(&Feature::LnWidth));
    assert!(
        seen.iter().all(|f| !Feature::RECIPE.contains(f)),
        "{seen:?}"
    );
}

/// Only runs of one corpus are long. Ratios of the other go on from where its short runs end, e higher, not from the level of the
/// long runs.
#[test]
fn a_corpus_without_long_runs_keeps_its_level() {
    let level = |recipe: &Recipe| f64::from(u8::from(recipe.corpus == "two"));
    let ln_ratio = |recipe: &Recipe, step: u64| 1.0 + level(recipe) + (step as f64).ln_1p() / 7.0;
    let mut source = source();
    for (place, (model, recipe)) in source.recipes.iter_mut().enumerate() {
        recipe.steps = if level(recipe) == 0.0 && place % 3 > 0 {
            1000
        } else {
            300
        };
        recipe.learning_rate = 1e-2;
        for fit in source.fits.iter_mut().filter(|fit| fit.model == *model) {
            fit.quantities = [("f_last", ln_ratio(recipe, recipe.steps).exp())].into();
        }
        for run in source.trajectories.iter_mut().filter(|t| t.model == *model) {
            run.steps = vec![0, 1, 10, 100, 300, 500, 700, 1000];
            run.steps.retain(|step| *step <= recipe.steps);
            run.ratios = run
                .steps
                .iter()
                .map(|s| ln_ratio(recipe, *s).exp())
                .collect();
        }
    }
    let long = Recipe {
        steps: 1000,
        ..source.recipes[2].1.clone()
    };
    assert_eq!(long.corpus, "two");
    let table = Table::from_sources(&[source]).unwrap();
    let predictor = Predictor::train(&table, Regressor::Shape, &PredictOptions::default()).unwrap();
    let arch = ArchSpec::new(2, 80, 2);
    let predicted = predictor
        .predict_run("new", &arch, Some(&long), Some(0.8))
        .unwrap();
    for point in predicted.curves(&[300.0, 400.0, 700.0, 1000.0]).unwrap() {
        let truth = ln_ratio(&long, point.step as u64);
        assert!((point.value.ln() - truth).abs() < 0.25, "{point:?} {truth}");
    }
    // the summary is that of the curve
    let last = predicted.layers[0].value(Target::LnFLast).unwrap();
    assert!((last - ln_ratio(&long, 1000)).abs() < 0.25, "{last}");
}
