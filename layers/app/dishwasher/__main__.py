"""`python -m dishwasher` is the program itself."""

from dishwasher.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
