"""Programs for those who work on Toldonce, rarely run."""
