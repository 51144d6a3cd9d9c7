"""One for each thing that others do for us. Which of them is asked is the config's to say, at every call."""
