"""The studio's face: what the pages share, and what their server adds. Whoever asks and what he may is the service's business."""
