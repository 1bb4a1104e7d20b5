"""Asterisk I/O: AMI and ARI in, our own words out."""
