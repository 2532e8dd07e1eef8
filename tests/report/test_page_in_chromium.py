"""The page in a real browser: no errors, all sections, playing video, keyboard, small and dark."""

import time

import pytest

from talkgraph.report import write_report


@pytest.fixture(scope="module")
def file(talk, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "a page & more.html"
    write_report(talk, path)
    return path


@pytest.fixture
def window(chromium, file):
    """The page in a window of 1200 px, in light colours."""
    resize(chromium, 1200)
    colours(chromium, "light")
    chromium.get_log("browser")
    chromium.get(file.as_uri())
    yield chromium
    assert chromium.get_log("browser") == []


def resize(window, width):
    window.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False},
    )


def colours(window, scheme):
    wanted = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
    features = [{"name": name, "value": value} for name, value in wanted.items()]
    window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def wait(window, script, seconds=60.0):
    until = time.monotonic() + seconds
    while not window.execute_script(f"return Boolean({script})"):
        assert time.monotonic() < until, script
        time.sleep(0.05)


def test_sections_are_there_and_have_height(window, talk):
    for name in talk.records:
        height = window.execute_script(
            "return document.getElementById(arguments[0]).offsetHeight", f"step-{name}"
        )
        assert height > 50, name
    broken = "[...document.images].filter(i => i.complete && !i.naturalWidth).length"
    assert window.execute_script(f"return {broken}") == 0


def test_the_result_plays_with_sound(window):
    window.execute_script("const v = document.querySelector('#result video'); v.play();")
    wait(window, "document.querySelector('#result video').currentTime > 0.3")
    facts = window.execute_script(
        "const v = document.querySelector('#result video');"
        "return [v.videoWidth, v.videoHeight, v.duration, v.webkitAudioDecodedByteCount]"
    )
    assert facts[:2] == [512, 512] and abs(facts[2] - 2.0) < 0.1 and facts[3] > 0


def test_the_speech_plays(window):
    window.execute_script("document.querySelector('audio').play()")
    wait(window, "document.querySelector('audio').currentTime > 0.2")


def test_hover_tells_and_click_leads_to_the_section(window):
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.by import By

    box = window.find_element(By.CSS_SELECTOR, "#graph a.box[data-name=fit]")
    window.execute_script("arguments[0].scrollIntoView({block: 'center', inline: 'center'})", box)
    time.sleep(0.3)
    ActionChains(window).move_to_element(box).perform()
    wait(window, "!document.querySelector('.tip').hidden")
    tip = window.execute_script("return document.querySelector('.tip').textContent")
    assert tip.startswith("fit: made in this run; time ") and "why: first run" in tip
    near = "[...document.querySelectorAll('.edge.near')].map(e => e.dataset.from + e.dataset.to)"
    edges = window.execute_script(f"return {near}")
    assert "trackfit" in edges and "fitalbedo" in edges and "audiospeech" not in edges
    box.click()
    wait(window, "location.hash === '#step-fit'")
    top = "Math.abs(document.getElementById('step-fit').getBoundingClientRect().top) < 40"
    wait(window, top)
    assert window.execute_script("return document.activeElement.id") == "step-fit"


def test_the_keyboard_reaches_boxes_and_enter_leads_on(window):
    from selenium.webdriver import ActionChains, Keys

    seen = []
    for _ in range(40):
        ActionChains(window).send_keys(Keys.TAB).perform()
        name = window.execute_script("return document.activeElement.dataset.name || ''")
        seen.append(name)
        if name == "speech":
            break
    assert seen[-1] == "speech"
    wait(window, "document.querySelector('.tip').textContent.startsWith('speech')")
    ActionChains(window).send_keys(Keys.ENTER).perform()
    wait(window, "location.hash === '#step-speech'")


def test_the_wipe_follows_its_slider(window):
    from selenium.webdriver import Keys
    from selenium.webdriver.common.by import By

    slider = window.find_element(By.CSS_SELECTOR, ".wipe input")
    edge = "return getComputedStyle(arguments[0].parentElement.querySelector('.upper')).clipPath"
    assert "50%" in window.execute_script(edge, slider)
    slider.send_keys(Keys.END)
    assert "100%" in window.execute_script(edge, slider)


def test_zoom(window):
    from selenium.webdriver.common.by import By

    width = "return document.querySelector('#graph svg.graph').getBoundingClientRect().width"
    before = window.execute_script(width)
    smaller, larger, whole = window.find_elements(By.CSS_SELECTOR, "#graph .tools button")
    larger.click()
    assert window.execute_script(width) > before
    smaller.click()
    assert window.execute_script(width) == pytest.approx(before, rel=0.01)
    whole.click()
    frame = "return document.querySelector('#graph .scroll').clientWidth"
    assert window.execute_script(width) <= window.execute_script(frame) + 1


@pytest.mark.parametrize("width", [280, 360, 768, 1200, 1920])
def test_no_window_is_too_narrow(window, width):
    resize(window, width)
    assert window.execute_script("return document.documentElement.scrollWidth") <= width
    over = """
      const wide = [];
      for (const e of document.querySelectorAll('main *, footer *')) {
        if (e.closest('.scroll, .table, svg, .tip')) continue;
        if (e.getBoundingClientRect().right > innerWidth + 1) wide.push(e.outerHTML.slice(0, 99));
      }
      return wide;"""
    assert window.execute_script(over) == []


CONTRAST = """
  const light = (c) => {
    const [r, g, b] = c.match(/[\\d.]+/g).map(Number).map(
      v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if (!/, 0\\)$/.test(c) && c !== 'transparent') return c;
    }
    return 'rgb(255, 255, 255)';
  };
  const low = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!own || ['SCRIPT', 'STYLE', 'VIDEO'].includes(e.tagName) || !e.getClientRects().length)
      continue;
    const svg = e.closest('svg.graph');
    const style = getComputedStyle(e);
    const behind = svg
      ? getComputedStyle(e.parentElement.querySelector('rect')).fill : ground(e);
    const a = light(svg ? style.fill : style.color), b = light(behind);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push([ratio.toFixed(2), e.outerHTML.slice(0, 120)]);
    if (parseFloat(style.fontSize) < 11) low.push([style.fontSize, e.outerHTML.slice(0, 120)]);
  }
  return low;"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_and_is_not_tiny(window, scheme):
    colours(window, scheme)
    ground = window.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(15, 20, 25)"}[scheme]
    assert window.execute_script(CONTRAST) == []


def test_hostile_names_do_nothing(chromium, tmp_path):
    from talkgraph.engine import Graph, Node, node, note

    hostile = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"

    @node("report_test_alert", version=1)
    class Alert(Node):
        def run(self, text: str) -> str:
            note(text)
            return text

    result = Graph("g", inputs={"text": str}, steps={"a": Alert().on(text="text")}).run(
        {"text": hostile}, store=tmp_path
    )
    write_report(result, tmp_path / "page.html", hostile)
    chromium.get((tmp_path / "page.html").as_uri())  # an alert would make this raise
    assert chromium.execute_script("return document.querySelector('h1').textContent") == hostile
    assert chromium.execute_script("return document.scripts.length") == 1
    assert chromium.get_log("browser") == []
