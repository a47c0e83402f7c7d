"""The studio and its machines in the cloud. The relay stands in the app's server and knows records; the agent paints and knows none."""
