"""Rights, as AWS enforces them: who has signed a call, and whether the stack's roles allow it.

moto lets everybody do everything. What stands here is between the functions and moto: it knows the
calls that our adapters make, and refuses every other one.
"""
