//! Streams of sequences give what whole sequences give, on any number of threads.

mod numbers;

use architectures::{Case, cases, table};
use numbers::{f32s, numbers};
use outcrop_arch::{ArchSpec, Attention, KvBias, Plan};
use outcrop_block::{Block, BlockPlace, Stream, Weight};
use outcrop_gemm::Packed;

const LENGTHS: [usize; 4] = [3, 130, 1, 61];

fn weights(block: &Block) -> Vec<Vec<f32>> {
    let count = |shape: &[usize]| shape.iter().product();
    let inputs = block.inputs().iter().enumerate();
    inputs
        .map(|(i, input)| f32s(&numbers(count(&input.shape), i as u64 + 1)))
        .collect()
}

/// Matrices in two parts, those of experts one by one.
fn packed(block: &Block, weights: &[Vec<f32>]) -> Vec<Weight> {
    let ready = |(input, values): (&outcrop_block::Input, &Vec<f32>)| {
        let [k, n] = input.shape[..] else {
            return Weight::Vector(values.clone());
        };
        let part = |columns: std::ops::Range<usize>| {
            let mut packed = Packed::default();
            packed.pack(&values[columns.start..], k, columns.len(), n, 1);
            packed
        };
        let own = |experts: usize| {
            let width = n / experts;
            move |expert: usize| expert * width..(expert + 1) * width
        };
        Weight::Matrix(match input.experts {
            Some(experts) => (0..experts).map(own(experts)).map(part).collect(),
            None => vec![part(0..n / 3), part(n / 3..n)],
        })
    };
    block.inputs().iter().zip(weights).map(ready).collect()
}

fn block(arch: &ArchSpec) -> Block {
    Block::new(Plan::new(arch).block(1)).expect("a block")
}

#[test]
fn a_stream_is_what_whole_sequences_are() {
    for Case { name, arch } in cases() {
        let block = block(&arch);
        let weights = weights(&block);
        let d = arch.d_model;
        let before = f32s(&numbers(LENGTHS.iter().sum::<usize>() * d, 70));
        let mut x = before.clone();
        let (packed, mut stream) = (packed(&block, &weights), Stream::default());
        stream.look(&block, &packed, &LENGTHS, &mut x);
        stream.write(&block, &packed, &mut x);
        let weights: Vec<&[f32]> = weights.iter().map(Vec::as_slice).collect();
        let mut first = 0;
        for tokens in LENGTHS {
            let rows = first * d..(first + tokens) * d;
            let (y, _) = block.forward(&weights, &before[rows.clone()], tokens, false, None);
            assert_eq!(x[rows], y, "{name}: {tokens} tokens");
            first += tokens;
        }
    }
}

/// Keys, entropies and first keys as the weights themselves give them where these are those of softmax alone; no bit of the
/// stream changes.
#[test]
fn sums_of_attention_are_those_of_its_weights() {
    for Case { name, arch } in cases() {
        let block = block(&arch);
        let packed = packed(&block, &weights(&block));
        let before = f32s(&numbers(LENGTHS.iter().sum::<usize>() * arch.d_model, 70));
        let run = |stream: &mut Stream| {
            let mut x = before.clone();
            stream.look(&block, &packed, &LENGTHS, &mut x);
            stream.write(&block, &packed, &mut x);
            x
        };
        let mut stream = Stream::default();
        let plain = run(&mut stream);
        assert!(stream.attention(0..LENGTHS[0]).sums(0).is_none(), "{name}");
        stream.add_up(true);
        assert_eq!(run(&mut stream), plain, "{name}");
        let alone = !arch.sink_logits && arch.kv_bias == KvBias::None;
        if arch.attention != Attention::Softmax || !alone {
            assert!(stream.attention(0..LENGTHS[0]).sums(0).is_none(), "{name}");
            continue;
        }
        let (mut first, mut weights) = (0, Vec::new());
        for tokens in LENGTHS {
            let attention = stream.attention(first..first + tokens);
            first += tokens;
            for head in 0..attention.heads() {
                attention.weights(head, &mut weights);
                let sums = attention.sums(head).expect("they were asked for");
                assert_eq!((sums.keys.len(), sums.entropies.len()), (tokens, tokens));
                let rows = || weights.chunks_exact(tokens);
                for (key, sum) in sums.keys.iter().enumerate() {
                    let expected: f64 = rows().map(|row| f64::from(row[key])).sum();
                    assert!(
                        (sum - expected).abs() < 1e-5 * expected.max(1.0),
                        "{name} {key}"
                    );
                }
                let term = |w: &f32| {
                    if *w > 0.0 {
                        -f64::from(*w) * f64::from(*w).ln()
                    } else {
                        0.0
                    }
                };
                for (row, entropy) in rows().zip(&sums.entropies) {
                    let expected: f64 = row.iter().map(term).sum();
                    assert!(
                        (entropy - expected).abs() < 2e-6 * expected.max(1.0),
                        "{name}"
                    );
                }
                let largest = |row: &[f32]| row.iter().all(|w| *w <= row[0]);
                let expected = rows().filter(|row| largest(row)).count();
                assert_eq!(sums.first, expected, "{name}");
            }
        }
    }
}

const PLACES: [BlockPlace; 8] = [
    BlockPlace::AttentionInput,
    BlockPlace::AttentionStreamSquares,
    BlockPlace::AttentionWrite,
    BlockPlace::MlpInput,
    BlockPlace::MlpStreamSquares,
    BlockPlace::Gate,
    BlockPlace::MlpHidden,
    BlockPlace::MlpWrite,
];

/// What is kept changes no bit, and the writes add up to what the block does, unless the stream itself is normed.
#[test]
fn what_is_kept_is_what_is_added() {
    for Case { name, arch } in cases() {
        let block = block(&arch);
        let packed = packed(&block, &weights(&block));
        let before = f32s(&numbers(LENGTHS.iter().sum::<usize>() * arch.d_model, 70));
        let pass = |places: &[BlockPlace]| {
            let (mut x, mut stream) = (before.clone(), Stream::default());
            stream.keep(places);
            stream.look(&block, &packed, &LENGTHS, &mut x);
            stream.write(&block, &packed, &mut x);
            (x, stream)
        };
        let ((x, stream), (plain, _)) = (pass(&PLACES), pass(&[]));
        assert_eq!(x, plain, "{name}");
        let rows = stream.rows(3..133);
        let [from, to] = [3, 133].map(|row| row * arch.d_model);
        let at = |place| rows.at(place).unwrap_or_default();
        let [own, mlp] = [BlockPlace::AttentionWrite, BlockPlace::MlpWrite].map(at);
        let lines = before[from..to].chunks(arch.d_model);
        let squares = lines.map(|line| line.iter().map(|x| x * x).sum());
        let squares: Vec<f32> = squares.collect();
        let are_those_before = |found: &[f32]| {
            let mut pairs = found.iter().zip(&squares);
            found.len() == 130 && pairs.all(|(a, b)| (a - b).abs() < 1e-5 * b)
        };
        assert!(
            are_those_before(at(BlockPlace::AttentionStreamSquares)),
            "{name}"
        );
        assert!(own.len() == to - from && mlp.len() == own.len(), "{name}");
        let placement = arch.norm_placement.properties();
        if !placement.stream {
            for (i, y) in x[from..to].iter().enumerate() {
                let sum = before[from + i] + own[i] + mlp[i];
                let size = 1.0 + before[from + i].abs() + own[i].abs() + mlp[i].abs();
                assert!((y - sum).abs() < 1e-6 * size, "{name} {i}: {y} {sum}");
            }
        }
        for place in [BlockPlace::AttentionInput, BlockPlace::MlpInput] {
            let normed = rows.at(place).map_or(0, <[f32]>::len);
            let expected = if placement.input { to - from } else { 0 };
            assert_eq!(normed, expected, "{name} {place:?}");
        }
        let neurons = 130 * arch.d_ff;
        let mixed = (arch.experts.as_ref()).is_some_and(|experts| experts.layers.contains(&1));
        let gated = arch.activation.properties().gated && !mixed;
        assert_eq!(
            at(BlockPlace::Gate).len(),
            if gated { neurons } else { 0 },
            "{name}"
        );
        if !mixed {
            assert_eq!(at(BlockPlace::MlpHidden).len(), neurons, "{name}");
        }
        let parallel = arch.residual.properties().parallel;
        let same = are_those_before(at(BlockPlace::MlpStreamSquares));
        assert_eq!(same, parallel, "{name}");
    }
}

#[test]
fn weights_of_attention_are_shares_of_what_is_seen() {
    for Case { name, arch } in cases() {
        let block = block(&arch);
        let packed = packed(&block, &weights(&block));
        let mut x = f32s(&numbers(LENGTHS.iter().sum::<usize>() * arch.d_model, 70));
        let mut stream = Stream::default();
        stream.look(&block, &packed, &LENGTHS, &mut x);
        let attention = stream.attention(3..133);
        let window = arch.window_width(1).unwrap_or(usize::MAX);
        assert_eq!((attention.heads(), attention.tokens()), (arch.heads, 130));
        let mut given = Vec::new();
        for head in 0..arch.heads {
            attention.weights(head, &mut given);
            for (query, row) in given.chunks(130).enumerate() {
                let sum: f32 = row.iter().sum();
                let whole = (sum - 1.0).abs() < 1e-5;
                let positive = row.iter().all(|weight| (0.0..=1.0).contains(weight));
                let as_said = match arch.attention {
                    Attention::Softmax if arch.sink_logits => sum < 1.0,
                    Attention::Softmax if arch.kv_bias != KvBias::None => sum < 1.0,
                    Attention::Softmax => whole,
                    Attention::SoftmaxOne => sum < 1.0,
                    Attention::Softpick => sum < 1.00001,
                    Attention::ClippedSoftmax | Attention::Sigmoid => true,
                };
                assert!(positive && as_said, "{name} {head} {query}: {sum}");
                for (key, weight) in row.iter().enumerate() {
                    let seen = key <= query && query - key < window;
                    assert!(seen || *weight == 0.0, "{name} {head} {query} {key}");
                }
            }
        }
    }
}

#[test]
fn the_same_bits_on_any_number_of_threads() {
    for Case { name, arch } in cases() {
        let block = block(&arch);
        let weights = weights(&block);
        let weights: Vec<&[f32]> = weights.iter().map(Vec::as_slice).collect();
        let (tokens, sequences) = (33, 40);
        let x = f32s(&numbers(sequences * tokens * arch.d_model, 71));
        let pass = || {
            let (y, tape) = block.forward(&weights, &x, tokens, true, None);
            let tape = tape.expect("it was asked for");
            (block.backward(&weights, &x, tokens, &tape, &x), y)
        };
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("threads").install(pass)
        };
        let once = on(1);
        for threads in [2, 3, 8, 16] {
            assert!(on(threads) == once, "{name}, {threads} threads");
        }
    }
}

#[test]
fn a_tap_gets_every_sequence_once() {
    let Case { arch, .. } = table().swap_remove(0);
    let block = block(&arch);
    let weights = weights(&block);
    let weights: Vec<&[f32]> = weights.iter().map(Vec::as_slice).collect();
    let x = f32s(&numbers(40 * 33 * arch.d_model, 72));
    let seen = std::sync::Mutex::new(vec![Vec::new(); 40]);
    let tap = |first: usize, rows: &[f32]| {
        for (i, rows) in rows.chunks(33 * arch.d_model).enumerate() {
            seen.lock().expect("a list")[first + i].extend_from_slice(rows);
        }
    };
    let (y, _) = block.forward(&weights, &x, 33, false, Some(&tap));
    assert_eq!(seen.into_inner().expect("a list").concat(), y);
}
