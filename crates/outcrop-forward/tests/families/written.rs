//! Every family of the list, and those that will join it: architectures that its config can say are written as its
//! checkpoints, opened and run. The right answer is that of the same weights in the layout of our own models.

use std::collections::BTreeMap;
use std::path::Path;

use outcrop_arch::{
    Activation, ArchSpec, Bias, Draw, FAMILIES, Family, HuggingFace, Norm, NormPlacement, OUTCROP,
    Plan, Position, QkNorm, Residual, RotaryPairs, TensorKind, TensorRole, Window,
};
use outcrop_checkpoint::{Tensor, write_tensors};
use outcrop_forward::{Published, forward, next_token_loss};

use crate::case::Case;

/// How many architectures of a family are run.
const RUN: usize = 12;

fn rotary(fraction: f64) -> Position {
    let base = 100.0;
    Position::Rotary { fraction, base }
}

/// What sets one switch to one value.
type Change = Box<dyn Fn(&mut ArchSpec)>;

/// Small architectures that differ in every switch with words and in the shapes of attention.
fn candidates() -> Vec<ArchSpec> {
    let mut all = vec![ArchSpec {
        d_ff: 20,
        vocab: 23,
        context: 9,
        norm_eps: 1e-5,
        ..ArchSpec::new(2, 16, 4)
    }];
    let mut vary = |changes: Vec<Change>| {
        let changed = |arch: &ArchSpec, change: &dyn Fn(&mut ArchSpec)| {
            let mut arch = arch.clone();
            change(&mut arch);
            arch
        };
        let with = |arch: &ArchSpec| {
            changes
                .iter()
                .map(|change| changed(arch, change))
                .collect::<Vec<_>>()
        };
        all = all.iter().flat_map(with).collect();
    };
    fn each<T: Copy + 'static>(values: &[T], set: fn(&mut ArchSpec, T)) -> Vec<Change> {
        let change = |value: &T| -> Change {
            let value = *value;
            Box::new(move |arch| set(arch, value))
        };
        values.iter().map(change).collect()
    }
    vary(each(&Norm::ALL, |a, v| a.norm = v));
    vary(each(&Residual::ALL, |a, v| a.residual = v));
    let activations = [
        Activation::Gelu,
        Activation::Relu2,
        Activation::SwiGlu,
        Activation::GeGluTanh,
    ];
    vary(each(&activations, |a, v| a.activation = v));
    let positions = [rotary(0.5), rotary(1.0), Position::Learned, Position::None];
    vary(each(&positions, |a, v| a.position = v));
    let biases = [Bias::All, Bias::Qkv, Bias::Attention, Bias::None];
    vary(each(&biases, |a, v| a.bias = v));
    vary(each(&[4, 2], |a, v| a.kv_heads = v));
    vary(each(&[QkNorm::None, QkNorm::Head], |a, v| a.qk_norm = v));
    vary(each(&[None, Some(6)], |a, v| a.head_dim = v));
    vary(each(&[false, true], |a, v| a.tied = v));
    vary(each(&[None, Some(&[1, 2][..]), Some(&[2])], |a, layers| {
        let layers = layers.map(<[usize]>::to_vec);
        a.window = layers.map(|layers| Window { width: 3, layers });
    }));
    let rare: Vec<Change> = vec![
        Box::new(|arch| arch.rotary_pairs = RotaryPairs::Neighbours),
        Box::new(|arch| {
            arch.norm_placement = NormPlacement::Peri;
            arch.rotary_pairs = RotaryPairs::Neighbours;
        }),
    ];
    let common = all.clone();
    for change in rare {
        all.extend(common.iter().cloned().map(|mut arch| {
            change(&mut arch);
            arch
        }));
    }
    all
}

/// The architectures of the models that are compared with transformers.
fn of_cases() -> impl Iterator<Item = ArchSpec> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/families/cases");
    let files = std::fs::read_dir(cases)
        .unwrap()
        .map(|file| file.unwrap().path());
    let arch = |path: std::path::PathBuf| {
        let case: Case = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        HuggingFace::parse(&case.config.to_string(), "config.json")
            .unwrap()
            .arch
    };
    files
        .map(arch)
        .filter(|arch| arch.vocab >= 23 && arch.context >= 9)
}

/// The same numbers for one part of a plan, wherever a family keeps them.
fn drawn(
    layer: Option<usize>,
    role: TensorRole,
    kind: TensorKind,
    init: Draw,
    count: usize,
) -> Vec<f32> {
    let name = format!("{layer:?} {role:?} {kind:?}");
    let mut state = name.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    let around = if init == Draw::Ones { 1.0 } else { 0.0 };
    (0..count).map(|_| around + next()).collect()
}

/// Writes the weights of `arch` as a checkpoint of `family`.
fn write(folder: &Path, family: &Family, arch: &ArchSpec) {
    let plan = Plan::new(arch);
    let mut tensors = Vec::new();
    for tensor in family
        .name_parts(&plan)
        .unwrap()
        .iter()
        .filter(|tensor| tensor.required)
    {
        let rows: usize = tensor.spans.iter().map(|span| span.rows).sum();
        let width = tensor.shape.iter().product::<usize>() / (rows + tensor.skipped);
        let mut data = Vec::new();
        for span in &tensor.spans {
            let end = (span.first + span.rows) * width;
            let part = drawn(tensor.layer, span.role, tensor.kind, tensor.init, end);
            let some = &part[span.first * width..];
            data.extend(some.iter().map(|x| x - tensor.offset));
        }
        let experts = tensor.stack.unwrap_or(1);
        let parts = tensor.spans.len() / experts;
        let stored = |rows: &[f32]| {
            let count = rows.len() / width;
            // the row of the plan in the place of a row of the file
            let from = |row: usize| match tensor.interleaved {
                true => row % parts * (count / parts) + row / parts,
                false => row,
            };
            let at = |i: usize| match tensor.transposed {
                true => rows[from(i % count) * width + i / count],
                false => rows[from(i / width) * width + i % width],
            };
            (0..rows.len()).map(at).collect::<Vec<f32>>()
        };
        data = data
            .chunks(rows * width / experts)
            .flat_map(stored)
            .collect();
        data.splice(..0, vec![7.0; tensor.skipped * width]);
        let (name, shape) = (family.file_name(arch, &tensor.name), tensor.shape.clone());
        tensors.push(Tensor { name, shape, data });
    }
    for (name, value) in family.constants(&family.name_parts(&plan).unwrap()) {
        let (shape, data) = (vec![], vec![value]);
        tensors.push(Tensor { name, shape, data });
    }
    write_tensors(
        &folder.join("model.safetensors"),
        &tensors,
        &BTreeMap::new(),
    )
    .unwrap();
}

/// Hidden states, layer by layer, and the losses.
fn run(model: &Published) -> (Vec<Vec<f32>>, Vec<f64>) {
    let ids = [vec![3, 1, 4, 1, 5, 9, 2, 6, 5], vec![22, 7, 18, 2]];
    let mut states = Vec::new();
    forward(
        model,
        &ids,
        &mut |_: usize, _: usize, hidden: &mut [f32]| states.push(hidden.to_vec()),
    )
    .unwrap();
    (states, next_token_loss(model, &ids, &mut ()).unwrap())
}

#[test]
fn a_checkpoint_of_each_family_is_read_as_it_was_written() {
    // all of them would take minutes; their number has no divisor in common with those of the switches
    let mut candidates: Vec<ArchSpec> = candidates().into_iter().step_by(41).collect();
    candidates.extend(of_cases());
    std::thread::scope(|scope| {
        for family in FAMILIES.into_iter().filter(|family| family.is_written()) {
            let candidates = &candidates;
            scope.spawn(move || read_as_written(family, candidates));
        }
    });
}

/// Some of the candidates that the config of `family` can say, from everywhere among them.
fn read_as_written(family: &'static Family, candidates: &[ArchSpec]) {
    let allowed: Vec<_> = candidates
        .iter()
        .filter(|arch| family.check(arch).is_ok())
        .collect();
    // a prime that does not divide their number
    let far = (0..allowed.len()).map(|i| allowed[i * 7919 % allowed.len()]);
    let said = far.filter_map(|arch| Some((arch, family.config(arch)?)));
    let said: Vec<_> = said.take(RUN).collect();
    assert!(
        !said.is_empty(),
        "{family} can say no architecture of the candidates"
    );
    for (arch, config) in &said {
        let folder = tempfile::tempdir().unwrap();
        let text = config.to_string();
        std::fs::write(folder.path().join("config.json"), &text).unwrap();
        let read = HuggingFace::parse(&text, "config.json").unwrap();
        assert_eq!(
            (&read.arch, read.family),
            (*arch, family.stored_as()),
            "{text}"
        );
        write(folder.path(), family, arch);
        let published = Published::open(folder.path()).unwrap();
        let ours = tempfile::tempdir().unwrap();
        write(ours.path(), &OUTCROP, arch);
        let ours = Published::with_arch((*arch).clone(), &OUTCROP, ours.path()).unwrap();
        assert_eq!(run(&published), run(&ours), "{family}: {text}");
    }
}
