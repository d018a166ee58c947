"""What the rooms of the bandit results share, and their longer parts: one file a part."""
