"""Writes sample.txt: the prose of this project's documentation and doc comments, paragraph by
paragraph, without code and tables, up to a size.

    python make_sample.py        (run once: measurements of the sample compare only as long as it stays)
"""

import pathlib
import re

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[2]
BYTES = 190_000  # 10 windows of 4096 tokens, at up to 4.6 bytes a token


def paragraphs(lines):
    """Joins lines to paragraphs; code, tables and headings end one."""
    found, words, code = [], [], False
    for line in [*map(str.strip, lines), ""]:
        fence = line.startswith("```")
        if fence or code or not line or line.startswith(("|", "#", "!", "- ", "* ", "<")):
            found.append(" ".join(words))
            words = []
        if line.startswith(("- ", "* ")):
            words = [line[2:]]
        elif line and not (fence or code or line.startswith(("|", "#", "!", "<"))):
            words.append(line)
        code ^= fence
    return [plain(paragraph) for paragraph in found if paragraph]


def plain(text):
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)  # links keep their words
    return re.sub(r"\[(`[^\]]*`)\]", r"\1", text).replace("**", "").replace("`", "")


def documented(source):
    """The doc comments of a Rust file, each followed by the name of what it documents."""
    lines = []
    for line in source.splitlines():
        comment = re.match(r"\s*//[/!] ?(.*)", line)
        lines.append(comment[1] if comment else "")
    return lines


texts = []
for path in [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("crates/*/README.md"))]:
    texts += paragraphs(path.read_text().splitlines())
for path in sorted(ROOT.glob("crates/*/src/**/*.rs")):
    texts += paragraphs(documented(path.read_text()))

seen, sample = set(), ""
for text in texts:
    if len(text) >= 40 and text not in seen and len(sample.encode()) < BYTES:
        seen.add(text)
        sample += ("\n\n" if sample else "") + text
(HERE / "sample.txt").write_text(sample + "\n")
