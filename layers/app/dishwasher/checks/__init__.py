"""What tools say, and what text holds, as findings; and terminal text as people read it."""
