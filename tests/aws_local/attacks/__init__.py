"""Hostile jobs on the local AWS, each of which is to get nothing: `make attacks-aws`.

They have what they would have on Lambda: one user without root's powers, the functions' programs in
/proc, an open network, and the credentials of a role that may do nothing.
"""
