"""The brain: facts in, commands out. Never waits, sleeps, reads a clock, draws a random number or logs."""
