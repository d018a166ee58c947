"""The ground floor: kernels, validation, randomness, records, checkpoints, sweeps. It knows nobody above it."""
