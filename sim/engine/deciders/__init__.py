"""Those who perceive and decide: states, camps, local authorities, organisations, foreign forces, recruiters."""
