// The page: keeps what the user wants (the recipe), asks what it would do, follows the run.

import { dropZone } from "./drop.js";
import { field, make, showProblems } from "./fields.js";
import { get, post } from "./server.js";
import { Stages, duration } from "./stages.js";

const $ = (id) => document.getElementById(id);
const POLL = 400; // ms
const REST = 300; // ms without typing before the plan is asked for

const recipe = { graph: null, yaml: null, options: {}, parameters: {}, inputs: {}, force: new Set() };
const about = $("summary").textContent;
const stages = new Stages($("list"));
let largest = Infinity;
let job = null; // the run that is shown
let planned = 0; // counts plans, so that an old answer is not shown over a new one
let timer = null;
let ready = false; // whether the recipe could be run as it is
const files = {}; // input -> what was chosen for it on this page
let blocked = new Set(); // inputs that were found unusable

const going = () => job !== null && ["queued", "running", "stopping"].includes(job.state);
const written = () => ({ ...recipe, force: [...recipe.force] });

// -- the form --------------------------------------------------------------------------------

async function showForm() {
  const form = await post("form", written()).catch(asProblem);
  if (form.problems) {
    const left = showProblems(form.problems, $("options"));
    say($("graph-problem"), left.join("; "));
    ready = false;
    $("make").disabled = true;
    return;
  }
  say($("graph-problem"), "");
  showInputs(form.inputs);
  showOptions(form.options);
  stages.build(form.steps, recipe.parameters, recipe.force, changeParameter, force);
  await plan();
}

const asProblem = (error) => ({ problems: { "": error.message } });

let shownInputs = "";
function showInputs(inputs) {
  const what = JSON.stringify([recipe.graph, recipe.yaml, inputs]);
  if (what === shownInputs) return; // dropped files stay
  shownInputs = what;
  blocked = new Set();
  const given = recipe.inputs;
  recipe.inputs = {};
  $("inputs").replaceChildren(...inputs.map((input) => {
    const { name } = input;
    const fits = given[name] && (files[name]?.reads ?? input.reads) === input.reads;
    if (fits) recipe.inputs[name] = given[name]; // another graph takes the same speech
    if (input.kind === "file")
      return dropZone(input, largest, (id, file) => takeFile(input, id, file),
        fits ? files[name]?.label ?? "as in the last run" : null);
    return field(input, `inputs.${name}`, (value) => {
      recipe.inputs[name] = value;
      soon(plan);
    }, recipe.inputs[name]);
  }));
}

async function takeFile({ name, reads }, id, file) {
  files[name] = { reads, label: file.name };
  if (id === null) delete recipe.inputs[name];
  else recipe.inputs[name] = id;
  blocked.delete(name);
  $("make").disabled = true;
  plan();
  if (id === null) return null;
  blocked.add(name); // until it was looked at
  const asked = { recipe: written(), input: name, device: $("device").value };
  const { error } = await post("check", asked).catch(({ message }) => ({ error: message }));
  if (recipe.inputs[name] !== id) return null;
  if (error) delete recipe.inputs[name];
  blocked.delete(name);
  plan();
  return error;
}

let shownOptions = "";
function showOptions(options) {
  const what = JSON.stringify([recipe.graph, options.map(({ name, kind }) => [name, kind])]);
  if (what !== shownOptions) {
    shownOptions = what;
    $("options").replaceChildren(...options.map((facts) =>
      field(facts, `options.${facts.name}`, (value, changed) => {
        if (changed) recipe.options[facts.name] = value;
        else delete recipe.options[facts.name];
        soon(showForm);
      }, recipe.options[facts.name])));
  }
  showProblems({}, $("options"));
}

function changeParameter(step, name, value, changed) {
  const given = (recipe.parameters[step] ??= {});
  if (changed) given[name] = value;
  else delete given[name];
  if (!Object.keys(given).length) delete recipe.parameters[step];
  soon(plan);
}

function force(step, wanted) {
  if (wanted) recipe.force.add(step);
  else recipe.force.delete(step);
  plan();
}

function soon(action) {
  clearTimeout(timer);
  timer = setTimeout(action, REST);
}

// -- the plan --------------------------------------------------------------------------------

async function plan() {
  if (going()) return;
  const mine = ++planned;
  const answer = await post("plan", written()).catch(asProblem);
  if (mine !== planned || going()) return;
  const missing = [];
  const wrong = {};
  for (const [place, line] of Object.entries(answer.problems ?? {})) {
    if (line === "still to be given") missing.push(place.replace("inputs.", ""));
    else wrong[place] = line;
  }
  const left = showProblems(wrong, document);
  $("summary").textContent = answer.stages ? inWords(answer.stages) : about;
  stages.show(answer.stages ?? []);
  $("hint").textContent = left.length ? left.join("; ")
    : Object.keys(wrong).length ? `To be mended: ${Object.keys(wrong).join(", ")}.`
    : missing.length ? `Still to come: ${missing.join(", ")}.`
    : blocked.size ? "One moment: a file is being looked at." : "";
  ready = Boolean(answer.stages) && blocked.size === 0;
  $("make").disabled = !ready;
}

function inWords(list) {
  const count = (...states) => list.filter(({ state }) => states.includes(state)).length;
  const parts = [
    [count("hit"), "stored"], [count("run"), "will run"],
    [count("pending"), "decided on the way"], [count("streamed"), "made on the fly"],
  ];
  return `Plan: ${parts.filter(([n]) => n).map(([n, what]) => `${n} ${what}`).join(", ")}.`;
}

// -- the run ---------------------------------------------------------------------------------

async function start(event) {
  event.preventDefault();
  if ($("make").disabled) return;
  $("make").disabled = true;
  try {
    job = await post("jobs", { recipe: written(), device: $("device").value });
    follow();
  } catch (error) {
    const left = showProblems(error.problems ?? {}, document);
    $("hint").textContent = left.length ? left.join("; ") : error.message;
    $("make").disabled = false;
  }
}

async function follow() {
  while (true) {
    showJob();
    if (!going()) break;
    await new Promise((done) => setTimeout(done, POLL));
    try {
      job = await get(`jobs/${job.id}`);
      say($("error"), "");
    } catch (error) {
      say($("error"), error.message);
    }
  }
  recipe.force.clear();
  for (const box of document.querySelectorAll(".force input")) box.checked = false;
  $("make").disabled = !ready;
  $("make").textContent = "Make it again";
}

function showJob() {
  const active = going();
  $("cancel").hidden = !active;
  $("cancel").disabled = job.state === "stopping";
  if (active) {
    $("make").disabled = true;
    $("hint").textContent = "";
  }
  $("result").dataset.state = job.state;
  $("status").textContent = status();
  const over = new Set(["made", "hit", "given", "streamed"]);
  const ended = job.stages.filter(({ state }) => over.has(state)).length;
  $("whole").hidden = !active || !job.stages.length;
  $("whole").max = job.stages.length || 1;
  $("whole").value = ended;
  if (job.stages.length) {
    stages.show(job.stages);
    const hits = job.stages.filter(({ state }) => state === "hit").length;
    $("summary").textContent = `${hits} of ${job.stages.length} stages were taken from the store.`;
  }
  if (!active) say($("error"), job.state === "failed" ? job.error : "");
  showOutputs();
}

function status() {
  const time = job.seconds == null ? "" : duration(job.seconds);
  switch (job.state) {
    case "queued": return "Waiting for the run before it.";
    case "running":
      if (job.output || job.value) return "It is ready; the report is being written.";
      return job.stages.length ? `Running for ${time}.` : "Starting…";
    case "stopping":
      return job.stages.some(({ state }) => ["cancelled", "idle"].includes(state))
        ? "It is stopped; the report is being written." : "Stopping…";
    case "done": return `Done in ${time}.`;
    case "cancelled": return "Cancelled. Finished stages are kept: made again, it goes on from there.";
    default: return "It failed. Finished stages are kept: mend the cause and make it again.";
  }
}

function showOutputs() {
  const video = job.output && `outputs/${job.output}`;
  const report = job.report && `outputs/${job.report}`;
  source($("video"), video);
  source($("page"), report);
  $("report").hidden = !report;
  $("value").hidden = !job.value;
  $("value").textContent = job.value ?? "";
  link($("save-video"), video && `${video}?download`);
  link($("save-report"), report && `${report}?download`);
  link($("open-report"), report);
  $("downloads").hidden = !(video || report);
}

function source(element, address) {
  element.hidden = !address;
  if ((element.getAttribute("src") ?? "") === (address ?? "")) return;
  if (address) element.setAttribute("src", address);
  else element.removeAttribute("src");
}

function link(element, address) {
  element.hidden = !address;
  if (address) element.setAttribute("href", address);
  else element.removeAttribute("href");
}

async function cancel() {
  $("cancel").disabled = true;
  try {
    await post(`jobs/${job.id}/cancel`); // what comes of it is told to `follow`
  } catch (error) {
    say($("error"), error.message);
  }
}

// -- the beginning ---------------------------------------------------------------------------

function say(element, text) {
  element.textContent = text ?? "";
  element.hidden = !text;
}

async function chooseGraph() {
  const chosen = $("graph").selectedOptions[0];
  if (!chosen) return;
  if (chosen.dataset.yaml === undefined) Object.assign(recipe, { graph: chosen.value, yaml: null });
  else Object.assign(recipe, { graph: null, yaml: chosen.dataset.yaml });
  $("graph-about").textContent = chosen.dataset.about ?? "";
  await showForm();
}

async function readGraphFile() {
  const [file] = $("graph-file").files;
  $("graph-file").value = "";
  if (!file) return;
  if (file.size > 500000) {
    say($("graph-problem"), `${file.name} is too large for a graph file.`);
    return;
  }
  addGraphFile(file.name, await file.text());
  await chooseGraph();
}

function addGraphFile(name, text) {
  const option = make("option", {}, name);
  option.dataset.yaml = text;
  option.dataset.about = "A graph file.";
  $("graph").append(option);
  option.selected = true;
}

async function begin() {
  const facts = await get("graphs");
  largest = facts.largest;
  for (const { name, about, usable } of facts.graphs) {
    const option = make("option", { value: name, disabled: !usable, title: about }, name);
    option.dataset.about = about;
    $("graph").append(option);
  }
  for (const name of facts.devices) $("device").append(make("option", { value: name }, name));
  $("graph").addEventListener("change", chooseGraph);
  $("graph-file").addEventListener("change", readGraphFile);
  $("recipe").addEventListener("submit", start);
  $("cancel").addEventListener("click", cancel);
  // A file that misses its place would be opened instead of this page.
  for (const event of ["dragover", "drop"]) addEventListener(event, (drag) => drag.preventDefault());
  const jobs = await get("jobs");
  const last = jobs[jobs.length - 1];
  if (last) restore(last);
  await chooseGraph();
  if (last) {
    job = last;
    follow();
  }
}

/** Fill in what a run was asked for: the page was opened anew. */
function restore({ recipe: asked, device }) {
  const { options, parameters, inputs, yaml } = asked;
  Object.assign(recipe, { options, parameters, inputs });
  if (yaml !== null) addGraphFile("the graph file of the last run", yaml);
  else $("graph").value = asked.graph;
  $("device").value = device;
}

begin().catch((error) => say($("error"), error.message));
