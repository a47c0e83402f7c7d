"""AWS Batch as the worker. The relay runs beside the app and updates job records; the agent paints in a container and sees no record."""
