"""The networks that Yi et al. publish, as ONNX from the checkpoints that a user brings.

No code of theirs is used: `tests/models/published` holds what each gives at known weights.

checkpoint         names and shapes that a checkpoint must have, and the messages where it has not
generator_2020     the generator of Yi et al. 2020, a U-Net with AdaIN
generator_2022     the generator of Yi et al. 2022, a U-Net with batch norms
discriminator_2020 the discriminator of Yi et al. 2020
memory_2020        its memory: ResNet-18 to the spatial feature, and the stored pairs
audio2coeff_2020   its mapping from speech to coefficients, eq. (1)
"""
