//! Public training runs, under their real names, against a hub on this machine.

use std::fs;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use outcrop::checkpoint::{Each, Listing, runs};
use outcrop::core::Stage;

use crate::common::{outcrop, text};
use crate::server::{Server, Wire, reply};
use crate::small::{STEPS, rows, run, series, succeeded};

/// The tiny series under other names, each with the step whose weights it has.
fn serve(of: &Path, names: &[(&str, u64)]) -> Server {
    series(of);
    let server = Server::start();
    for (i, (name, step)) in names.iter().enumerate() {
        for file in ["config.json", "model.safetensors"] {
            let bytes = fs::read(of.join(format!("step{step}")).join(file)).unwrap();
            server.put(name, &format!("{i:040x}"), file, &bytes);
        }
    }
    server
}

fn measured(server: &Server, dir: &Path, more: &[&str]) -> Output {
    let mut command = outcrop();
    command.env("HF_ENDPOINT", &server.endpoint);
    command.args(["measure", "--windows", "2", "--length", "16"]);
    command.arg("--hub-cache").arg(dir.join("cache"));
    command.args(more).output().unwrap()
}

/// What is said of what would be measured; nothing is fetched but lists.
fn planned(server: &Server, more: &[&str]) -> Result<String, String> {
    let dir = tempfile::tempdir().unwrap();
    server.requests("");
    let output = measured(server, dir.path(), &[&["--dry-run"], more].concat());
    let asked = server.requests("");
    assert!(
        asked.iter().all(|line| line.starts_with("GET /api")),
        "{asked:?}"
    );
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(text(&output.stderr)),
    }
}

#[test]
fn revisions_of_every_run_are_understood() {
    for of in runs().iter().filter(|run| run.each == Each::Revision) {
        let id = of.ids[0].replace('*', "x");
        let all: Vec<&String> = of.names.iter().chain(&of.others).collect();
        let server = Server::start();
        for (i, name) in all.iter().enumerate() {
            server.put(name, &format!("{i:040x}"), "model.safetensors", &[1; 500]);
            if i % 2 == 0 {
                server.state.lock().unwrap().tags.insert((*name).clone());
            }
        }
        let listing = Listing::of(&of.names);
        let counted = ["--hub", &id, "--steps-per-count", "1000"];
        for (part, count) in listing.parts() {
            let part = part.unwrap_or("none");
            let plan = planned(&server, &[&counted[..], &["--stage", part]].concat());
            if let Some(reason) = &of.unread {
                let said = plan.unwrap_err();
                assert!(
                    said.contains(reason) && said.contains("nothing was fetched"),
                    "{said}"
                );
                continue;
            }
            let plan = plan.unwrap();
            assert!(
                plan.starts_with(&format!("{count} revisions of {id}")),
                "{plan}"
            );
            let bytes = format!("about {}.0 kB to fetch", count / 2);
            assert!(count % 2 == 1 || plan.contains(&bytes), "{plan}");
            let named = listing
                .named
                .iter()
                .filter(|name| name.part().unwrap_or("none") == part);
            for name in named {
                let line = format!("  step {} (`{name}`", name.step(Some(1000)).unwrap());
                assert!(plan.contains(&line), "{plan}");
            }
        }
    }
}

const OLMO: [&str; 2] = ["--hub", "allenai/OLMo-2-0425-1B"];

/// A run of two stages, named as OLMo 2 is.
fn two_stages(dir: &Path) -> Server {
    let first = STEPS.map(|step| (format!("stage1-step{step}-tokens{step}B"), step));
    let mut names = first.to_vec();
    names.push(("stage2-ingredient1-step1-tokens1B".into(), 32));
    names.push(("stage2-ingredient1-step2-tokens2B".into(), 64));
    names.push(("main".into(), 64));
    let named: Vec<(&str, u64)> = names
        .iter()
        .map(|(name, step)| (name.as_str(), *step))
        .collect();
    serve(&dir.join("tiny"), &named)
}

/// Measures a stage into a folder of its name.
fn stage(server: &Server, dir: &Path, stage: &str) -> Output {
    let out = dir.join(stage);
    let more = ["--stage", stage, "--out", out.to_str().unwrap()];
    let output = measured(server, dir, &[&OLMO[..], &more].concat());
    succeeded(&output);
    output
}

/// The number of points of the first layer's fit.
fn points(table: &Path, more: &[&str]) -> usize {
    let args = [
        "fit",
        table.to_str().unwrap(),
        "--format",
        "csv",
        "--include-suspect",
    ];
    let output = run(&[&args[..], more].concat());
    succeeded(&output);
    let text = text(&output.stdout);
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let (header, first) = (lines.next().unwrap(), lines.next().unwrap());
    let n = header.iter().position(|name| *name == "n").unwrap();
    first[n].parse().unwrap()
}

/// Stages go into the table, each with what stands before it.
#[test]
fn stages_stand_in_the_table() {
    let dir = tempfile::tempdir().unwrap();
    let server = two_stages(dir.path());
    let said = planned(&server, &OLMO).unwrap_err();
    assert!(
        said.contains("`stage1` (8), `stage2-ingredient1` (2)"),
        "{said}"
    );
    for (name, begins, n) in [("stage1", 0, 8), ("stage2-ingredient1", 64, 2)] {
        let said = text(&stage(&server, dir.path(), name).stderr);
        let plan = format!("{n} revisions of allenai/OLMo-2-0425-1B, stage {name}");
        assert!(said.contains(&plan), "{said}");
        let rows = rows(&dir.path().join(name));
        let expected = Stage {
            name: name.into(),
            begins: Some(begins),
        };
        assert!(rows.iter().all(|row| row.stage.as_ref() == Some(&expected)));
        assert!(rows.iter().all(|row| row.model == "OLMo-2-0425-1B"));
    }
    // the same folder goes on
    let again = text(&stage(&server, dir.path(), "stage1").stdout);
    assert!(again.contains("(8 measured before)"), "{again}");
}

/// A fit takes one stage, or joins them when it is told so.
#[test]
fn stages_join_when_told() {
    let dir = tempfile::tempdir().unwrap();
    let server = two_stages(dir.path());
    let tables = ["stage1", "stage2-ingredient1"].map(|name| {
        stage(&server, dir.path(), name);
        fs::read_to_string(dir.path().join(name).join("measurements.csv")).unwrap()
    });
    let (header, second) = tables[1].split_once('\n').unwrap();
    assert!(header.ends_with(",suspect,stage,position"), "{header}");
    let table = dir.path().join("run.csv");
    fs::write(&table, tables[0].clone() + second).unwrap();
    let refused = run(&["fit", table.to_str().unwrap(), "--format", "csv"]);
    let said = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(
        said.contains("--stage") && said.contains("--join-stages"),
        "{said}"
    );
    assert_eq!(points(&table, &["--stage", "stage1"]), 8);
    assert_eq!(points(&table, &["--join-stages"]), 10);
}

/// On a disk nobody knows how long the stages before are, unless someone says so.
#[test]
fn on_a_disk_the_begin_of_a_stage_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let of = dir.path().join("run");
    series(&of);
    for step in STEPS {
        let name = of.join(format!("stage2-step{step}"));
        fs::rename(of.join(format!("step{step}")), name).unwrap();
    }
    let stage = |more: &[&str]| {
        let out = dir.path().join("out");
        let paths = [
            "measure",
            of.to_str().unwrap(),
            "--out",
            out.to_str().unwrap(),
        ];
        let output = run(&[&paths[..], &["--windows", "2", "--length", "16"], more].concat());
        succeeded(&output);
        rows(&out)[0].stage.clone().unwrap()
    };
    assert_eq!(stage(&[]).begins, None);
    let table = dir.path().join("out");
    let joined = run(&[
        "fit",
        table.to_str().unwrap(),
        "--join-stages",
        "--out",
        "-",
    ]);
    assert!(
        text(&joined.stderr).contains("--stage-begins"),
        "{}",
        text(&joined.stderr)
    );
    // said later, it is written into the rows that are there
    let expected = Stage {
        name: "stage2".into(),
        begins: Some(1000),
    };
    assert_eq!(stage(&["--stage-begins", "1000"]), expected);
    assert_eq!(stage(&[]), expected);
}

/// TinyLlama: a repository for each step, found by a pattern, page by page, or listed in a file.
#[test]
fn a_repository_a_step_is_a_run() {
    let dir = tempfile::tempdir().unwrap();
    let repos = [
        ("TinyLlama/TinyLlama-1.1B-step-50K-105b", 1),
        ("TinyLlama/TinyLlama-1.1B-intermediate-step-240k-503b", 2),
        ("TinyLlama/TinyLlama-1.1B-intermediate-step-1431k-3T", 4),
    ];
    let names: Vec<String> = repos
        .iter()
        .map(|(repo, _)| format!("{repo}@main"))
        .collect();
    let named: Vec<(&str, u64)> = names
        .iter()
        .map(String::as_str)
        .zip(repos.map(|r| r.1))
        .collect();
    let server = serve(&dir.path().join("tiny"), &named);
    {
        let mut state = server.state.lock().unwrap();
        state.models = repos.iter().map(|(repo, _)| (*repo).to_owned()).collect();
        state
            .models
            .push("TinyLlama/TinyLlama-1.1B-Chat-v1.0".into());
        state.models.push("other/TinyLlama-1.1B-step-1K".into());
    }
    let plan = planned(&server, &["--hub", "TinyLlama/TinyLlama-1.1B*"]).unwrap();
    assert!(
        plan.starts_with("3 repositories of TinyLlama-1.1B: step 50000"),
        "{plan}"
    );
    assert!(
        plan.contains("step 1431000") && plan.contains("3.0 T tokens"),
        "{plan}"
    );
    let list = dir.path().join("list.txt");
    let lines: Vec<String> = repos.iter().map(|(repo, _)| format!("{repo}\n")).collect();
    fs::write(&list, lines.concat()).unwrap();
    for (i, origin) in [
        ["--hub", "TinyLlama/TinyLlama-1.1B*"],
        ["--hub-list", list.to_str().unwrap()],
    ]
    .iter()
    .enumerate()
    {
        let out = dir.path().join(format!("out{i}"));
        let more = [&origin[..], &["--out", out.to_str().unwrap()]].concat();
        succeeded(&measured(&server, dir.path(), &more));
        let rows = rows(&out);
        let mut steps: Vec<u64> = rows.iter().map(|row| row.step).collect();
        steps.dedup();
        assert_eq!(steps, [50_000, 240_000, 1_431_000]);
        assert!(
            rows.iter()
                .all(|row| row.model == "TinyLlama-1.1B" && row.stage.is_none())
        );
    }
    let said = planned(&server, &["--hub", "TinyLlama/Nothing*"]).unwrap_err();
    assert!(said.contains("lists no model of such a name"), "{said}");
}

/// A revision without weights costs this step alone; it is a finding, and known of this very model.
#[test]
fn a_revision_without_weights_is_named_and_known() {
    let dir = tempfile::tempdir().unwrap();
    let server = serve(
        &dir.path().join("tiny"),
        &[("step0", 0), ("step1", 1), ("step2", 2)],
    );
    server.put("step40000", &format!("{:040x}", 9), "config.json", b"{}");
    let audit = |id: &str| {
        let out = dir.path().join(id.replace('/', "-"));
        let more = ["--hub", id, "--out", out.to_str().unwrap()];
        let output = measured(&server, dir.path(), &more);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("step 40000: failed to fetch"), "{said}");
        assert!(
            said.contains("no-weights: step 40000 has no weights"),
            "{said}"
        );
        said
    };
    let known = audit("EleutherAI/pythia-410m-seed9");
    assert!(
        known.contains("known of step 40000: no weights in the revision"),
        "{known}"
    );
    assert!(known.contains("issues/202"), "{known}");
    assert!(!audit("org/tiny").contains("known"));
}

/// As pythia-160m-weight-seed1: found by the first two steps, though each is deleted when it was measured.
#[test]
fn a_series_that_does_not_go_on_from_its_step_0_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let server = serve(
        &dir.path().join("tiny"),
        &[("step1", 1), ("step2", 2), ("step4", 4)],
    );
    let out = dir.path().join("out");
    let more = ["--hub", "org/tiny", "--out", out.to_str().unwrap()];
    succeeded(&measured(&server, dir.path(), &more));
    let (arch, mut noise) = (crate::small::arch(), crate::small::Noise(77));
    let other = crate::small::fresh(&arch, &mut noise);
    let folder = crate::small::write(&dir.path().join("other"), 0, &arch, &other);
    for name in ["config.json", "model.safetensors"] {
        let bytes = fs::read(folder.join(name)).unwrap();
        server.put("step0", &format!("{:040x}", 9), name, &bytes);
    }
    let output = measured(&server, dir.path(), &more);
    succeeded(&output);
    let said = text(&output.stderr);
    assert!(
        said.contains("not-descended: step 1 does not go on from step 0"),
        "{said}"
    );
    let suspect = rows(&out).into_iter().filter(|row| row.suspect.is_some());
    assert!(suspect.map(|row| row.step).all(|step| step == 0));
}

/// A hub that is busy, sends on to another host and breaks off, under nested names.
#[test]
fn nested_names_are_fetched_from_a_hub_that_falters() {
    let dir = tempfile::tempdir().unwrap();
    let server = serve(
        &dir.path().join("tiny"),
        &[("checkpoints/step0", 0), ("checkpoints/step1", 1)],
    );
    server.state.lock().unwrap().breaks = vec![1000; 3];
    let (busy, moved) = (AtomicBool::new(true), AtomicBool::new(true));
    let endpoint = server.endpoint.clone();
    let falter = move |line: &str, good: Vec<u8>, wire: &mut Wire| {
        wire.finish();
        let is_content = line.starts_with("GET /cdn") && line.contains(".safetensors");
        if line.contains("/refs ") && busy.swap(false, Ordering::Relaxed) {
            wire.send(&reply(429, &["Retry-After: 1".into()], b""));
        } else if is_content && moved.swap(false, Ordering::Relaxed) {
            let other = endpoint.replace("127.0.0.1", "localhost");
            let path = line.split(' ').nth(1).unwrap();
            wire.send(&reply(302, &[format!("Location: {other}{path}")], b""));
        } else {
            wire.send(&good);
        }
    };
    server.state.lock().unwrap().hostile = Some(Arc::new(falter));
    let out = dir.path().join("out");
    let more = ["--hub", "org/tiny", "--out", out.to_str().unwrap()];
    let output = measured(&server, dir.path(), &more);
    succeeded(&output);
    let said = text(&output.stderr);
    assert!(said.contains("s: the hub is busy (429)"), "{said}");
    assert!(
        server
            .requests("GET /cdn")
            .iter()
            .any(|get| get.contains("bytes="))
    );
    let rows = rows(&out);
    assert!(rows.iter().all(|row| row.stage.is_none()));
    assert!(rows.iter().any(|row| row.step == 1));
}

#[test]
fn runs_are_listed_with_their_faults() {
    let all = text(&run(&["runs"]).stdout);
    for run in runs() {
        assert!(all.contains(&run.name), "{}", run.name);
    }
    let one = text(&run(&["runs", "bloom"]).stdout);
    assert!(one.contains("step 400000: may be corrupted"), "{one}");
    let one = text(&run(&["runs", "EleutherAI/pythia-410m-seed9"]).stdout);
    assert!(one.contains("issues/202"), "{one}");
    let none = run(&["runs", "nobody's"]);
    assert_eq!(none.status.code(), Some(1));
    let json = text(&run(&["runs", "--format", "json"]).stdout);
    let rows: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), runs().len());
}
