"""How the documentation is built."""
project = "Bakery"
html_theme = "alabaster"
