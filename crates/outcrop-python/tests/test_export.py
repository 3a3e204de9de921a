"""What `outcrop export` and `outcrop train --tensorboard` write, read by the packages that it is for."""

import gzip
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading

import pytest

SPEC = """model = 'tiny'
[arch]
layers = 2
d_model = 16
heads = 2
context = 16
[data]
corpus = 'bigram-backcopy'
[train]
steps = 12
batch = 2
warmup = 2
[schedule]
measure = '0,every:3'
save = '0,every:6'
[measure]
observe = 'quantiles,kurtoses'
"""
TABLES = ["architectures", "loss", "measurements", "observables"]


def call(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run directory, trained with --tensorboard."""
    command = os.environ.get("OUTCROP_COMMAND") or shutil.which("outcrop")
    if not command:
        pytest.skip("the command is not there; OUTCROP_COMMAND names it")
    folder = tmp_path_factory.mktemp("export")
    (folder / "tiny.toml").write_text(SPEC)
    call(command, "train", folder / "tiny.toml", "--out", folder / "tiny", "--tensorboard")
    return command, folder / "tiny"


def events(folder):
    loader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    keep_all = {loader.SCALARS: 0, loader.TENSORS: 0, loader.HISTOGRAMS: 0}
    accumulator = loader.EventAccumulator(str(folder), size_guidance=keep_all)
    return accumulator.Reload()


def csv(run, name):
    pandas = pytest.importorskip("pandas")
    return pandas.read_csv(run / f"{name}.csv")


def test_tensorboard_reads_what_training_wrote(run):
    import numpy as np

    util = pytest.importorskip("tensorboard.util.tensor_util")
    _, folder = run
    found = events(folder)
    losses = csv(folder, "loss")
    held_out = found.Scalars("loss/held_out")
    assert [one.step for one in held_out] == list(losses["step"])
    assert np.allclose([one.value for one in held_out], losses["held_out_loss"], rtol=1e-6)
    assert [one.step for one in found.Scalars("loss/train")] == list(losses["step"][1:])
    assert np.allclose([one.value for one in found.Scalars("learning_rate")], losses["learning_rate"][1:], rtol=1e-6)
    rows = csv(folder, "measurements")
    for layer in (1, 2):
        means = rows[rows.layer == layer].groupby("step")[["top1", "median"]].mean()
        ratios = [one.value for one in found.Scalars(f"ratio/layer_{layer}")]
        assert np.allclose(ratios, means.top1 / means["median"], rtol=1e-5)
        histograms = found.Tensors(f"magnitudes/layer_{layer}")
        assert [one.step for one in histograms] == list(means.index)
        last = util.make_ndarray(histograms[-1].tensor_proto)
        assert np.isclose(last[-1, 1], means.top1.iloc[-1], rtol=1e-5)
        assert last[:, 2].sum() == rows["count"].iloc[0]
        assert (last[1:, 0] == last[:-1, 1]).all() and last[0, 0] == 0
        # quantiles were observed, so their ranks are edges
        assert len(last) > 4
    metadata = found.SummaryMetadata("magnitudes/layer_1")
    assert metadata.plugin_data.plugin_name == "histograms"
    observed = csv(folder, "observables").query("observable == 'kurtosis' and layer == 2 and place == 'residual-stream'")
    values = [one.value for one in found.Scalars("kurtosis@residual-stream/layer_2")]
    assert np.allclose(values, observed.value, rtol=1e-5)


def test_the_export_is_what_training_wrote(run, tmp_path):
    command, folder = run
    call(command, "export", folder, "--tensorboard", "--out", tmp_path / "board")
    live, exported = events(folder), events(tmp_path / "board")
    assert live.Tags() == exported.Tags()
    for tag in live.Tags()["scalars"]:
        assert [(e.step, e.value) for e in live.Scalars(tag)] == [(e.step, e.value) for e in exported.Scalars(tag)]


def test_pandas_polars_and_duckdb_read_every_table(run, tmp_path):
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    duckdb = pytest.importorskip("duckdb")
    command, folder = run
    out = tmp_path / "tables"
    call(command, "export", folder, "--parquet", "--out", out)
    assert sorted(file.stem for file in out.iterdir()) == TABLES
    for name in TABLES:
        file, rows = out / f"{name}.parquet", csv(folder, name)
        one, two = pandas.read_parquet(file), polars.read_parquet(file)
        three = duckdb.sql(f"select * from '{file}'").df()
        assert len(one) == len(two) == len(three) == len(rows)
        for column in set(rows.columns) & set(one.columns):
            same = [table[column].astype(rows[column].dtype).tolist() for table in (one, three)]
            expected = [x if x == x else None for x in rows[column]]
            for values in [*same, two[column].to_list()]:
                assert [x if x == x else None for x in values] == expected, (name, column)
    query = f"select max(top1 / median) from '{out}/measurements.parquet' where layer = 2"
    rows = csv(folder, "measurements").query("layer == 2")
    assert duckdb.sql(query).fetchall()[0][0] == pytest.approx((rows.top1 / rows["median"]).max())


def test_r_arrow_reads_and_writes_every_table(command, tmp_path):
    """parquet.R compares each with the CSV file. r_arrow.sh makes R's arrow where CRAN cannot be reached."""
    r = shutil.which("Rscript")
    if not r or subprocess.run([r, "-e", "library(arrow)"], capture_output=True).returncode:
        pytest.skip("R's package arrow is not there")
    here = pathlib.Path(__file__).parent
    originals = list((here / "../../../tests/fixtures/tables/original").glob("*.csv"))
    for file in originals:
        shutil.copy(file, tmp_path)
    call(command, "export", tmp_path, "--parquet", "--out", tmp_path)
    told = call(r, here / "parquet.R", tmp_path).stdout
    wanted = {file.stem for file in originals} - {"fits-published"}  # no name of a table
    assert {line.split(".parquet")[0] for line in told.splitlines()[:-1]} == wanted
    call(command, "export", tmp_path, "--jsonl", "--out", tmp_path / "lines")
    for method in ("snappy", "zstd"):
        call(command, "export", tmp_path / "r" / method, "--jsonl", "--out", tmp_path / method)
        for name in wanted:
            again, once = (tmp_path / folder / f"{name}.jsonl" for folder in (method, "lines"))
            assert again.read_text() == once.read_text(), (method, name)


@pytest.mark.parametrize("compression", ["snappy", "gzip", "zstd", None])
def test_parquet_of_pandas_is_read(run, tmp_path, compression):
    pytest.importorskip("pyarrow")
    command, folder = run
    for name in ("measurements", "loss"):
        csv(folder, name).to_parquet(tmp_path / f"{name}.parquet", compression=compression)
    said = call(command, "compare", tmp_path, "--format", "csv").stdout
    plain = call(command, "compare", folder, "--format", "csv").stdout
    assert said.replace(str(tmp_path), "") == plain.replace(str(folder), "")


def test_parquet_of_polars_and_duckdb_is_read(run, tmp_path):
    """As they write it unless asked: polars compresses by zstd, DuckDB by snappy."""
    polars, duckdb = pytest.importorskip("polars"), pytest.importorskip("duckdb")
    command, folder = run
    plain = call(command, "compare", folder, "--format", "csv").stdout
    for name in ("polars", "duckdb"):
        (tmp_path / name).mkdir()
    for table in ("measurements", "loss"):
        rows = csv(folder, table)
        polars.from_pandas(rows).write_parquet(tmp_path / f"polars/{table}.parquet")
        duckdb.sql(f"copy rows to '{tmp_path}/duckdb/{table}.parquet'")
    for name in ("polars", "duckdb"):
        said = call(command, "compare", tmp_path / name, "--format", "csv").stdout
        assert said.replace(f"{tmp_path}/{name}", "") == plain.replace(str(folder), ""), name


def test_lines_of_json(run, tmp_path):
    command, folder = run
    call(command, "export", folder, "--jsonl", "--out", tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "loss.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == list(csv(folder, "loss")["step"])
    assert rows[0]["loss"] is None


def records(file):
    """The records of an offline run: a log of LevelDB with the messages of wandb."""
    import struct
    import zlib

    messages = pytest.importorskip("wandb.proto.wandb_internal_pb2")
    bytes_, at, record = file.read_bytes(), 7, b""
    assert bytes_[:7] == b":W&B" + struct.pack("<HB", 0xBEE1, 0)
    while at < len(bytes_):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
            continue
        checksum, length, kind = struct.unpack("<LHB", bytes_[at : at + 7])
        part = bytes_[at + 7 : at + 7 + length]
        assert checksum == zlib.crc32(part, zlib.crc32(bytes([kind])))
        at, record = at + 7 + length, record + part
        if kind in (1, 4):
            yield messages.Record.FromString(record)
            record = b""


def test_wandb_has_the_messages(run, tmp_path):
    command, folder = run
    call(command, "export", folder, "--wandb-offline", "--project", "p", "--out", tmp_path)
    (file,) = tmp_path.glob("offline-run-*/run-*.wandb")
    found = list(records(file))
    kinds = [record.WhichOneof("record_type") for record in found]
    losses = csv(folder, "loss")
    assert kinds == ["header", "run", *["history"] * len(losses), "summary", "exit"]
    assert found[1].run.project == "p" and found[1].run.display_name == "tiny"
    config = {item.key: json.loads(item.value_json) for item in found[1].run.config.update}
    assert config["arch.layers"] == 2 and config["data.corpus"] == "bigram-backcopy"
    last = {item.nested_key[0]: json.loads(item.value_json) for item in found[-3].history.item}
    assert last["_step"] == 12 and last["loss/held_out"] == losses["held_out_loss"].iloc[-1]
    histogram = last["magnitudes/layer_2"]
    assert histogram["_type"] == "histogram" and len(histogram["bins"]) == len(histogram["values"]) + 1


class Server(http.server.BaseHTTPRequestHandler):
    """As much of the server of Weights & Biases as an upload asks for; keeps the lines of histories."""

    history = {}

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        asked, data = json.loads(body), {}
        if "file_stream" in self.path:
            lines = asked.get("files", {}).get("wandb-history.jsonl", {"offset": 0, "content": []})
            self.history.update(enumerate(lines["content"], lines["offset"]))
        elif "upsertBucket" in asked.get("query", ""):
            project = {"id": "1", "name": "p", "entity": {"id": "1", "name": "e"}}
            bucket = {"id": "1", "name": asked["variables"]["name"], "config": "{}", "historyLineCount": 0, "project": project}
            data = {"upsertBucket": {"bucket": bucket, "inserted": True}}
        answer = json.dumps({"data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


def test_wandb_sync_uploads_it(run, tmp_path):
    """Its own program reads the run and sends it, here to a stand-in for the server."""
    pytest.importorskip("wandb")
    command, folder = run
    call(command, "export", folder, "--wandb-offline", "--project", "p", "--out", tmp_path)
    (offline,) = tmp_path.glob("offline-run-*")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings = {"WANDB_BASE_URL": f"http://127.0.0.1:{server.server_port}", "WANDB_API_KEY": "0" * 40, "WANDB_ERROR_REPORTING": "false"}
        sync = [sys.executable, "-m", "wandb", "sync", str(offline)]
        done = subprocess.run(sync, env={**os.environ, **settings}, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        server.shutdown()
    assert done.returncode == 0, done.stderr
    sent = [json.loads(line) for _, line in sorted(Server.history.items())]
    losses = csv(folder, "loss")
    assert [line["_step"] for line in sent] == list(losses["step"])
    assert [line["loss/held_out"] for line in sent] == list(losses["held_out_loss"])
    assert sent[-1]["magnitudes/layer_1"]["_type"] == "histogram"
