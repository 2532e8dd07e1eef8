"use strict";

// Before and after: the slider moves the edge of the upper picture.
for (const wipe of document.querySelectorAll(".wipe")) {
  const slider = wipe.querySelector("input");
  const move = () => wipe.style.setProperty("--at", `${slider.value}%`);
  slider.addEventListener("input", move);
  move();
}

// The graph: what a box says appears beside it, and the lines at it stand out.
const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
document.body.append(tip);

function tell(drawing, box) {
  const name = box.dataset.name;
  for (const edge of drawing.querySelectorAll(".edge")) {
    edge.classList.toggle("near", edge.dataset.from === name || edge.dataset.to === name);
  }
  tip.textContent = box.dataset.words || "";
  tip.hidden = !box.dataset.words;
  const place = box.getBoundingClientRect();
  const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
  tip.style.left = `${Math.max(8, Math.min(place.left, room)) + window.scrollX}px`;
  const below = place.bottom + 6;
  const fits = below + tip.offsetHeight < window.innerHeight;
  tip.style.top = `${(fits ? below : place.top - tip.offsetHeight - 6) + window.scrollY}px`;
}

function hush(drawing) {
  tip.hidden = true;
  for (const edge of drawing.querySelectorAll(".edge.near")) edge.classList.remove("near");
}

for (const drawing of document.querySelectorAll("svg.graph")) {
  drawing.parentElement.addEventListener("scroll", () => hush(drawing), { passive: true });
  for (const box of drawing.querySelectorAll(".box")) {
    box.addEventListener("pointerenter", () => tell(drawing, box));
    box.addEventListener("focus", () => tell(drawing, box));
    box.addEventListener("pointerleave", () => hush(drawing));
    box.addEventListener("blur", () => hush(drawing));
  }
}
// Zoom: buttons over every drawing that is wider than the window.
for (const frame of document.querySelectorAll(".scroll")) {
  const drawing = frame.querySelector("svg.graph");
  if (!drawing) continue;
  const width = drawing.viewBox.baseVal.width;
  let scale = 1;
  const zoom = (to) => {
    scale = Math.min(2, Math.max(0.2, to));
    drawing.style.width = `${width * scale}px`;
    drawing.style.height = "auto";
  };
  const tools = document.createElement("div");
  tools.className = "tools";
  const fit = () => zoom(Math.min(1, frame.clientWidth / width));
  for (const [text, label, act] of [
    ["\u2212", "make the graph smaller", () => zoom(scale / 1.25)],
    ["+", "make the graph larger", () => zoom(scale * 1.25)],
    ["Whole graph", "fit the graph into the window", fit],
  ]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.setAttribute("aria-label", label);
    button.addEventListener("click", act);
    tools.append(button);
  }
  frame.before(tools);
  zoom(Math.max(0.9, Math.min(1, frame.clientWidth / width)));
}

// A jump to a step opens what it lies in and moves the keyboard there.
addEventListener("hashchange", () => {
  const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!place) return;
  for (let at = place; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  place.focus({ preventScroll: true });
});
