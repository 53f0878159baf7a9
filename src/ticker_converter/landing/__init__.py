"""What providers sent, byte for byte, and the staging of its rows. Judges nothing and knows no fact."""
