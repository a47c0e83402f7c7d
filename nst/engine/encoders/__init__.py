"""Encoders: pretrained networks whose features define content and style."""
