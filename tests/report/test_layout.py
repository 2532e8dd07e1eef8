import time

from hypothesis import given, settings
from hypothesis import strategies as st

from talkgraph.report.layout import Measures, layered


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 14))
    names = [f"n{k}" for k in range(count)]
    pairs = [(a, b) for b in range(count) for a in range(b)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    return names, [(names[a], names[b]) for a, b in chosen]


@settings(max_examples=80)
@given(graphs())
def test_boxes_do_not_overlap_and_lines_run_to_the_right(graph):
    names, edges = graph
    m = Measures()
    made = layered(names, edges, m)
    places = list(made.boxes.items())
    for k, (_, (x, y)) in enumerate(places):
        assert x >= 0 and x + m.width <= made.width and y >= 0 and y + m.height <= made.height
        for _, (u, v) in places[k + 1 :]:
            assert x != u or abs(y - v) >= m.height - 1e-6
    for (source, target), line in zip(edges, made.lines, strict=True):
        assert made.boxes[source][0] < made.boxes[target][0]
        xs = [x for x, _ in line]
        assert xs == sorted(xs)
        assert line[0] == (made.boxes[source][0] + m.width, made.boxes[source][1] + m.height / 2)
        assert line[-1] == (made.boxes[target][0], made.boxes[target][1] + m.height / 2)


@settings(max_examples=80)
@given(graphs())
def test_no_line_runs_through_a_box(graph):
    names, edges = graph
    m = Measures()
    made = layered(names, edges, m)
    for (source, target), line in zip(edges, made.lines, strict=True):
        for (x0, y0), (x1, _) in zip(line[1::2], line[2::2], strict=False):  # level stretches
            for name, (x, y) in made.boxes.items():
                if name not in (source, target) and x0 - 1 < x < x1:
                    assert not y < y0 < y + m.height, (name, source, target)


def test_a_ladder_has_no_crossings_and_straight_lines():
    names = [f"{side}{k}" for k in range(6) for side in "ab"]
    edges = [(f"{side}{k}", f"{side}{k + 1}") for k in range(5) for side in "ba"]
    made = layered(names, edges)
    for line in made.lines:
        assert abs(line[0][1] - line[-1][1]) < 1e-6


def test_sources_stand_beside_their_readers():
    made = layered(
        ["a", "b", "c", "model", "d"], [("a", "b"), ("b", "c"), ("c", "d"), ("model", "d")]
    )
    assert made.boxes["model"][0] == made.boxes["c"][0]


def test_a_thousand_steps_are_laid_out_in_seconds():
    names = [f"n{k}" for k in range(1000)]
    edges = [(f"n{k}", f"n{k + 1}") for k in range(999)]
    began = time.process_time()
    made = layered(names, edges)
    assert len(made.boxes) == 1000 and time.process_time() - began < 5
