"""`make deploy`, `make upgrade`, `make remove`: a stack of this clone in somebody's account."""
