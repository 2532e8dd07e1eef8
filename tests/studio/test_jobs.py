"""Runs through the studio, over real sockets: results, plans, cancelling, crashes, the end."""

import html
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from talkgraph.cache.store import Store
from talkgraph.engine.history.run_records import runs


def alive(pid):
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children(pid):
    """Processes that a process started, and they in turn."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, _, rest = path.read_text().rpartition(")")
        except OSError:
            continue
        if int(rest.split()[1]) == pid and rest.split()[0] != "Z":
            found += [int(path.parent.name), *children(int(path.parent.name))]
    return found


def eventually(holds, seconds):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def nothing_goes_on(request):
    """After a test that failed, its runs do not hold up those of the next."""
    yield
    if "studio" in request.fixturenames:
        studio = request.getfixturevalue("studio")
        for job in studio.get("jobs"):
            if job["state"] in ("running", "queued"):
                studio.ask("POST", f"{studio.place}jobs/{job['id']}/cancel", "{}")


def report(studio, job):
    """The page of a run."""
    return studio.ask("GET", f"{studio.place}outputs/{job['report']}").body.decode()


def recipe(studio, text=b"hello world", **work):
    """A run of the plugin's graph with parameters of its `work` step."""
    return {
        "graph": "test", "inputs": {"text": studio.upload(text)}, "parameters": {"work": work},
    }  # fmt: skip


def states(job):
    return {stage["name"]: stage["state"] for stage in job["stages"]}


def test_an_upload_becomes_a_result_and_a_second_run_computes_nothing(studio):
    asked = recipe(studio, b"first text")
    job = studio.run(asked)
    assert (job["state"], job["error"]) == ("done", None)
    assert states(job) == {"length": "made", "work": "made", "file": "made"}
    output = studio.ask("GET", f"{studio.place}outputs/{job['output']}")
    assert (output.status, output.body) == (200, b"20")
    assert output.headers["content-disposition"].startswith("inline")
    saved = studio.ask("GET", f"{studio.place}outputs/{job['output']}?download")
    assert saved.headers["content-disposition"] == 'attachment; filename="talk.txt"'
    part = studio.ask(
        "GET", f"{studio.place}outputs/{job['output']}", None,
        {"Cookie": studio.cookie, "Range": "bytes=1-1"},
    )  # fmt: skip
    assert (part.status, part.body) == (206, b"0")
    again = studio.run(asked)
    assert set(states(again).values()) == {"hit"}


def test_the_report_is_a_page_in_an_origin_of_its_own(studio):
    job = studio.run(recipe(studio, b"reported"))
    report = studio.ask("GET", f"{studio.place}outputs/{job['report']}")
    assert report.headers["content-type"].startswith("text/html")
    policy = report.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts; default-src 'none'")
    assert "allow-same-origin" not in policy and "connect-src" not in policy
    assert b"<!doctype html>" in report.body.lower() and b"work" in report.body


def test_a_plan_says_what_is_stored_and_why_the_rest_runs(studio):
    asked = recipe(studio, b"planned")
    before = studio.post("plan", asked)["stages"]
    assert [(one["name"], one["state"]) for one in before] == [
        ("length", "run"), ("work", "pending"), ("file", "pending"),
    ]  # fmt: skip
    studio.run(asked)
    asked["parameters"] = {"work": {"about": "other words"}}
    after = {one["name"]: one for one in studio.post("plan", asked)["stages"]}
    assert (after["length"]["state"], after["work"]["state"]) == ("hit", "run")
    assert "about" in after["work"]["reason"]
    job = studio.run(asked)
    assert states(job) == {"length": "hit", "work": "made", "file": "hit"}  # early cutoff
    asked["force"] = ["length"]
    assert states(studio.run(asked))["length"] == "made"


def test_what_is_wrong_is_told_by_place_and_starts_nothing(studio):
    count = len(studio.get("jobs"))
    answer = studio.post("plan", {"graph": "test", "parameters": {"work": {"seconds": "-1"}}})
    assert set(answer["problems"]) == {"work.seconds"}
    answer = studio.post("plan", {"graph": "test"})
    assert answer["problems"] == {"inputs.text": "still to be given"}
    answer = studio.post("jobs", {"recipe": {"graph": "test"}}, status=422)
    assert answer["problems"] == {"inputs.text": "still to be given"}
    assert "no graph 'tset'" in studio.post("form", {"graph": "tset"})["problems"][""]
    for body in ([], "no JSON", '{"recipe": {}, "device": "abacus"}', '{"recipe": 5}', "[" * 9999):
        studio.post("jobs", body, status=400)
    wrong = studio.ask(
        "POST", studio.place + "jobs", "{}",
        {"Cookie": studio.cookie, "Origin": f"http://{studio.host}", "Content-Type": "text/plain"},
    )  # fmt: skip
    assert wrong.status == 415
    studio.post("plan", '"' + "x" * (1 << 20) + '"', status=413)
    assert len(studio.get("jobs")) == count


def test_a_refused_upload_is_named_as_its_owner_does(studio):
    id = studio.upload(b"x" * 2000, label="mein%20Text.txt")
    job = studio.run({"graph": "test", "inputs": {"text": id}})
    assert (job["state"], job["error"]) == ("failed", "mein Text.txt: too long; cut it")
    assert states(job)["length"] == "failed" and states(job)["file"] == "idle"
    assert job["output"] is None and job["report"] is not None
    short = studio.run({"graph": "test", "inputs": {"text": studio.upload(b"abc", label="k.txt")}})
    assert short["stages"][0]["notes"] == ["k.txt: is short"]


def test_a_report_names_files_as_their_owner_does(studio):
    label = "\N{SMILING FACE WITH SUNGLASSES} <b>mine</b> " + "long " * 50 + ".txt"
    shown = html.escape(" ".join(label.split())[:80])
    for text in (b"abcd", b"y" * 2000):  # one that is remarked upon, one that is refused
        id = studio.upload(text, label=quote(label))
        page = report(studio, studio.run({"graph": "test", "inputs": {"text": id}}))
        assert page.count(shown) >= 3 and "<b>mine" not in page  # graph, message, provenance
        ours = [path.name for path in studio.private_folder().glob("upload-*")]
        assert ours and not [name for name in ours if name in page]


def test_media_is_decoded_by_its_sandboxed_reader_at_once(studio):
    from talkgraph.cli import samples

    wrong = {"graph": "photo", "inputs": {"photo": studio.upload(b"\x89PNG no picture", "b.png")}}
    said = studio.post("check", {"recipe": wrong, "input": "photo"})
    assert "b.png" in said["error"] and "\n" not in said["error"]
    assert str(studio.folder) not in said["error"]
    right = {"graph": "photo", "inputs": {"audio": studio.upload(samples.speech().read_bytes())}}
    assert studio.post("check", {"recipe": right, "input": "audio"}) == {"error": None}
    right["inputs"]["photo"] = studio.upload(samples.photo().read_bytes())
    plan = {one["name"]: one["state"] for one in studio.post("plan", right)["stages"]}
    assert plan["speech"] == "hit"  # what the check decoded is not decoded again
    swapped = {"graph": "photo", "inputs": {"audio": right["inputs"]["photo"]}}
    assert studio.post("check", {"recipe": swapped, "input": "audio"})["error"]


def test_uploads_are_limited_before_they_are_read(studio):
    headers = {
        "Cookie": studio.cookie, "Origin": f"http://{studio.host}",
        "Content-Type": "application/octet-stream", "Content-Length": str(5 << 30),
    }  # fmt: skip
    answer = studio.ask("POST", studio.place + "uploads", None, headers)
    assert answer.status == 413 and b"4 GiB" in answer.body
    assert studio.upload(b"", status=400) is None
    headers = {**headers, "Content-Type": "multipart/form-data"}
    assert studio.ask("POST", studio.place + "uploads", None, headers).status == 415


def test_a_graph_file_runs_and_a_value_that_is_no_file_is_shown(studio):
    text = (
        "graph: mine\ninputs: {text: Path}\nsteps: {n: {node: studio_test_read, on: {text: text}}}"
    )
    studio.post("form", {"graph": "number"})  # the plugin's nodes are known from here on
    job = studio.run({"graph": "number", "inputs": {"text": studio.upload(b"four")}})
    assert (job["state"], job["value"], job["output"]) == ("done", "4", None)
    form = studio.post("form", {"yaml": text})
    assert [step["node"] for step in form["steps"]] == ["studio_test_read"]
    bad = studio.post("form", {"yaml": "a: !!python/name:os.system"})
    assert "graph file" in bad["problems"][""]


def test_what_a_node_prints_is_no_message(studio):
    job = studio.run(recipe(studio, b"loud text", loud=True))
    assert (job["state"], job["error"]) == ("done", None)
    report = studio.ask("GET", f"{studio.place}outputs/{job['report']}")
    assert report.headers["content-type"].startswith("text/html")


def test_a_failure_and_a_crash_are_one_line_each(studio):
    failed = studio.run(recipe(studio, b"failing", mode="fail"))
    assert failed["state"] == "failed"
    assert "nothing left" in failed["error"] and "the terminal of the studio" in failed["error"]
    crashed = studio.run(recipe(studio, b"crashing", mode="crash"))
    assert crashed["state"] == "failed"
    assert f"signal {signal.SIGABRT.value}" in crashed["error"]
    assert studio.run(recipe(studio, b"fine again"))["state"] == "done"


def started(studio, job):
    eventually(lambda: states(studio.get(f"jobs/{job['id']}")).get("work") == "running", 60)


@pytest.mark.parametrize("mode", ["well", "stubborn"])
def test_cancelling_stops_all_of_it_and_keeps_what_was_finished(studio, mode):
    asked = recipe(studio, f"cancelled {mode}".encode(), seconds="60", mode=mode)
    job = studio.post("jobs", {"recipe": asked}, status=201)
    started(studio, job)
    if mode == "stubborn":
        trace = Path(os.environ["STUDIO_TEST_TRACE"])
        eventually(trace.exists, 60)
        time.sleep(0.1)
        grandchild = int(trace.read_text())
        assert alive(grandchild)
    else:  # the time that is left is told: at first from earlier runs, then from its progress
        seen: dict = {"left": None}

        def told():
            seen.update(studio.get(f"jobs/{job['id']}")["stages"][1])
            return seen["left"] is not None and seen["done"] > 1

        eventually(told, 60)
        assert abs(seen["left"] + seen["done"] - 60) < 10 and seen["total"] == 60
    assert studio.post(f"jobs/{job['id']}/cancel", {})["state"] == "stopping"
    now = lambda: states(studio.get(f"jobs/{job['id']}"))  # noqa: E731
    eventually(lambda: now()["work"] == "cancelled", 60)
    if mode == "stubborn":
        assert not alive(grandchild)
    shown = studio.wait(job["id"])
    assert children(studio.process.pid) == []
    store = Store(studio.folder / "store")
    if mode == "well":
        assert list((store.path / "tmp").iterdir()) == []
        assert runs(store)[0].outcome == "cancelled"
        page = report(studio, shown)
        assert "It was stopped during work" in page and "goes on from there" in page
        assert "1 of 3 steps are done" in page
    assert store.verify() == []
    assert (shown["state"], shown["output"]) == ("cancelled", None)
    assert states(shown) == {"length": "made", "work": "cancelled", "file": "idle"}
    plan = {one["name"]: one["state"] for one in studio.post("plan", asked)["stages"]}
    assert plan == {"length": "hit", "work": "run", "file": "pending"}
    asked["parameters"]["work"] = {"seconds": "0"}
    assert studio.run(asked)["state"] == "done"


def test_one_runs_a_few_wait_and_any_can_be_cancelled(studio):
    long = recipe(studio, b"queue", seconds="60")
    jobs = [studio.post("jobs", {"recipe": long}, status=201)]
    started(studio, jobs[0])
    jobs += [studio.post("jobs", {"recipe": long}, status=201) for _ in range(3)]
    assert "wait already" in studio.post("jobs", {"recipe": long}, status=429)["error"]
    assert [studio.get(f"jobs/{job['id']}")["state"] for job in jobs] == ["running"] + 3 * [
        "queued"
    ]
    for job in reversed(jobs):
        studio.post(f"jobs/{job['id']}/cancel", {})
    eventually(lambda: not children(studio.process.pid), 60)
    assert studio.run(recipe(studio, b"after the queue"))["state"] == "done"
    assert studio.ask("POST", f"{studio.place}jobs/999/cancel", "{}").status == 404


def test_outputs_of_old_runs_go(studio):
    asked = recipe(studio, b"many")
    first = studio.run(asked)
    for _ in range(6):
        studio.run(asked)
    assert len(studio.get("jobs")) <= 6
    assert studio.ask("GET", f"{studio.place}outputs/{first['output']}").status == 404


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_closing_ends_the_run_and_removes_the_folder(new_studio, end):
    studio = new_studio()
    folder = studio.private_folder()
    job = studio.post("jobs", {"recipe": recipe(studio, seconds="60")}, status=201)
    started(studio, job)
    inside = children(studio.process.pid)
    assert inside and folder.is_dir()
    studio.process.send_signal(end)
    out, err = studio.process.communicate(timeout=60)
    assert studio.process.returncode == (143 if end == signal.SIGTERM else 0)
    assert "Traceback" not in err
    assert not any(map(alive, inside)) and not folder.exists()
    assert studio.token not in out + err  # only the address line, read before, has it


def test_a_run_unwinds_once_however_often_it_is_asked_to(new_studio):
    studio = new_studio()
    job = studio.post("jobs", {"recipe": recipe(studio, b"asked often", seconds="60")}, status=201)
    started(studio, job)
    run = children(studio.process.pid)[0]
    while alive(run):
        os.kill(run, signal.SIGTERM)
    studio.process.send_signal(signal.SIGTERM)
    assert "Traceback" not in studio.process.communicate(timeout=60)[1]


@pytest.mark.parametrize("quiet", [False, True])
def test_a_run_does_not_outlive_a_killed_studio(new_studio, quiet):
    studio = new_studio()
    asked = recipe(studio, seconds="60", mode="stubborn", quiet=quiet)
    trace = Path(os.environ["STUDIO_TEST_TRACE"])
    trace.unlink(missing_ok=True)
    job = studio.post("jobs", {"recipe": asked}, status=201)
    started(studio, job)
    eventually(trace.exists, 60)
    inside = children(studio.process.pid)
    studio.process.kill()
    studio.process.wait()
    eventually(lambda: not any(map(alive, inside)), 60)


def test_a_taken_port_and_a_missing_package_are_one_line(plugin, tmp_path, studio):
    def said(*words, code="pass"):
        start = f"import sys; {code}; from talkgraph.cli.main import main; sys.exit(main())"
        command = [sys.executable, "-c", start, "studio", "--no-browser", *words]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert ended.returncode == 2 and len(ended.stderr.splitlines()) == 1
        return ended.stderr

    store = ("--store", str(tmp_path))
    assert "choose another with --port" in said("--port", str(studio.port), *store)
    assert "no port" in said("--port", "99999", *store)
    missing = "sys.modules['starlette'] = None"
    assert "pip install 'talkgraph[studio]'" in said(*store, code=missing)
