"""What the rooms of the average-reward results share, and their longer parts: one file a part."""
