"""How GitHub spells things in JSON: pure functions from the world to documents."""
