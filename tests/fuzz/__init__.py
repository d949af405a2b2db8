"""Files that nobody wrote: each parser fed with what a search by coverage comes up with."""
