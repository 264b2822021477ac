"""Commands that write the documentation's figures and pictures."""
