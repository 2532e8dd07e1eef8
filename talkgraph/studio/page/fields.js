// Form fields from what the server says of an input, option or parameter.

import { upload } from "./server.js";

let count = 0;

/** An element with attributes, properties and children. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key in element && typeof value !== "string") element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

/**
 * A labelled field. `onChange(value, changed)` is called with what the server takes; `changed` is
 * false when the field is back at what it started from.
 */
export function field(facts, place, onChange, given) {
  const id = `field-${++count}`;
  const start = facts.value ?? "";
  const control = controls[facts.kind](facts, id);
  const unit = facts.unit ? make("span", { class: "unit" }, ` (${facts.unit})`) : "";
  const help = [facts.help, facts.range].filter(Boolean).join("; ");
  const problem = make("p", { class: "problem", id: `${id}-problem`, hidden: true });
  const about = make("p", { class: "help", id: `${id}-help` }, help);
  const label = make("label", { for: id }, words(facts.name), unit);
  const row = facts.kind === "switch" ? make("div", { class: "row" }, control.element) : control.element;
  const box = make("div", { class: "field" }, label, row, about, problem);
  box.dataset.place = place;
  control.element.setAttribute("aria-describedby", `${id}-help ${id}-problem`);
  const tell = () => {
    const value = control.read();
    const changed = String(value ?? "") !== String(start);
    box.classList.toggle("changed", changed);
    onChange(value, changed);
  };
  control.listen(tell);
  if (given !== undefined && facts.kind !== "file") {
    control.write(given);
    box.classList.toggle("changed", String(given ?? "") !== String(start));
  }
  return box;
}

const words = (name) => name.replaceAll("_", " ");

function typed(facts, id, attributes = {}) {
  const element = make("input", { id, type: "text", autocomplete: "off", spellcheck: false, ...attributes });
  element.value = facts.value ?? "";
  return {
    element,
    read: () => element.value.trim(),
    write: (value) => (element.value = value ?? ""),
    listen: (tell) => element.addEventListener("input", tell),
  };
}

const controls = {
  // Numbers are typed as text: the browser would hide from the server what is no number.
  integer: (facts, id) => typed(facts, id, { inputmode: "numeric" }),
  number: (facts, id) => typed(facts, id, { inputmode: "decimal" }),
  values: (facts, id) => typed(facts, id),
  text: (facts, id) => typed(facts, id),
  fixed: (facts, id) => typed(facts, id, { disabled: true }),
  switch(facts, id) {
    const element = make("input", { id, type: "checkbox", checked: Boolean(facts.value) });
    return {
      element,
      read: () => element.checked,
      write: (value) => (element.checked = value),
      listen: (tell) => element.addEventListener("change", tell),
    };
  },
  choice(facts, id) {
    const options = facts.choices.map((one, index) =>
      make("option", { value: String(index) }, one === null ? "none" : String(one)));
    const element = make("select", { id }, ...options);
    const write = (value) => (element.value = String(facts.choices.indexOf(value ?? null)));
    write(facts.value);
    return {
      element,
      read: () => facts.choices[Number(element.value)],
      write,
      listen: (tell) => element.addEventListener("change", tell),
    };
  },
  file(facts, id) {
    const element = make("input", { id, type: "file" });
    let sent = "";
    return {
      element,
      read: () => sent,
      write: () => {},
      listen: (tell) =>
        element.addEventListener("change", async () => {
          const [file] = element.files;
          sent = file ? (await upload(file, () => {}).catch(() => ({ id: "lost" }))).id : "";
          tell();
        }),
    };
  },
};

/** Show the server's lines beside their fields; returns those that have no field on the page. */
export function showProblems(problems, root) {
  const left = { ...problems };
  for (const box of root.querySelectorAll(".field[data-place]")) {
    const line = left[box.dataset.place];
    delete left[box.dataset.place];
    const problem = box.querySelector(".problem");
    box.classList.toggle("wrong", Boolean(line));
    box.querySelector("input, select")?.setAttribute("aria-invalid", String(Boolean(line)));
    if (problem.textContent !== (line ?? "")) problem.textContent = line ?? "";
    problem.hidden = !line;
    if (line) box.closest("details")?.setAttribute("open", "");
  }
  return Object.values(left);
}
