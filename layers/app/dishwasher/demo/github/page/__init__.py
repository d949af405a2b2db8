"""The pages of the stand-in: what a reader of the real GitHub would see."""
