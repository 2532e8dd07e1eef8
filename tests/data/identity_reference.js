// Make identity_reference.json: what the original runtime computes for public-domain pictures.
//
//   npm pack @vladmandic/face-api@1.7.15 && tar xzf vladmandic-face-api-1.7.15.tgz
//   python -c "import sys; sys.path.insert(0, 'tests/models'); import astronaut; \
//              astronaut.chips().tofile('chips.bin')"
//   node tests/data/identity_reference.js package chips.bin > tests/data/identity_reference.json
const fs = require("fs");
const vm = require("vm");
const [folder, chips] = process.argv.slice(2);

// The bundle is made for browsers: give it a context that looks like one.
const browser = {
  TextEncoder, TextDecoder, console, performance, setTimeout, clearTimeout, setInterval,
  queueMicrotask, URL, Float32Array, Uint8Array, Int32Array, Uint8ClampedArray, Array,
  ArrayBuffer, Promise, Object, fetch: () => {}, navigator: { userAgent: "none" },
  document: { createElement: () => ({ getContext: () => null, style: {} }), body: {} },
  HTMLImageElement: class {}, HTMLCanvasElement: class {}, HTMLVideoElement: class {},
  Image: class {}, ImageData: class {},
};
browser.window = browser.self = browser;
vm.createContext(browser);
const source = fs.readFileSync(`${folder}/dist/face-api.js`, "utf8");
const faceapi = vm.runInContext(source + ";faceapi", browser);
const tf = faceapi.tf;

(async () => {
  await tf.setBackend("cpu");
  const base = `${folder}/model/face_recognition_model`;
  const manifest = JSON.parse(fs.readFileSync(`${base}-weights_manifest.json`));
  const data = fs.readFileSync(`${base}.bin`);
  const buffer = data.buffer.slice(data.byteOffset, data.byteOffset + data.length);
  const network = new faceapi.FaceRecognitionNet();
  network.loadFromWeightMap(tf.io.decodeWeights(buffer, manifest[0].weights));
  const pixels = fs.readFileSync(chips);
  const size = 150 * 150 * 3;
  const vectors = [];
  for (let at = 0; at < pixels.length; at += size) {
    const chip = tf.tensor(Float32Array.from(pixels.subarray(at, at + size)), [1, 150, 150, 3]);
    const vector = network.forwardInput({ toBatchTensor: () => chip });
    vectors.push(Array.from(await vector.data(), (value) => Number(value.toPrecision(8))));
  }
  process.stdout.write(JSON.stringify(vectors) + "\n");
})();
