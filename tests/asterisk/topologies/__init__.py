"""Call flows as real PBXes have them, one file for each family; each again after the adapter's death."""
