"""The networks of Audio2Head (Wang et al. 2021) as torch modules, for training and for export.

Names and shapes of their weights are those of the published state dicts, so that these load as they
are. Everything here imports torch: import it where it is used, inside functions.

    blocks        what they share: anti-aliasing, hourglass, grids, softmax keypoints
    detector      photo -> keypoints
    head_pose     features and photo -> head pose, frame after frame
    predictor     features, photo and drawn pose -> keypoints
    generator     photo and two sets of keypoints -> dense motion -> frame
    published     the checkpoint as ONNX files
"""
