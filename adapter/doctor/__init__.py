"""`call-monitor doctor`: looks at an operator's PBX, says what is wrong and the line to add, and proves silence."""
