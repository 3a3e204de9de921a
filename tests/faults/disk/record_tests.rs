//! Lines as strace 6.1 writes them with `-f -xx`, escapes added by [`hex`].

use std::path::Path;

use super::{Op, Recorder, Tree, calls};

/// Quoted text in the escapes of `-xx`.
fn hex(log: &str) -> String {
    let mut inside = false;
    let escaped = |letter: char| match (letter, inside) {
        ('"', _) => {
            inside = !inside;
            "\"".into()
        }
        (letter, true) => format!("\\x{:02x}", u32::from(letter)),
        (letter, false) => letter.to_string(),
    };
    log.chars().map(escaped).collect()
}

/// What a process in the folder `/d` did.
fn recorded(log: &str) -> Result<(Tree, Vec<Op>), String> {
    let start = Tree::empty();
    let mut recorder = Recorder::new(Path::new("/d"), &start);
    for call in calls(&hex(log))? {
        recorder.take(&call)?;
    }
    let mut tree = start;
    recorder.ops.iter().for_each(|op| tree.apply(op));
    Ok((tree, recorder.ops))
}

fn files(log: &str) -> Vec<(String, String)> {
    let files = recorded(log).unwrap().0.files().into_iter();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    files.map(|(name, bytes)| (name, text(bytes))).collect()
}

fn one(name: &str, content: &str) -> Vec<(String, String)> {
    vec![(name.into(), content.into())]
}

#[test]
fn a_file_is_written_synced_and_renamed() {
    let log = r#"7  openat(AT_FDCWD, "t", O_RDWR|O_CREAT|O_EXCL|O_CLOEXEC, 0600) = 3
7  write(3, "ab, (c)", 7)   = 7
7  fchmod(3, 0644)   = 0
7  fsync(3)          = 0
7  renameat(AT_FDCWD, "/d/t", AT_FDCWD, "./a") = 0
7  close(3)          = 0
7  write(3, "x", 1)  = -1 EBADF (Bad file descriptor)
7  +++ exited with 0 +++
"#;
    assert_eq!(files(log), one("a", "ab, (c)"));
    assert!(recorded(log).unwrap().1.contains(&Op::Sync { id: 1 }));
}

#[test]
fn calls_of_two_threads_are_put_together() {
    let log = r#"7  openat(AT_FDCWD, "a", O_WRONLY|O_CREAT|O_APPEND, 0666 <unfinished ...>
8  mkdir("sub", 0777 <unfinished ...>
7  <... openat resumed>)  = 3
8  <... mkdir resumed>)   = 0
8  openat(AT_FDCWD, "sub", O_RDONLY|O_DIRECTORY) = 4
7  write(3, "one", 3 <unfinished ...>
8  renameat(AT_FDCWD, "a", 4, "b") = 0
7  <... write resumed>)   = 3
7  write(3, "two", 3)     = 2
"#;
    assert_eq!(files(log), one("sub/b", "onetw"));
}

/// The number of a descriptor is free before the call that closed it comes back.
#[test]
fn a_descriptor_is_closed_when_its_closing_begins() {
    let log = r#"7  openat(AT_FDCWD, "a", O_WRONLY|O_CREAT, 0666) = 3
7  close(3 <unfinished ...>
8  openat(AT_FDCWD, "b", O_WRONLY|O_CREAT, 0666) = 3
7  <... close resumed>) = 0
8  write(3, "x", 1) = 1
8  fsync(3) = 0
"#;
    let (tree, ops) = recorded(log).unwrap();
    assert_eq!(tree.files()["b"], b"x");
    assert_eq!(ops.last(), Some(&Op::Sync { id: 2 }));
}

#[test]
fn a_sync_of_all_is_of_what_was_done_when_it_began() {
    let log = r#"7  openat(AT_FDCWD, "a", O_WRONLY|O_CREAT, 0666) = 3
7  syncfs(3 <unfinished ...>
8  mkdir("b", 0777) = 0
7  <... syncfs resumed>) = 0
8  syncfs(3) = 0
"#;
    let ops = recorded(log).unwrap().1;
    let [begun, after] = [1, 3].map(|before| Op::SyncAll { before });
    assert_eq!(ops[2..], [begun, after]);
}

#[test]
fn writes_go_where_the_descriptor_stands() {
    let log = r#"7  creat("a", 0666) = 3
7  write(3, "abcdef", 6) = 6
7  lseek(3, 1, SEEK_SET) = 1
7  read(3, "b", 1) = 1
7  writev(3, [{iov_base="X", iov_len=1}, {iov_base="Y", iov_len=1}], 2) = 2
7  pwrite64(3, "Z", 1, 0) = 1
7  write(3, "W", 1) = 1
7  ftruncate(3, 8) = 0
"#;
    assert_eq!(files(log), one("a", "ZbXYWf\0\0"));
}

#[test]
fn what_is_outside_is_passed_over() {
    let log = r#"7  openat(AT_FDCWD, "/e/a", O_WRONLY|O_CREAT, 0666) = 3
7  write(3, "x", 1) = 1
7  openat(AT_FDCWD, "../inputs/a", O_RDONLY) = 4
7  mmap(NULL, 10, PROT_READ|PROT_WRITE, MAP_SHARED, 4, 0) = 0x7fb1752cd000
7  unlink("/da") = 0
7  copy_file_range(3, NULL, 4, NULL, 10, 0) = 10
"#;
    assert_eq!(recorded(log).unwrap().1, []);
}

#[test]
fn what_is_not_simulated_is_refused() {
    const OPEN: &str = "7  openat(AT_FDCWD, \"a\", O_RDWR|O_CREAT, 0600) = 3\n";
    for foreign in [
        "mmap(NULL, 10, PROT_READ|PROT_WRITE, MAP_SHARED, 3, 0) = 0x7fb1752cd000",
        "copy_file_range(4, NULL, 3, NULL, 10, 0) = 10",
        "fallocate(3, 0, 0, 10) = 0",
        "dup(3) = 4",
        "fcntl(3, F_DUPFD_CLOEXEC, 3) = 4",
        "some_new_call(3, 1) = 0",
        "setxattr(\"a\", \"user.x\", \"1\", 1, 0) = 0",
        "truncate(\"a\", 1) = 0",
        "rename(\"a\", \"../b\") = 0",
        "renameat2(AT_FDCWD, \"a\", AT_FDCWD, \"b\", RENAME_EXCHANGE) = 0",
        "openat(AT_FDCWD, \"a\", O_RDWR|O_SYNC) = 4",
        "openat(AT_FDCWD, \".\", O_RDWR|O_TMPFILE, 0600) = 4",
    ] {
        let refused = recorded(&format!("{OPEN}7  {foreign}\n"));
        assert!(refused.is_err(), "{foreign}: {refused:?}");
    }
    assert!(calls("7  a line of nothing\n").is_err());
    let cut_short = format!("{OPEN}7  write(3, \"x\"..., 2) = 2\n");
    assert!(recorded(&cut_short).is_err());
}
