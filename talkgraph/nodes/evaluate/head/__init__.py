"""Figures of head motion, as plain functions; each is to be read beside two real halves.

Poses are `[shape=(T, 6)]`: pitch, yaw, roll in degrees, then the place of the neck in head units,
freed of the tracker's noise above 5 Hz (`talks.head_curves`).

talks       a head and what is said, frame by frame: what all figures are made of
similarity  HS of eq. (6) with its baselines; the clip played back and forth
spread      range and speed against the real ones (Std-R, VC-R), jerk, drift
spectrum    how movement is shared out over frequencies (LSD)
stillness   pauses of movement: kurtosis of velocity, share of still frames
windows     two seconds at a time: pooled Fréchet distance, windows copied from the clip
events      what heads do at phrase ends and accents: event-locked curves
explained   the share of movement that speech explains
coupling    whether the head goes faster when the voice is louder
habits      retrieval of the person; diversity over seeds
"""
