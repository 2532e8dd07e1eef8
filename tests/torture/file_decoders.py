"""What users bring or the network delivers: graph files, models, archives, downloads."""

from __future__ import annotations

import contextlib
import http.server
import io
import random
import sys
import tarfile
import threading
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from talkgraph.errors import ModelError

from .damage import HOSTILE, mutate, mutate_text, mutate_tree
from .fuzzing import Decoder

# -- graph files ---------------------------------------------------------------------------------

GRAPHS = (
    """graph: test
inputs: {audio: Path, video: Path, n: int | None}
steps:
  speech: {node: read_speech, on: {audio: audio}}
  footage:
    node: read_video
    params: {fps: 25.0, max_side: 512}
    on: {video: video}
output: footage
""",
    "graph: 'a b'\nsteps:\n  bound: {node: torture_bound, on: {}}\n  s: {node: torture_small, "
    "on: {seed: 3}}\noutput: s.x\n",
)
YAML = (
    "!!python/object/apply:os.system [x]", "!!python/name:os.system", "!x", "!!set {a, b}", "&a ",
    "*a", "<<: *a", "? ", "? [a, b]", ": ", "- ", "[" * 500, "{a: " * 500, "- " * 500, "|", ">",
    "---", "...", "%YAML 1.1", "%TAG ! tag:x:", "{", "}", "[", "]", "'", '"', "\\x00", "\x00",
    "\x07", "\x85", "\u2028", "\ufeff", "\t", ".nan", ".inf", "-.inf", "1e999", "9" * 5000, "0x10",
    "1_000", "1:30", "2020-01-01", "~", "null", "on", "yes", "true", "graph: twice", "node: sum",
    "params: {fps: .nan}", "params: {fps: 1e400}", "params: {max_side: 99999999999999999999999}",
    "params: {max_side: -1}", "params: {fps: [1]}", "params: {fps: {a: b}}", "params: {3: 4}",
    "on: {video: footage}", "on: {video: speech.samples.x}", "on: {video: [video]}", "on: []",
    "inputs: {video: os.system}", "inputs: {video: 'int | | x'}", "inputs: {video: __import__}",
    "output: ..", "output: .", "output: ''", "steps: 3", "steps: {}", "steps: []", "graph: {a: b}",
    "graph:", "__class__: 1", "node: {a: b}", "node: ../../x", "!!binary abc", "!!float x",
    "!!int 'x'", "!!timestamp x", "!!omap [a: b]", "!!pairs [a: b]", "= ", "a: &x [*x]",
)  # fmt: skip


def _graph_seeds(folder: Path) -> list[bytes]:
    return [text.encode() for text in GRAPHS]


def _change_graph(data: bytes, rng: random.Random) -> bytes:
    if rng.random() < 0.1:
        return mutate(data, rng)
    return mutate_text(data.decode(errors="replace"), rng, YAML).encode(errors="surrogatepass")


def _read_graph(data: bytes, folder: Path) -> None:
    from talkgraph import Graph

    path = folder / "graph.yaml"
    path.write_bytes(data)
    with contextlib.suppress(UnicodeDecodeError):
        text = path.read_text(encoding="utf-8")
        made = Graph.from_yaml(text)
        again = made.to_yaml()
        assert Graph.from_yaml(again).to_yaml() == again
        for _ in made.steps.values():
            repr(_)


# -- networks ------------------------------------------------------------------------------------


def _network_seeds(folder: Path) -> list[bytes]:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    (folder / "secret.bin").write_bytes(bytes(range(64)))
    (folder / "models").mkdir(exist_ok=True)
    with contextlib.suppress(FileExistsError):
        (folder / "models" / "link.bin").symlink_to(folder / "secret.bin")
    (folder / "models" / "own.bin").write_bytes(bytes(64))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])
    w = numpy_helper.from_array(np.arange(8, dtype=np.float32).reshape(4, 2), "w")
    facts = {"kind": "speech-to-motion mapping", "licence": "x", "card": "", "fps": "25.0",
             "feature": '"mfcc"', "readout": '{"names": ["a"], "rows": [[1]]}', "size": "{}",
             **{name: "[1.0]" for name in ("feature_mean", "feature_std", "expression_rest",
                "expression_std", "pose_std", "pose_band_std", "mouth_std")},
             "feature_prior": "1.0"}  # fmt: skip
    made = []
    for outside in (
        None,
        "own.bin",
        "../secret.bin",
        "link.bin",
        "a/../../secret.bin",
        "/etc/passwd",
    ):
        tensor = TensorProto()
        tensor.CopyFrom(w)
        if outside is not None:
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in (("location", outside), ("offset", "0"), ("length", "32")):
                tensor.external_data.add(key=key, value=value)
        nodes = [
            helper.make_node("MatMul", ["x", "w"], ["m"]),
            helper.make_node("Relu", ["m"], ["y"]),
        ]
        inner = helper.make_graph(
            [helper.make_node("Identity", ["w"], ["z"])], "inner", [], [], [tensor]
        )
        if outside == "../secret.bin":
            nodes.append(helper.make_node("If", ["x"], ["z"], then_branch=inner, else_branch=inner))
        graph = helper.make_graph(nodes, "g", [x], [y], [tensor])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.helper.set_model_props(model, facts)
        made.append(model.SerializeToString())
    return made


def _change_network(data: bytes, rng: random.Random) -> bytes:
    """Half of the time single bytes, else one field of the message."""
    import onnx
    from google.protobuf.message import DecodeError, EncodeError

    if rng.random() < 0.5:
        return mutate(data, rng)
    try:
        model = onnx.ModelProto.FromString(data)
        for _ in range(rng.choice((1, 1, 2, 4))):
            _change_field(model, rng)
        return bytes(model.SerializeToString())
    except (DecodeError, EncodeError, ValueError, TypeError, RecursionError):
        return mutate(data, rng)


def _change_field(message: Any, rng: random.Random) -> None:
    while True:
        fields = message.ListFields()
        if not fields:
            return
        field, value = rng.choice(fields)
        many = field.is_repeated if hasattr(field, "is_repeated") else field.label == 3
        if field.message_type is None:
            break
        if many and rng.random() < 0.2:
            other = value.add()
            other.CopyFrom(rng.choice(list(value)))
            return
        message = rng.choice(list(value)) if many else value
    kinds: dict[int, Callable[[], Any]] = {
        9: lambda: rng.choice([one for one in HOSTILE if isinstance(one, str)] + ["-1", "1e9"]),
        12: lambda: mutate(rng.choice(list(value)) if many else value, rng),
        1: lambda: rng.choice((0.0, float("nan"), 1e308)),
        2: lambda: rng.choice((0.0, float("nan"), 1e30)),
    }
    new = kinds.get(
        field.type, lambda: rng.choice((0, 1, -1, 2, 17, 1 << 31, -(1 << 31), 1 << 40))
    )()
    if many:
        value[rng.randrange(len(value))] = new if field.type not in (5, 14) else int(new) % 2**31
    else:
        setattr(message, field.name, new if field.type not in (5, 14) else int(new) % 2**31)


def _read_network(data: bytes, folder: Path) -> None:
    from talkgraph.cache import File
    from talkgraph.models import onnx_reading, read_facts, sessions
    from talkgraph.nodes.pose_mapping.facts import ExpressionFacts, MappingFacts, MotionFacts
    from talkgraph.nodes.values import OnnxModel

    path = folder / "models" / "model.onnx"
    path.write_bytes(data)
    sessions._kept.cache_clear()

    def facts(kind: type[MappingFacts]) -> None:
        kind.of(OnnxModel(file=File(path), facts=read_facts(path)))

    def opened() -> None:
        session = sessions.open_session(path, threads=1)
        weights = bytes(range(64))
        for one in session.get_inputs():
            assert one.name
            assert len(one.name) < 4 or one.name.encode() not in weights  # shorter by chance

    _try_all(
        lambda: facts(ExpressionFacts), lambda: facts(MotionFacts), opened,
        lambda: onnx_reading.check_onnx(path),
    )  # fmt: skip


def _try_all(*acts: Callable[[], object]) -> None:
    """Do all of it; what the last refusal said is raised."""
    refused = None
    for act in acts:
        try:
            act()
        except ModelError as error:
            refused = error
    if refused is not None:
        raise refused


# -- face models ---------------------------------------------------------------------------------


def _face_seeds(folder: Path) -> list[bytes]:
    from scipy.io import savemat

    from talkgraph.nodes.face_model.bfm import TRACKED_OF_68
    from talkgraph.nodes.face_model.face_mesh import face_mesh_triangles
    from talkgraph.nodes.face_model.model_file import save_face_model
    from talkgraph.nodes.face_model.synthetic import synthetic_arrays

    arrays = {key: np.float16(value[..., :1]) if value.ndim == 3 else np.float16(value)
              for key, value in synthetic_arrays().items()}  # fmt: skip
    save_face_model(folder / "a.npz", **arrays, name="x", licence="y")
    mean = arrays["mean_shape"].reshape(1, -1).astype(np.float32)
    points = np.ones(68)
    points[list(TRACKED_OF_68)] = np.array(list(TRACKED_OF_68.values())) + 1
    stored = {"keypoints": points[None], "tri": face_mesh_triangles().astype(np.uint16) + 1,
              "meanshape": mean, "meantex": np.zeros_like(mean),
              **{key: np.zeros((mean.size, count), np.float32)
                 for key, count in (("idBase", 80), ("exBase", 64), ("texBase", 80))}}  # fmt: skip
    savemat(folder / "a.mat", stored, do_compression=True)
    small = {key: array[:20] for key, array in stored.items()}
    savemat(folder / "b.mat", small, do_compression=False)
    return [(folder / name).read_bytes() for name in ("a.npz", "a.mat", "b.mat")]


NPY = (
    b"'descr': '|O'", b"'descr': '<f8'", b"'fortran_order': True", b"'shape': (-1,)",
    b"'shape': (99999999999, 3)", b"'shape': (1 << 40,)", b"(" * 200, b"'descr': [('a', '<f4')]",
    b"'descr': __import__('os')", b"\x93NUMPY\x02\x00", b"\x93NUMPY\x03\x00\xff\xff\xff\x7f",
)  # fmt: skip


def _change_face(data: bytes, rng: random.Random) -> bytes:
    """Bytes of the file, or of one array in it with its checksum made right."""
    if not data.startswith(b"PK") or rng.random() < 0.3:
        return mutate(data, rng, NPY)
    with contextlib.suppress(Exception), zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
        name = rng.choice(sorted(members))
        head = mutate(members[name][:200], rng, NPY)
        kind = rng.randrange(4)
        if kind == 0:
            del members[name]
        elif kind == 1:
            members[name] = members[rng.choice(sorted(members))]
        else:
            members[name] = head + members[name][200:]
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as changed:
            for member, content in members.items():
                changed.writestr(member, content)
        return out.getvalue()
    return mutate(data, rng, NPY)


def _read_face(data: bytes, folder: Path) -> None:
    from talkgraph.nodes.face_model.bfm import load_bfm
    from talkgraph.nodes.face_model.model_file import load_face_model

    path = folder / "face.bin"
    path.write_bytes(data)
    _try_all(lambda: load_face_model(path, 0), lambda: load_bfm(path))


# -- archives ------------------------------------------------------------------------------------

MEMBERS = {"package/model.bin": 300, "b": 4}


def _archive_seeds(folder: Path) -> list[bytes]:
    content = {name: bytes(i % 7 for i in range(size)) for name, size in MEMBERS.items()}
    found = []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as file:
            for name, data in content.items():
                file.writestr(name, data)
        found.append(out.getvalue())
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=form) as tar:
            for name, data in {"x" * 90 + "/" + "y" * 60: b"n", **content}.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        found.append(out.getvalue())  # packed by the decoder, so that changes reach the tar
    return found


TAR = (
    b"L" * 1, b"K", b"x", b"g", b"S", b"1", b"2", b"5", b"\x80\x00\x00\x00\xff\xff\xff\xff",
    b"77777777777", b"-0000000001", b"99999 size=1\n", b"12 size=-5\n", b"ustar\x0000",
    b"../../evil", b"/evil", b"\xff\xfe", b"20 GNU.sparse.major=1\n",
)  # fmt: skip


def _read_archive(data: bytes, folder: Path) -> None:
    import gzip

    from talkgraph.models.archive import read_tar, read_zip

    path = folder / "archive"

    def zipped() -> None:
        path.write_bytes(data)
        found = read_zip(path, MEMBERS)
        assert {name: len(content) for name, content in found.items()} == MEMBERS

    def tarred() -> None:
        path.write_bytes(gzip.compress(data, 1))
        found = read_tar(path, MEMBERS)
        assert {name: len(content) for name, content in found.items()} == MEMBERS

    _try_all(zipped, tarred)
    assert [one.name for one in folder.iterdir()] == ["archive"]


# -- downloads -----------------------------------------------------------------------------------

CONTENT = random.Random(1).randbytes(5000)
FAULTS = ("whole", "cut", "nothing", "hangs up", "ignores range", "wrong offset", "other bytes",
          "too long", "short length", "no length", "500", "404", "416", "302", "changed",
          "garbage", "endless head")  # fmt: skip


class _Liar(http.server.BaseHTTPRequestHandler):
    """Answers with the faults of a script, one per request."""

    protocol_version = "HTTP/1.1"
    script: tuple[str, ...] = ()

    def log_message(self, *args: Any) -> None: ...

    def do_GET(self) -> None:
        kind = type(self)
        step, kind.script = (kind.script[0], kind.script[1:]) if kind.script else ("whole", ())
        self.close_connection = True
        asked = self.headers.get("Range")
        start = int(asked[6:-1]) if asked else 0
        if step.isdecimal():
            self.send_response(int(step))
            self.send_header("Location", "file:///etc/passwd")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if step in ("hangs up", "garbage", "endless head"):
            head = {
                "hangs up": b"",
                "garbage": b"\x00\xff" * 50,
                "endless head": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300,
            }
            self.wfile.write(head[step])
            return
        whole = CONTENT if step != "changed" else CONTENT[::-1]
        if step == "ignores range":
            start, asked = 0, None
        body = whole[start:]
        if step == "other bytes":
            body = bytes(len(body))
        elif step == "too long":
            body += b"more"
        elif step == "wrong offset":
            start, body = start + 7, body[7:]
        self.send_response(206 if asked else 200)
        self.send_header("ETag", f'"{step}"')
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(whole) - 1}/{len(whole)}")
        if step == "short length":
            self.send_header("Content-Length", str(len(body) // 2))
        elif step != "no length":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if step in ("cut", "no length"):
            body = body[: len(body) // 2]
        self.wfile.write(b"" if step == "nothing" else body)


_servers: list[http.server.ThreadingHTTPServer] = []


def _download_seeds(folder: Path) -> list[bytes]:
    _servers[:] = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Liar)]
    threading.Thread(target=_servers[0].serve_forever, args=(0.01,), daemon=True).start()
    return [bytes([i]) for i in range(len(FAULTS))] + [bytes([1, 14, 0]), bytes([1, 4, 5, 6, 7])]


def _read_download(data: bytes, folder: Path) -> None:
    from talkgraph.models.download import download

    _Liar.script = tuple(FAULTS[byte % len(FAULTS)] for byte in data[:8])
    target = folder / "model"
    url = f"http://127.0.0.1:{_servers[0].server_address[1]}/model"
    refused: Exception | None = None
    runs = 1 + len(data) % 3
    for _ in range(runs):
        try:
            download(url, target, size=len(CONTENT), sha256=sha256(CONTENT).hexdigest(),
                     tries=3, pause=0.0, timeout=2.0)  # fmt: skip
        except ModelError as error:
            refused = error
            assert not target.exists()
        else:
            assert target.read_bytes() == CONTENT
            target.unlink()
    left = list(folder.iterdir())
    assert len(left) <= 1 and sum(path.stat().st_size for path in left) <= len(CONTENT)
    if len(data) % 2:
        for path in left:
            path.unlink()
    if refused is not None:
        raise refused


# -- what a taken-over decoder child may say -----------------------------------------------------

ANSWERS = (
    '{"done": 1, "total": 2}\n{"result": {"count": 60, "lost": 0, "frames": 60, "seconds": 2.4, '
    '"cut": false, "source_fps": 25.0, "notes": ["n"], "width": 64, "height": 48, "sound": '
    '{"loudest_db": -3.0, "soundtrack_samples": 4, "channels": 1, "samples": 4, '
    '"soundtrack_rate": 16000}}}\n',
    '{"result": {"seconds": 1.0, "told": null, "longer": false, "lost": 0, "packets": 1, '
    '"loudest_db": -3.0, "soundtrack_samples": 4, "channels": 1, "samples": 4, '
    '"soundtrack_rate": 16000}}\n',
    '{"result": {"width": 64, "height": 48, "notes": []}}\n',
    '{"refused": "is damaged"}\n',
    '{"errno": 28, "text": "no room"}\n',
)


def _answer_seeds(folder: Path) -> list[bytes]:
    script = folder / "child"
    script.write_text(f'#!/bin/sh\ncat > /dev/null\nexec cat "{folder}/answers"\n')
    script.chmod(0o755)
    (folder / "film").write_bytes(b"film")
    return [text.encode() for text in ANSWERS]


def _change_answers(data: bytes, rng: random.Random) -> bytes:
    import json

    lines = data.split(b"\n")
    if rng.random() < 0.3:
        return mutate(data, rng)
    at = rng.randrange(len(lines))
    with contextlib.suppress(ValueError, RecursionError):
        lines[at] = json.dumps(mutate_tree(json.loads(lines[at]), rng)).encode()
    return b"\n".join(lines)


def _read_answers(data: bytes, folder: Path) -> None:
    from talkgraph.nodes.media.decode import Limits, decode

    (folder / "answers").write_bytes(data)
    real, sys.executable = sys.executable, str(folder / "child")
    try:
        decode("video", folder / "film", folder, remedy="try another", limits=Limits())
    finally:
        sys.executable = real


DECODERS = (
    Decoder("graph_files", _graph_seeds, _read_graph, _change_graph),
    Decoder("networks", _network_seeds, _read_network, _change_network),
    Decoder("face_models", _face_seeds, _read_face, _change_face),
    Decoder("archives", _archive_seeds, _read_archive, lambda d, rng: mutate(d, rng, TAR)),
    Decoder("downloads", _download_seeds, _read_download, mutate),
    Decoder("child_answers", _answer_seeds, _read_answers, _change_answers),
)
