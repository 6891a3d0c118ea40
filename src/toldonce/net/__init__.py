"""What every HTTP client of ours has in common: addresses, keys, retries, and errors that give no key away."""
