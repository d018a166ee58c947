"""What the rooms of the episodic results share, and their longer parts: one file a part."""
