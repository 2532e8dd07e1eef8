"""How near pictures are to real ones, as plain functions; each counts the pixels that it is given.

size        frames brought to 256 px, ATVG's way
psnr        peak signal-to-noise ratio, and the wrapped one of ATVG's script
structure   SSIM
sharpness   detail against the real detail
regions     which pixels are face, mouth and eyes
error_map   which parts of a face cost how much
"""
