"""Text as recall sees it: tokens, names, dates, and the text a memory is keyed by."""
