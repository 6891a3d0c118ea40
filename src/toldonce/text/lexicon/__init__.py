"""Every word list of the project, as data: English in one module, all other languages by their codes in another."""
