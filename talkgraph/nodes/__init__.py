"""The stages in the order of the chain, one folder each: from files to a talking face.

A line is a node, in the file of its name: its id, the values it takes and the value it makes; `?`
marks what may be left out. `values` says what each value is. `talkgraph nodes ID`, or `help` of the
class, tells what a node does, with its ports and parameters.

media            files in, files out
    read_speech           Path -> Speech
    read_video            Path -> Footage
    read_photo            Path -> Footage
    cut_footage           Footage, Footage?, View? -> Footage
    take_view             Footage, View -> Footage
    take_sound            Footage -> Speech
    play_footage          Footage -> Frames
    write_video           Frames, Speech, Origin? -> File
    reopen_video          File -> Footage
networks         how learned weights enter a graph
    load_network          () -> OnnxModel
face_model       the 3D morphable face model
    load_face_model       () -> FaceModel
face_fit         where the face is, how it is formed, how it moves
    detect_faces          Footage, OnnxModel, OnnxModel, OnnxModel? -> FaceBoxes
    crop_head             Footage, FaceBoxes -> Clip
    crop_like             Footage, Clip, Footage? -> Clip
    track_face            Clip, OnnxModel, OnnxModel, FaceBoxes? -> FaceTrack
    fit_face              FaceTrack, FaceModel -> FaceFit
    regress_face          Clip, FaceTrack, FaceModel, OnnxModel -> FaceFit
    describe_identity     Clip, FaceTrack, OnnxModel -> IdentityFeature
    describe_identities   Clip, FaceTrack, OnnxModel -> IdentityTrack
    find_hands            Clip, FaceTrack, OnnxModel, OnnxModel -> Hands
    take_photo            Footage, FaceFit -> Footage
albedo           the face's own colours, and the light
    find_cover            Clip, FaceFit, FaceModel, Hands? -> Cover
    detailed_albedo       Clip, FaceFit, FaceModel, Cover? -> Albedo
    low_frequency_albedo  Clip, FaceFit, FaceModel, Cover? -> Albedo
    learn_appearance      Clip, FaceFit, Albedo, FaceModel, Cover? -> Appearance
    learn_detail          Clip, FaceFit, Albedo, FaceModel, Appearance?, Cover? -> Detail
audio_features   what the mapping hears
    mfcc                  Speech | None -> SpeechFeatures
    log_mel               Speech | None -> SpeechFeatures
    f0_features           Speech | None -> SpeechFeatures
    speech_encoder        Speech | None, OnnxModel -> SpeechFeatures
    detect_voice          Speech | None, OnnxModel -> VoiceActivity
pose_mapping     from speech to expression and head pose
    personalise_expression OnnxModel, FaceFit, SpeechFeatures? -> OnnxModel
    map_expression        SpeechFeatures, OnnxModel, FaceFit? -> Motion
    personalise_mapping   OnnxModel, FaceFit, SpeechFeatures? -> OnnxModel
    map_coefficients      SpeechFeatures, OnnxModel -> Motion
    map_motion            SpeechFeatures, OnnxModel, FaceFit? -> Motion
    rest_in_silence       Motion, VoiceActivity, FaceModel, FaceFit?, VoiceActivity? -> Motion
    move_brows            Motion, Speech, FaceModel, FaceFit? -> Motion
    add_blinks            Motion, FaceModel, FaceFit? -> Motion
head_motion      how the head moves meanwhile
    replay_head_motion    Motion, FaceFit? -> Motion
    sample_head_motion    Motion, Speech, SpeechFeatures, OnnxModel, FaceFit?, Speech? -> Motion
    encode_head_motion    FaceFit, OnnxModel, Speech? -> HeadPattern
    decode_head_motion    Motion, HeadPattern, SpeechFeatures, OnnxModel, FaceFit? -> Motion
keypoint_field   one photo moved as a field of motion says, instead of albedo and render
    predict_head_pose     SpeechFeatures, Clip, OnnxModel, Motion?, FaceFit? -> Motion
    detect_keypoints      Clip, OnnxModel -> Keypoints
    predict_keypoints     SpeechFeatures, Clip, Motion, OnnxModel -> Keypoints
    project_keypoints     Motion, FaceFit, FaceModel -> Keypoints
    dense_motion          Clip, Keypoints, Keypoints, OnnxModel -> MotionField
    generate_frames       Clip, MotionField, OnnxModel -> Frames
backgrounds      the frames behind the face, bent to its pose
    match_backgrounds     Motion, FaceFit, Cover? -> Backgrounds
    rehearse_backgrounds  FaceFit -> Backgrounds
    warp_background       Clip, FaceFit, Backgrounds, FaceModel, Cover? -> Frames
    composite             Frames, Frames -> Frames
    paste_back            Frames, Footage, Crop, Backgrounds? -> Frames
render           the face model as pictures, or as a mesh
    render                Motion, FaceFit, Albedo, FaceModel, Appearance?, Detail? -> Frames
    export_mesh           FaceFit, FaceModel, Albedo, Motion? -> File
refine           rendered frames made real
    build_refiner_memory  Frames, IdentityTrack, OnnxModel, RefinerMemory? -> RefinerMemory
    load_refiner_memory   OnnxModel -> RefinerMemory
    train_refiner         Frames, Frames, IdentityFeature, FaceTrack?, OnnxModel?, IdentityTrack?,
                          OnnxModel? -> OnnxModel
    refine                Frames, IdentityFeature, OnnxModel, Frames?, RefinerMemory?, Frames?
                          -> Frames
marking          a synthetic video says that it is one
    label_frames          Frames -> Frames
    mark_frames           Frames -> Frames
    find_mark             Frames -> Watermark
    state_origin          () -> Origin
evaluate         a result held against the real video
    read_phones           Path -> Phones
    shuffle_speech        Speech -> Speech
    stand_in_motion       FaceFit, FaceModel, Speech -> Motion
    compare_mouth_motion  Motion, FaceFit, FaceModel, Speech?, Phones? -> Scores
    compare_mouths        FaceTrack, FaceTrack -> Scores
    observe_head          Motion, Speech?, array[bool]? -> HeadTalk
    stand_in_head         HeadTalk, HeadTalk -> HeadTalk
    compare_head_motion   HeadTalk, HeadTalk, HeadTalk? -> Scores
    compare_seeds         HeadTalk, HeadTalk, HeadTalk -> Scores
    measure_blinks        FaceTrack -> Scores
    hold_frame            Frames, Frames -> Frames
    compare_pictures      Frames, Frames, FaceTrack? -> Scores
    compare_identity      IdentityFeature, IdentityFeature -> Scores

Shared by the stages: `values`, `geometry`, `signals`, `agreement`, `closure`, `prosody`, `colours`,
`compiled`, `footage`, `training`.
"""

from types import ModuleType

from talkgraph.lazy import submodule, submodules


def __getattr__(name: str) -> ModuleType:
    return submodule(__name__, name, __path__)


def __dir__() -> list[str]:
    return submodules(__path__)
