"""What tests of the real thing share: a lab, its people, its phones and their ears."""
