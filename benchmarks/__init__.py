"""What is fast and how much memory it takes, measured side by side in one run. `make bench` runs all and writes results/."""
