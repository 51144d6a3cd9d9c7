"""Content, as others than its readers get it: feeds, and drafts that are shown by a link."""
