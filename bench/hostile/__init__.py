"""What others do to a server, and what a bystander notices of it: see ``__main__``."""
