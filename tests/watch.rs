//! `outcrop watch`: frames as text, and the report that is served.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod common;
#[path = "common/measured.rs"]
mod measured;

use std::path::Path;
use std::process::Output;

use common::{outcrop, text};

fn run(folder: &Path, words: &str) -> Output {
    let mut command = outcrop();
    command.args(words.split(' ')).current_dir(folder);
    command.output().unwrap()
}

fn succeeded(folder: &Path, words: &str) -> String {
    let output = run(folder, words);
    assert!(output.status.success(), "{words}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Six runs; in m1 the ratio of layer L rises from 5 to 9 + L by 1 - exp(-step / 200); losses fall.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    measured::six_models(folder.path());
    let header = "model,step,tokens,loss,held_out_loss,learning_rate,gradient_norm\n";
    let row = |i: u32| {
        format!(
            "m1,{},0,{},{},0.001,1\n",
            100 * i,
            5.0 - f64::from(i),
            5.5 - f64::from(i)
        )
    };
    let rows: String = (0..5).map(row).collect();
    std::fs::write(folder.path().join("m1/loss.csv"), header.to_owned() + &rows).unwrap();
    folder
}

#[test]
fn a_frame_of_known_tables() {
    let folder = folder();
    let spec = measured::SPEC.replace("steps = 6", "steps = 4592");
    std::fs::write(folder.path().join("m1/run.toml"), spec).unwrap();
    let frame = "\
m1  not finished, step 2294
████████████████████░░░░░░░░░░░░░░░░░░░░  50 % of 4592 steps
held-out loss 1.500  training loss 1.000  learning rate 0.001
█▆▅▃▁
layer   ratio  largest  at step
    1  10.000   10.000     2294  ▁▁▁▁▁▁▁▂▂▂▃▃▄▅▆▆▇█████
    2   11.00    11.00     2294  ▁▁▁▁▁▁▁▂▂▂▃▃▄▅▆▆▇█████
";
    assert_eq!(succeeded(folder.path(), "watch m1 --once"), frame);
    // without a terminal there is one frame, too
    assert_eq!(succeeded(folder.path(), "watch m1"), frame);
    let all = succeeded(folder.path(), "watch . --once");
    let titles = all.lines().filter(|line| line.contains(", step 2294"));
    assert_eq!(titles.count(), 6);
    // measured checkpoints have no end
    std::fs::remove_file(folder.path().join("m1/run.toml")).unwrap();
    let measured = succeeded(folder.path(), "watch m1 --once");
    assert!(
        measured.starts_with("m1  measured, step 2294\nheld-out loss"),
        "{measured}"
    );
}

#[test]
fn a_finished_run_is_shown_as_its_tables_say() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("spec.toml"), measured::SPEC).unwrap();
    succeeded(folder.path(), "train spec.toml --out runs/a");
    let frame = succeeded(folder.path(), "watch runs --once");
    assert_eq!(frame, succeeded(folder.path(), "watch runs/a --once"));
    assert!(frame.starts_with("runs/a  finished, step 6\n"), "{frame}");
    let rows = succeeded(folder.path(), "compare runs/a --format json");
    let rows: Vec<serde_json::Value> = serde_json::from_str(&rows).unwrap();
    let shown: Vec<f64> = frame
        .lines()
        .rev()
        .take(rows.len())
        .map(|line| {
            let ratio = line.split_whitespace().nth(1).unwrap();
            ratio.parse().unwrap()
        })
        .collect();
    for (shown, row) in shown.into_iter().rev().zip(&rows) {
        let last = row["last"].as_f64().unwrap();
        assert!((shown / last - 1.0).abs() < 1e-3, "{shown} {last}");
    }
}

#[test]
fn what_cannot_be_watched_is_named() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    for (words, status, part) in [
        ("watch nowhere", 1, "nowhere"),
        ("watch empty", 1, "no run.toml and no measurements.csv"),
        (
            "watch m0 m1 --serve 0",
            1,
            "each run has a report of its own",
        ),
        (
            "watch m1 --serve example.org",
            2,
            "an address and a port, such as 127.0.0.1:8080",
        ),
        (
            "watch m1 --every 0",
            2,
            "a number of seconds from 0.1 to 3600",
        ),
        ("watch m1 --once --serve 0", 2, "cannot be used with"),
    ] {
        let output = run(folder.path(), words);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{words}: {said}");
        assert!(said.contains(part), "{words}: {said}");
    }
    std::fs::write(folder.path().join("m1/loss.csv"), "torn").unwrap();
    let frame = succeeded(folder.path(), "watch m1 --once");
    assert!(frame.contains("failed to read m1/loss.csv"), "{frame}");
}

#[cfg(unix)]
mod served {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpStream;
    use std::process::{Child, Command, Stdio};

    use super::{folder, outcrop};
    use crate::common::files;

    struct Served(Child, String);

    impl Drop for Served {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    fn serve(folder: &std::path::Path) -> Served {
        let mut command = outcrop();
        command
            .args(["watch", "m1", "--serve", "0"])
            .current_dir(folder);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let (_, rest) = line.split_once("http://").unwrap();
        let (address, _) = rest.split_once('/').unwrap();
        assert!(address.starts_with("127.0.0.1:"), "{line}");
        Served(child, address.to_owned())
    }

    impl Served {
        fn ask(&self, request: &str, host: &str) -> String {
            let mut stream = TcpStream::connect(&self.1).unwrap();
            write!(
                stream,
                "{request} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
            )
            .unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap();
            String::from_utf8_lossy(&answer).into_owned()
        }
    }

    #[test]
    fn the_report_is_served_and_nothing_else() {
        let folder = folder();
        let before = files(folder.path());
        let server = serve(folder.path());
        let page = server.ask("GET /", &server.1);
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page:.100}");
        for part in [
            "text/html",
            "Refresh: 10",
            "nosniff",
            "Massive activations: m1",
            "<svg",
        ] {
            assert!(page.contains(part), "{part}");
        }
        for path in [
            "/run.toml",
            "/../m1/run.toml",
            "/figures/../../run.toml",
            "/%2e%2e/run.toml",
            "//etc/passwd",
            "/report.html/../run.toml",
            "http://127.0.0.1/run.toml",
        ] {
            let answer = server.ask(&format!("GET {path}"), "localhost");
            assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer:.100}");
            assert!(!answer.contains("[arch]"), "{path}");
        }
        assert!(page.contains("href=\"../measurements.csv\"")); // which a browser asks for as
        let table = server.ask("GET /measurements.csv", "localhost");
        assert!(table.starts_with("HTTP/1.1 200 OK\r\n"), "{table:.100}");
        let whole = std::fs::read_to_string(folder.path().join("m1/measurements.csv")).unwrap();
        assert!(table.ends_with(&whole));
        let answer = server.ask("POST /", "localhost");
        assert!(answer.starts_with("HTTP/1.1 405"), "{answer:.100}");
        let answer = server.ask("GET /", "example.org");
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer:.100}");
        assert_eq!(files(folder.path()), before);
    }

    #[test]
    fn the_report_follows_the_run_and_an_interrupt_ends_it() {
        let folder = folder();
        let mut server = serve(folder.path());
        assert!(server.ask("GET /", "localhost").contains("2294"));
        let rows = std::fs::read_to_string(folder.path().join("m1/measurements.csv")).unwrap();
        let more = "m1,7777,0,1,12,1,1,1\nm1,7777,0,2,12,1,1,1\n";
        std::fs::write(folder.path().join("m1/measurements.csv"), rows + more).unwrap();
        assert!(
            server
                .ask("GET /report.html?now", "[::1]:80")
                .contains("7777")
        );
        let id = server.0.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &id])
                .status()
                .unwrap()
                .success()
        );
        assert!(server.0.wait().unwrap().success());
    }
}
