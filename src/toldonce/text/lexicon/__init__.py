"""Every word list of the project, as data: English words, words of other languages, and phrases of talk in all."""
