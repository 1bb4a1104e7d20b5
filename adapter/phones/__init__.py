"""The ways in which a phone reaches us: the page as a phone, star codes, the keypad, messages."""
