"""The PBXes: everything of one (`Node`), and the door to all of them (`Nodes`)."""
