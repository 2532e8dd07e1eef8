"""The benchmark of the engine runs and says all that it promises; its figures are not judged."""

import json
import math
import subprocess
import sys

from tests.places import ROOT

BENCHMARK = ROOT / "benchmarks/engine.py"
PROMISED = {
    "build_1000_s", "build_10000_s", "cold_ms_per_node", "warm_ms_per_node", "warm_1000_s",
    "hit_512mib_ms", "hash_gb_s", "import_s", "help_s", "stream_overhead", "stream_rss_mib",
}  # fmt: skip

FLOORS = {
    "cold_ms_per_node", "cold_nofsync_ms_per_node", "warm_ms_per_node", "warm_1000_s",
    "hit_512mib_ms", "hash_gb_s", "import_s", "import_graph_s", "help_s",
}  # fmt: skip


def test_every_promised_figure_is_there_and_finite(tmp_path):
    command = [sys.executable, BENCHMARK, "--json", "--quick", "--no-peers", "--folder", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report.keys() >= PROMISED | {"peers", "versions", "machine", "command", "seed"}
    figures = {key: report[key] for key in PROMISED}
    assert all(math.isfinite(value) for value in figures.values())
    assert all(value > 0 for key, value in figures.items() if key != "stream_overhead")
    assert report["floors"].keys() == FLOORS
    assert all(0 < value < math.inf for value in report["floors"].values())
    assert report["peers"] == {} and report["notes"] == []
    assert list(tmp_path.iterdir()) == []


def test_a_peer_that_is_not_installed_is_said_and_left_out(tmp_path):
    missing = tmp_path / "no-such-python"
    command = [
        sys.executable,
        BENCHMARK,
        "--quick",
        "--folder",
        tmp_path,
        "--peers-python",
        missing,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "pip install -r" in done.stderr
    assert "| times the best peer | floor | floors |" in done.stdout
