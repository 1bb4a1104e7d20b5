"""`call-monitor doctor`: checks an operator's PBX, says what is wrong and which line to add, and tests silent mode."""
