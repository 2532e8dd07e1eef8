// What the page asks of the server.

export class Refused extends Error {
  constructor(message, problems) {
    super(message);
    this.problems = problems ?? {};
  }
}

async function answer(request) {
  let response;
  try {
    response = await request;
  } catch {
    throw new Refused("The studio does not answer: is it still running in its terminal?");
  }
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  let body = { error: text }; // of whoever stands before the routes, who speaks no JSON
  try {
    body = JSON.parse(text);
  } catch {}
  throw new Refused(body.error, body.problems);
}

export const get = (route) => answer(fetch(route));

export const post = (route, document = {}) =>
  answer(fetch(route, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(document),
  }));

/** Send a file; `onProgress` is called with the part that is there, 0 to 1. */
export function upload(file, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch tells no progress of a body
    request.open("POST", "uploads");
    request.responseType = "json";
    request.setRequestHeader("content-type", "application/octet-stream");
    request.setRequestHeader("x-label", encodeURIComponent(file.name));
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onload = () =>
      request.status === 200
        ? resolve(request.response)
        : reject(new Refused(request.response?.error ?? `refused (${request.status})`));
    request.onerror = () => reject(new Refused("The file could not be sent."));
    request.send(file);
  });
}
