"""Reading FER2013 and other sets of labelled faces."""
