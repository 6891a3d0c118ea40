"""Two people in one worker, at random: the real pipeline, the real memory, and a ledger of what must come of it."""
