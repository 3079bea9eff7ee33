"""Calibration: history matching with emulators, ending in posterior draws of the coefficients."""
