"""What tools say, and what text holds, as findings."""
