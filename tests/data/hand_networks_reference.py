"""Make hand_networks_reference.npz: what the original runtime computes for public-domain pictures.

    pip install ai-edge-litert scikit-image
    pip download --no-deps mediapipe==0.10.21     # a wheel; its modules hold the networks
    python tests/data/hand_networks_reference.py mediapipe-*.whl hand_networks_reference.npz

The pictures are cut from scikit-image's astronaut (NASA, public domain) by plain slicing, so that
the tests rebuild exactly the same input. Of the palm detector every 16th anchor is kept.
"""

import sys
import zipfile

import numpy as np

NETWORKS = {
    "palms": "mediapipe/modules/palm_detection/palm_detection_full.tflite",
    "joints": "mediapipe/modules/hand_landmark/hand_landmark_full.tflite",
}
ANCHORS = 16


def pictures(astronaut):
    """Two palm inputs of 192 px and two hand inputs of 224 px, uint8 RGB."""
    return {
        "palms": np.stack([astronaut[0:384:2, 0:384:2], astronaut[128::2, 128::2]]),
        "joints": np.stack([astronaut[:448:2, 64::2], astronaut[288:, 288:]]),
    }


def kept(name, values):
    """The part of an output `[shape=(1, ...)]` that is stored."""
    return values[:, ::ANCHORS] if name == "palms" else values


def main(wheel, target):
    """Write the reference to `target`."""
    from ai_edge_litert.interpreter import Interpreter
    from skimage import data

    arrays = {}
    for name, images in pictures(data.astronaut()).items():
        with zipfile.ZipFile(wheel) as archive:
            network = Interpreter(model_content=archive.read(NETWORKS[name]), num_threads=1)
        network.allocate_tensors()
        found = {}
        for image in images:
            network.set_tensor(
                network.get_input_details()[0]["index"], image[None] / np.float32(255)
            )
            network.invoke()
            for output in network.get_output_details():
                values = kept(name, network.get_tensor(output["index"]))
                found.setdefault(output["name"], []).append(values)
        for output, values in found.items():
            arrays[f"{name}_{output}"] = np.concatenate(values)
    np.savez_compressed(target, **arrays)


if __name__ == "__main__":
    main(*sys.argv[1:])
