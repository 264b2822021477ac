"""What travels to the Hub: configuration, network, image processor; and the classifier around them."""
