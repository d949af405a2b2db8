"""What `dishwasher doctor` looks at, one place a module; nothing here changes anything."""
