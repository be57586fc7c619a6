"""The main job on one machine: `./v5 demo`."""
