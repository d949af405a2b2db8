"""What bread costs."""
from decimal import Decimal

VAT = Decimal("0.07")
"""Germany's reduced rate, which applies to food."""


def gross(net: Decimal) -> Decimal:
    """The price with VAT, in euros, rounded to cents."""
    return (net * (1 + VAT)).quantize(Decimal("0.01"))
