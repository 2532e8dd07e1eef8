"""The studio in a real browser: a photo talks; foreign pages get nowhere."""

import http.server
import threading
import time

import pytest
import soundfile

from talkgraph.cli import samples

BY_CSS = "css selector"
OVER = ("done", "failed", "cancelled")


@pytest.fixture(scope="module")
def speech(tmp_path_factory):
    """1.2 seconds of our own speech."""
    samples_, rate = soundfile.read(samples.speech())
    path = tmp_path_factory.mktemp("speech") / "my speech.wav"
    soundfile.write(path, samples_[: int(1.2 * rate)], rate)
    return path


class Window:
    """The studio's page as a user sees it."""

    def __init__(self, driver, studio):
        self.driver = driver
        self.studio = studio

    def one(self, css):
        return self.driver.find_element(BY_CSS, css)

    def js(self, script, *given):
        return self.driver.execute_script(script, *given)

    def until(self, holds, seconds=60):
        end = time.monotonic() + seconds
        while not (found := holds()):
            assert time.monotonic() < end, self.one("body").text
            time.sleep(0.05)
        return found

    def states(self):
        rows = "document.querySelectorAll('#list > li')"
        return dict(self.js(f"return [...{rows}].map(x => [x.dataset.step, x.dataset.state])"))

    def state(self):
        return self.one("#result").get_attribute("data-state")

    def ready(self):
        self.until(self.one("#make").is_enabled)

    def make(self):
        """Press the button and wait for the end."""
        self.ready()
        before = self.js("return document.getElementById('status').textContent")
        self.one("#make").click()
        self.until(lambda: self.one("#status").text != before)
        self.until(lambda: self.state() in OVER, 240)

    def open_stage(self, name):
        item = self.one(f"li[data-step='{name}']")
        if item.find_element(BY_CSS, "details").get_attribute("open") is None:
            item.find_element(BY_CSS, "summary").click()
        return item

    def fill(self, place, text):
        field = self.one(f".field[data-place='{place}'] input")
        field.clear()
        field.send_keys(text)

    def look(self, width, scheme="light"):
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False},
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


@pytest.fixture
def window(chromium, studio):
    """The page, freshly opened by the address with its token."""
    chromium.get_log("browser")
    page = Window(chromium, studio)
    page.look(1280)
    chromium.get(studio.address)
    page.until(lambda: page.js("return document.querySelectorAll('#list > li').length"))
    yield page
    assert chromium.get_log("browser") == []


def choose(window, speech):
    window.js("document.getElementById('graph').value = 'photo'")
    window.js("document.getElementById('graph').dispatchEvent(new Event('change'))")
    window.until(lambda: window.driver.find_elements(BY_CSS, "#input-photo"))
    window.one("#input-audio").send_keys(str(speech))
    window.one("#input-photo").send_keys(str(samples.photo()))
    assert speech.name in window.one("#inputs").text
    window.ready()


def test_a_photo_talks_is_cancelled_and_rerun_from_a_stage(window, speech):
    assert "token" not in window.driver.current_url
    assert window.js("return document.cookie") == ""
    assert not window.one("#make").is_enabled()
    choose(window, speech)
    assert "my speech.wav" in window.one("#inputs").text
    assert window.states()["speech"] == "hit"  # decoded when it was dropped

    window.one("#make").click()
    bar = "li[data-state=running] progress:not([hidden])"
    window.until(lambda: window.driver.find_elements(BY_CSS, bar))
    window.until(lambda: window.states()["faces"] == "made")
    assert window.state() == "running"
    window.one("#cancel").click()
    ended = {"hit", "made", "cancelled", "idle"}
    window.until(lambda: set(window.states().values()) <= ended)
    window.until(lambda: window.state() == "cancelled")
    assert "goes on from there" in window.one("#status").text
    assert not window.one("#video").is_displayed()
    window.driver.switch_to.frame(window.one("#page"))
    window.until(lambda: window.driver.find_elements(BY_CSS, "#failure"))
    assert "It was stopped" in window.one("#failure h2").text
    inputs = window.one("#provenance").text
    assert "my speech.wav" in inputs and samples.photo().name in inputs
    window.driver.switch_to.default_content()

    window.make()
    assert window.state() == "done", window.one("#error").text
    assert window.states()["faces"] == "hit" and window.states()["video_out"] == "made"
    video = window.one("#video")
    window.until(lambda: window.js("return arguments[0].readyState >= 3", video))
    window.js("arguments[0].muted = true; return arguments[0].play()", video)
    window.until(lambda: window.js("return arguments[0].currentTime > 0.3", video))
    assert 1.1 < window.js("return arguments[0].duration", video) < 1.4
    for button, start in (("#save-video", b"ftyp"), ("#save-report", b"<!doctype html>")):
        address = window.one(button).get_attribute("href")
        path = address.partition(window.studio.host)[2]
        saved = window.studio.ask("GET", path)
        assert saved.headers["content-disposition"].startswith("attachment")
        assert start in saved.body[:20]

    window.until(lambda: window.one("#report").is_displayed())
    window.driver.switch_to.frame(window.one("#page"))
    window.until(lambda: window.driver.find_elements(BY_CSS, "h1"))
    assert window.one("h1").text == "photo"
    assert window.js("return origin") == "null"  # its scripts are nobody's
    window.driver.switch_to.default_content()
    window.one("#open-report").click()
    window.driver.switch_to.window(window.driver.window_handles[-1])
    window.until(lambda: window.driver.title == "photo: report")
    window.driver.close()
    window.driver.switch_to.window(window.driver.window_handles[0])

    window.open_stage("motion")
    window.fill("motion.rate", "-3")
    problem = window.one(".field[data-place='motion.rate'] .problem")
    window.until(lambda: "expected >= 0" in problem.text)
    assert not window.one("#make").is_enabled()
    assert window.one("#hint").text == "To be mended: motion.rate."
    window.fill("motion.rate", "20")
    window.until(lambda: window.states()["motion"] == "run")
    assert problem.text == ""
    planned = window.states()
    assert {planned[name] for name in ("speech", "faces", "fit", "spoken")} == {"hit"}
    assert "rate" in window.one("li[data-step=motion] .why").text
    window.make()
    after = window.states()
    assert after["motion"] == "made"
    assert {after[name] for name in ("speech", "faces", "fit", "spoken")} == {"hit"}


def test_a_run_survives_a_reload_of_the_page(window, speech):
    choose(window, speech)
    window.one("li[data-step=fit] summary").click()
    window.one("li[data-step=fit] .force input").click()
    window.until(lambda: window.states()["fit"] == "run")
    window.ready()
    window.one("#make").click()
    window.until(lambda: window.state() in ("queued", "running"))
    window.driver.refresh()
    window.until(lambda: window.state() == "done", 240)
    assert window.one("#video").is_displayed()
    assert window.one("#make").is_enabled()  # what was asked for is filled in
    assert "as in the last run" in window.one("#inputs").text
    window.js("document.getElementById('graph').value = 'yi2020'")
    window.js("document.getElementById('graph').dispatchEvent(new Event('change'))")
    window.until(lambda: window.driver.find_elements(BY_CSS, "#input-video"))
    window.until(lambda: window.one("#hint").text == "Still to come: video.")
    assert not window.one("#make").is_enabled()


def test_a_file_is_dropped_and_a_wrong_one_is_refused_in_plain_words(window, speech):
    choose(window, speech)
    drop = """
      const transfer = new DataTransfer();
      transfer.items.add(new File([arguments[1]], arguments[2], { type: "image/png" }));
      const facts = { dataTransfer: transfer, bubbles: true, cancelable: true };
      const drop = new DragEvent("drop", facts);
      arguments[0].dispatchEvent(drop);
      return drop.defaultPrevented;
    """
    zone = window.one("label[for=input-photo]")
    assert window.js(drop, zone, "no picture", "<b>holiday</b>.png")
    problem = window.one("#input-photo ~ .problem")
    window.until(lambda: problem.text)
    assert "<b>holiday</b>.png" in problem.text and "/tmp" not in problem.text
    assert not window.one("#make").is_enabled()
    window.one("#input-photo").send_keys(str(samples.photo()))
    window.ready()
    assert problem.text == ""
    assert window.js(drop, window.one("footer"), "stray", "x.png")  # does not replace the page


def test_a_failed_run_says_what_happened(window, tmp_path):
    long = tmp_path / "long text.txt"
    long.write_text("x" * 2000)
    window.js("document.getElementById('graph').value = 'test'")
    window.js("document.getElementById('graph').dispatchEvent(new Event('change'))")
    window.until(lambda: window.driver.find_elements(BY_CSS, "#input-text"))
    window.one("#input-text").send_keys(str(long))
    window.until(lambda: set(window.states()) == {"length", "work", "file"})
    window.make()
    assert window.state() == "failed"
    assert window.one("#error").text == "long text.txt: too long; cut it"
    assert window.states() == {"length": "failed", "work": "idle", "file": "idle"}
    assert window.one("#report").is_displayed()


def test_a_page_of_a_studio_that_was_started_anew_says_where_to_go(chromium, new_studio):
    window = Window(chromium, new_studio())
    chromium.get(window.studio.address)
    window.until(lambda: window.js("return document.querySelectorAll('#list > li').length"))
    chromium.delete_all_cookies()  # another studio takes none of ours
    window.js("document.getElementById('graph').dispatchEvent(new Event('change'))")
    window.until(lambda: "Open the address" in window.one("#graph-problem").text)
    assert ["403" in one["message"] for one in chromium.get_log("browser")] == [True]


def test_a_graph_file_becomes_a_form(window, tmp_path):
    graph = tmp_path / "mine.yaml"
    graph.write_text(
        "graph: mine\ninputs: {audio: Path}\n"
        "steps:\n  speech: {node: read_speech, on: {audio: audio}}\n"
        "  features: {node: mfcc, params: {coefficients: 12}, on: {speech: speech}}\n"
    )
    window.one("#graph-file").send_keys(str(graph))
    window.until(lambda: set(window.states()) == {"speech", "features"})
    window.open_stage("features")
    field = window.one(".field[data-place='features.coefficients'] input")
    assert field.get_attribute("value") == "12"
    graph.write_text("graph: mine\nsteps: {a: {node: mfccc}}\n")
    window.one("#graph-file").send_keys(str(graph))
    window.until(lambda: "did you mean 'mfcc'" in window.one("#graph-problem").text)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_window_is_readable(window, speech, scheme):
    window.look(360, scheme)
    choose(window, speech)
    for stage in ("face_model", "motion", "video_out"):
        window.open_stage(stage)
    assert (
        window.js("const x = document.documentElement; return x.scrollWidth - x.clientWidth") == 0
    )
    clipped = window.js("""
      return [...document.querySelectorAll("p, label, button, summary *, input, select")]
        .filter(x => x.offsetParent && !x.closest(".unseen"))
        .filter(x => x.getBoundingClientRect().right > innerWidth + 1)
        .map(x => x.outerHTML)
    """)
    assert clipped == []
    shown = ["body", ".help", "#make", ".field label", ".drop strong", ".drop .help"]
    shown += [f"li[data-step={name}] .badge" for name, state in window.states().items() if state]
    for css in shown:
        assert contrast(window, css) >= 4.5, css


def contrast(window, css):
    """Contrast of an element's text with what lies behind it (WCAG 2)."""
    ink, ground = window.js(
        """
        let at = document.querySelector(arguments[0]);
        const ink = getComputedStyle(at).color;
        const clear = (x) => getComputedStyle(x).backgroundColor === "rgba(0, 0, 0, 0)";
        while (clear(at)) at = at.parentElement;
        const both = [ink, getComputedStyle(at).backgroundColor];
        return both.map((x) => x.match(/[\\d.]+/g).map(Number));
        """,
        css,
    )

    def luminance(colour):
        parts = [c / 255 for c in colour[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(ink), luminance(ground)))
    return (high + 0.05) / (low + 0.05)


def test_everything_is_reached_by_keyboard(window, speech):
    from selenium.webdriver import ActionChains, Keys

    choose(window, speech)
    window.js("document.activeElement.blur(); scrollTo(0, 0)")
    reached = []
    for _ in range(40):
        ActionChains(window.driver).send_keys(Keys.TAB).perform()
        reached.append(
            window.js(
                "const x = document.activeElement;"
                "return x.id || x.closest('li')?.dataset.step || x.tagName"
            )
        )
    wanted = ["graph", "graph-file", "input-audio", "input-photo", "device", "make", "speech"]
    places = [reached.index(name) for name in wanted]
    assert places == sorted(places), reached
    summary = window.one("li[data-step=faces] summary")
    summary.send_keys(Keys.ENTER)
    assert window.one("li[data-step=faces] details").get_attribute("open") is not None
    named = "return [...document.querySelectorAll('input, select, button, progress')]"
    assert window.js(f"{named}.filter(x => !x.labels?.length && !x.textContent.trim()"
                     " && !x.ariaLabel).map(x => x.outerHTML)") == []  # fmt: skip


class Neighbour(http.server.BaseHTTPRequestHandler):
    """Another server of this machine, whose page tries to use the studio."""

    page = ""
    cookies: list[str | None] = []  # noqa: RUF012

    def do_GET(self):
        type(self).cookies.append(self.headers["Cookie"])
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.page.encode())

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_a_page_of_another_server_gets_nowhere(chromium, studio, name):
    chromium.get(studio.address)
    Window(chromium, studio).until(lambda: "token" not in chromium.current_url)
    Neighbour.cookies.clear()
    Neighbour.page = """<!doctype html><title>neighbour</title><iframe></iframe><script>
      const base = BASE, post = (route, options) => fetch(base + route, {
        method: "POST", credentials: "include", ...options });
      const get = (route, options) => fetch(base + route, { credentials: "include", ...options });
      const plain = { mode: "no-cors", headers: { "content-type": "text/plain" }, body: "{}" };
      const socket = new Promise((done) => {
        const it = new WebSocket(base.replace("http", "ws") + "jobs");
        it.onopen = () => done("open"); it.onerror = () => done("refused"); });
      const picture = new Promise((done) => {
        const it = new Image(); it.onload = () => done("shown"); it.onerror = () => done("refused");
        it.src = base + "studio.css"; });
      const script = new Promise((done) => {
        const it = document.createElement("script"); it.onload = () => done("run");
        it.onerror = () => done("refused"); it.src = base + "studio.js";
        document.head.append(it); });
      const text = (answer) => answer.then((it) => it.status + " " + it.type, () => "refused");
      document.querySelector("iframe").src = base;
      Promise.all([
        text(get("jobs")), text(get("jobs", { mode: "no-cors" })), text(post("jobs", plain)),
        text(post("uploads", plain)),
        text(post("plan", { headers: { "content-type": "application/json" }, body: "{}" })),
        socket, picture, script,
      ]).then((all) => { document.title = all.join(", "); });
    </script>""".replace("BASE", repr(f"http://{studio.host}{studio.place}"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Neighbour)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    before = studio.get("jobs")
    try:
        chromium.get(f"http://{name}:{server.server_port}/")
        window = Window(chromium, studio)
        window.until(lambda: chromium.title != "neighbour")
        # (an opaque answer says nothing to the page; that it was a refusal is told by the server)
        assert chromium.title == (
            "refused, refused, refused, refused, refused, refused, refused, refused"
        )
        chromium.switch_to.frame(0)
        assert chromium.find_elements(BY_CSS, "#recipe") == []
        chromium.switch_to.default_content()
    finally:
        server.shutdown()
        server.server_close()
    assert studio.get("jobs") == before
    assert Neighbour.cookies and not any("talkgraph" in (c or "") for c in Neighbour.cookies)
    chromium.get_log("browser")
