"""The bundled style pictures as programs: `python -m training.styles` draws every one of them again.

`catalogue` lists them, each other module draws one (`draw(seed) -> (H, W, 3) bytes`) with the tools in `canvas` (sheets, paint with
a height, light), `brushes` (strokes made of bristles), `fields` (noise, flows, points, curves) and `palettes` (colour in OKLab).
"""
