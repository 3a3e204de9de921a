#!/bin/sh
# cargo and rustc 1.95.0 on x86-64 (seen 2026-11-30): `[profile.release.package] sums.opt-level = 3` beside `opt-level = "s"` for the
# rest gives the package vectorised loops. With `lto = "fat"` the same two lines give it none: loops are vectorised when all is linked,
# at the level of the crate that is linked last, and nothing says that the package's own level is lost. A row of level 3 for that
# last crate brings the vectors back. Needs cargo, rustc 1.95.0 and objdump.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"
rustc --version | tee said
grep -q '^rustc 1\.95\.0' said
mkdir -p program/src sums/src
cat > Cargo.toml <<'T'
[workspace]
members = ["program", "sums"]
resolver = "3"
[profile.release]
opt-level = "s"
[profile.release.package]
sums.opt-level = 3
[profile.linked]
inherits = "release"
lto = "fat"
[profile.both]
inherits = "linked"
[profile.both.package]
program.opt-level = 3
T
for name in program sums; do
    printf '[package]\nname = "%s"\nversion = "0.1.0"\nedition = "2024"\n' $name > $name/Cargo.toml
done
printf '[dependencies]\nsums = { path = "../sums" }\n' >> program/Cargo.toml
cat > sums/src/lib.rs <<'R'
#[inline(never)]
pub fn squares(numbers: &[u32]) -> u32 {
    let mut sum = 0_u32;
    for x in numbers {
        sum = sum.wrapping_add(x.wrapping_mul(*x));
    }
    sum
}
R
cat > program/src/main.rs <<'R'
fn main() {
    let numbers: Vec<u32> = (0..std::hint::black_box(1_000_000)).collect();
    println!("{}", (0..300).fold(0, |sum: u32, _| sum.wrapping_add(sums::squares(std::hint::black_box(&numbers)))));
}
R
packed() {
    cargo build --quiet --profile "$1"
    objdump -d --no-show-raw-insn "target/$1/program" |
        awk '/<.*squares.*>:$/ { inside = 1 } inside { print } inside && /ret/ { exit }' | grep -cE 'pmul|paddd' || true
}
release=$(packed release); linked=$(packed linked); both=$(packed both)
echo "instructions of squares() on vectors: $release by default, $linked with fat LTO, $both with a row for the last crate"
[ "$release" -gt 0 ]
[ "$linked" -eq 0 ]
[ "$both" -gt 0 ]
echo "as described"
