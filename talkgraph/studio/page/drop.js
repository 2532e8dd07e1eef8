// A place to drop or choose a file: sends it, has it checked, shows what it is.

import { make } from "./fields.js";
import { Refused, upload } from "./server.js";

const KINDS = {
  sound: { title: "Speech", accept: "audio/*,video/*", hint: "WAV, FLAC, MP3, M4A, or a video with sound" },
  video: { title: "Video of the person", accept: "video/*", hint: "10 s or more of them speaking is best" },
  photo: { title: "Photo of the person", accept: "image/*", hint: "one face, frontal, evenly lit" },
};

/**
 * @param {object} input the server's facts of an input
 * @param {number} largest bytes
 * @param {(id: string|null, file: File) => Promise<string|null>} onFile is told the upload (null: none
 *   yet) and gives what is wrong with it
 * @param {string|null} given name of the file that is there already
 */
export function dropZone(input, largest, onFile, given) {
  const kind = KINDS[input.reads] ?? { title: input.name, accept: "", hint: "any file" };
  const id = `input-${input.name.replaceAll("/", "-")}`;
  const chooser = make("input", { id, type: "file", class: "unseen", accept: kind.accept });
  const view = make("div", { class: "view" });
  const name = make("strong", {}, kind.title);
  const hint = make("span", { class: "help" }, `Drop it here or choose a file: ${kind.hint}.`);
  const bar = make("progress", { max: 1, hidden: true, "aria-label": `sending ${kind.title}` });
  const problem = make("p", { class: "problem", role: "alert", hidden: true });
  const zone = make("label", { class: "drop", for: id }, view, name, hint, bar);
  const box = make("div", { class: "input" }, chooser, zone, problem);
  let turn = 0;
  let preview = null;

  const say = (text) => {
    problem.textContent = text ?? "";
    problem.hidden = !text;
    zone.setAttribute("aria-invalid", String(Boolean(text)));
  };

  async function take(file) {
    const mine = ++turn;
    const current = () => mine === turn;
    say("");
    show(file);
    await onFile(null, file);
    try {
      if (file.size > largest) throw new Refused(`${file.name} is too large for the studio.`);
      bar.hidden = false;
      bar.value = 0;
      hint.textContent = "Sending…";
      const sent = await upload(file, (part) => current() && (bar.value = part));
      if (!current()) return;
      bar.removeAttribute("value");
      hint.textContent = "Looking at it…";
      const wrong = await onFile(sent.id, file);
      if (!current()) return;
      say(wrong);
      hint.textContent = wrong ? "Choose another." : `${size(file.size)}; choose another to replace it.`;
    } catch (error) {
      if (current()) {
        say(error.message);
        hint.textContent = "Choose another.";
      }
    } finally {
      if (current()) bar.hidden = true;
    }
  }

  function show(file) {
    name.textContent = `${kind.title}: ${file.name}`;
    zone.classList.add("full");
    if (preview) URL.revokeObjectURL(preview);
    preview = URL.createObjectURL(file);
    const tag = file.type.startsWith("image/") ? "img"
      : file.type.startsWith("video/") ? "video" : file.type.startsWith("audio/") ? "audio" : null;
    const facts = tag === "img" ? { alt: "" } : { controls: true, muted: tag === "video" };
    view.replaceChildren(...(tag ? [make(tag, { src: preview, ...facts })] : []));
  }

  if (given) {
    name.textContent = `${kind.title}: ${given}`;
    hint.textContent = "Choose another to replace it.";
    zone.classList.add("full");
  }
  chooser.addEventListener("change", () => {
    const [file] = chooser.files;
    chooser.value = ""; // so that the same file can be chosen again, mended
    if (file) take(file);
  });
  for (const event of ["dragover", "dragleave", "drop"]) {
    zone.addEventListener(event, (drag) => {
      drag.preventDefault();
      zone.classList.toggle("over", event === "dragover");
      if (event === "drop" && drag.dataTransfer.files[0]) take(drag.dataTransfer.files[0]);
    });
  }
  return box;
}

function size(bytes) {
  return bytes < 1 << 20 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / (1 << 20)).toFixed(1)} MiB`;
}
