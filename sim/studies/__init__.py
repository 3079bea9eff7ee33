"""Arrays and tables in, findings out: comparisons, the record, calibration, sweeps."""
