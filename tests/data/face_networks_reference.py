"""Make face_networks_reference.npz: what the original runtime computes for public-domain pictures.

Run it in an environment of its own (the original runtime wants numpy < 2):

    pip install --no-deps mediapipe==0.10.21
    pip install "numpy<2" "protobuf>=4.25.3,<5" absl-py attrs flatbuffers matplotlib sounddevice \
        opencv-python-headless pillow scikit-image
    python tests/data/face_networks_reference.py tests/data/face_networks_reference.npz

The pictures are cut from scikit-image's astronaut (NASA, public domain) by plain slicing, so that
the tests rebuild exactly the same input (`tests/models/astronaut.py` calls `pictures`).
"""

import os
import sys

import numpy as np


def pictures(astronaut):
    """Faces and one non-face of 192 px, and two detector inputs of 128 px, uint8 RGB."""
    tight = np.repeat(np.repeat(astronaut[60:156, 175:271], 2, 0), 2, 1)
    faces = [
        astronaut[10:202, 126:318],
        astronaut[0:192, 110:302, :][:, ::-1],
        tight,
        astronaut[300:492, 300:492],
    ]
    return np.stack(faces), np.stack([astronaut[::4, ::4], astronaut[:256:2, 100:356:2]])


def graph_text(model, outputs, lowest):
    """A graph that runs one network on one image of its own size and returns every output."""
    numbers = range(outputs)
    ranges = " ".join(f"ranges: {{ begin: {i} end: {i + 1} }}" for i in numbers)
    split = " ".join(f'output_stream: "t{i}"' for i in numbers)
    observed = " ".join(f'output_stream: "f{i}"' for i in numbers)
    floats = "\n".join(
        f'node {{ calculator: "TensorsToFloatsCalculator" input_stream: "TENSORS:t{i}" '
        f'output_stream: "FLOATS:f{i}" }}'
        for i in numbers
    )
    return f"""
input_stream: "image" {observed}
node {{ calculator: "TfLiteCustomOpResolverCalculator" output_side_packet: "OP_RESOLVER:r" }}
node {{ calculator: "ImageToTensorCalculator"
  input_stream: "IMAGE:image" output_stream: "TENSORS:in"
  options {{ [mediapipe.ImageToTensorCalculatorOptions.ext] {{
    output_tensor_float_range {{ min: {lowest} max: 1.0 }} }} }} }}
node {{ calculator: "InferenceCalculatorCpu"
  input_stream: "TENSORS:in" output_stream: "TENSORS:out" input_side_packet: "OP_RESOLVER:r"
  options {{ [mediapipe.InferenceCalculatorOptions.ext] {{
    model_path: "mediapipe/modules/{model}" delegate {{ tflite {{}} }} }} }} }}
node {{ calculator: "SplitTensorVectorCalculator" input_stream: "out" {split}
  options {{ [mediapipe.SplitVectorCalculatorOptions.ext] {{ {ranges} element_only: false }} }} }}
{floats}
"""


def run(mp, model, outputs, lowest, images):
    """Every output of `model` for every image, `[shape=(images, values), float32]` each."""
    graph = mp.CalculatorGraph(graph_config=graph_text(model, outputs, lowest))
    found = {f"f{i}": [] for i in range(outputs)}
    for name in found:
        graph.observe_output_stream(
            name,
            lambda stream, packet: found[stream].append(mp.packet_getter.get_float_list(packet)),
        )
    graph.start_run()
    for number, image in enumerate(images):
        frame = mp.packet_creator.create_image_frame(
            image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(image)
        )
        graph.add_packet_to_input_stream("image", frame.at(number * 1000))
        graph.wait_until_idle()
    graph.close()
    return [np.array(values, np.float32) for values in found.values()]


def main(target):
    """Write the reference to `target`."""
    import mediapipe as mp
    from mediapipe.python._framework_bindings import resource_util
    from skimage import data

    resource_util.set_resource_dir(os.path.dirname(os.path.dirname(mp.__file__)))
    astronaut = data.astronaut()
    faces, views = pictures(astronaut)
    arrays = {}
    for name, model, outputs, lowest, images in (
        ("landmarks", "face_landmark/face_landmark_with_attention.tflite", 7, 0.0, faces),
        ("detector", "face_detection/face_detection_short_range.tflite", 2, -1.0, views),
    ):
        for i, values in enumerate(run(mp, model, outputs, lowest, images)):
            arrays[f"{name}_{i}"] = values

    # The whole original chain on the whole picture: detection, then one landmark pass.
    with mp.solutions.face_detection.FaceDetection(model_selection=0) as detector:
        found = detector.process(astronaut).detections[0].location_data
    box, points = found.relative_bounding_box, found.relative_keypoints
    arrays["chain_box"] = np.array([box.xmin, box.ymin, box.width, box.height], np.float32) * 512
    arrays["chain_keypoints"] = np.array([[p.x, p.y] for p in points], np.float32) * 512
    with mp.solutions.face_mesh.FaceMesh(static_image_mode=True, refine_landmarks=True) as mesh:
        mesh_points = mesh.process(astronaut).multi_face_landmarks[0].landmark
    arrays["chain_landmarks"] = np.array([[p.x, p.y, p.z] for p in mesh_points], np.float32) * 512
    np.savez_compressed(target, **arrays)


if __name__ == "__main__":
    main(sys.argv[1])
