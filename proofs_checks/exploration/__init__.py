"""The longer parts of the rooms of the exploration results: one file a part."""
