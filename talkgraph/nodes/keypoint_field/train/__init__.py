"""Learning a light keypoint field on clips of many people, by reconstruction: torch.

light        the two networks
pairs        two frames of a clip: what is moved, and what it should become
train_field  losses, the loop, scores of people held out
card         what the model card says
"""
