"""The setup of an installation: what files are to become (pure), and writing them, with a backup."""
