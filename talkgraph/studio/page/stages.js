// The list of stages: what each would do, what it does, and its parameters.

import { field, make } from "./fields.js";

const STATES = {
  "": "", hit: "stored", run: "will run", pending: "depends", streamed: "on the fly", given: "given",
  running: "running", made: "done", failed: "failed", cancelled: "stopped", idle: "not reached",
  unused: "not needed",
};

export class Stages {
  constructor(list) {
    this.list = list;
    this.items = new Map();
  }

  /**
   * Show the steps of a form.
   * @param given parameters by step that the user changed
   * @param onChange called with (step, parameter, value, changed)
   * @param onForce called with (step, wanted)
   */
  build(steps, given, force, onChange, onForce) {
    const open = new Set([...this.items].filter(([, item]) => item.details.open).map(([name]) => name));
    this.items.clear();
    this.list.replaceChildren(
      ...steps.map((step) => this.#item(step, given[step.name] ?? {}, force.has(step.name), onChange, onForce)));
    for (const name of open) this.items.get(name)?.details.setAttribute("open", "");
  }

  #item(step, given, forced, onChange, onForce) {
    const badge = make("span", { class: "badge", hidden: true });
    const why = make("span", { class: "why" }, step.about);
    const bar = make("progress", { hidden: true, "aria-label": step.name });
    const notes = make("div", { class: "notes" });
    const fields = step.fields.map((facts) =>
      field(facts, `${step.name}.${facts.name}`,
        (value, changed) => onChange(step.name, facts.name, value, changed), given[facts.name]));
    const box = make("input", { type: "checkbox", checked: forced });
    box.addEventListener("change", () => onForce(step.name, box.checked));
    const details = make("details", {},
      make("summary", {}, make("span", { class: "name" }, step.name), badge, why, bar),
      make("div", { class: "inside" },
        make("p", { class: "help" }, `${step.node}: ${step.about}`), notes,
        make("div", { class: "fields" }, ...fields),
        make("label", { class: "force" }, box, "Make it again though it is stored")));
    const item = make("li", {}, details);
    item.dataset.step = step.name;
    this.items.set(step.name, { item, badge, why, bar, notes, details, about: step.about });
    return item;
  }

  /** Show the states of stages; those that are not among them are not needed. */
  show(stages) {
    const seen = new Set();
    for (const stage of stages) {
      seen.add(stage.name);
      this.#show(stage);
    }
    for (const [name, { about }] of this.items)
      if (!seen.has(name)) this.#show({ name, state: "", reason: about, notes: [] });
  }

  #show({ name, state, reason, done, total, left, seconds, notes = [] }) {
    const found = this.items.get(name);
    if (!found) return;
    const { item, badge, why, bar, about } = found;
    item.dataset.state = state;
    badge.textContent = STATES[state] ?? state;
    badge.hidden = !state;
    const running = state === "running";
    bar.hidden = !running;
    if (running && total > 0) {
      bar.max = total;
      bar.value = done;
    } else bar.removeAttribute("value");
    why.textContent = running ? [total > 0 && `${Math.floor((100 * done) / total)} %`, left != null && `${duration(left)} left`, reason].filter(Boolean).join(", ")
      : state === "made" && seconds != null ? `${duration(seconds)}; ${reason}`
      : state === "hit" ? "unchanged: its stored result is taken" : reason || about;
    if (found.notes.childElementCount !== notes.length)
      found.notes.replaceChildren(...notes.map((text) => make("p", { class: "note" }, text)));
  }
}

/** A duration in at most two units. */
export function duration(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
