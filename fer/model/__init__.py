"""The network that travels to the Hub, and the classifier around it."""
