"""What track_face and detect_faces are made of: detector, landmarks, which face is which."""
