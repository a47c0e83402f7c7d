"""The optimised rendering: the pixels are the variables of a minimisation, coarse to fine (Gatys et al. 2016)."""
