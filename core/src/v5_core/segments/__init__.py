"""Segments: who is meant, said in the criteria language over what is known of a customer; pure, `today` comes in.

CUSTOMER_FIELDS                          what may be asked of a customer, purchases in a period included
Shopper, record_of(shopper, today, ...)  a customer with the aggregates that answer it, and the record for `compile_memory`
Rfm, Cuts, cuts_of(rfm, ...)             recency, frequency and value in bands, by limits or by quantiles
Definition, members(...)                 a segment, and which segments a customer is in
"""

from v5_core.segments._definition import CLASSIC, Definition, members
from v5_core.segments._fields import CUSTOMER_FIELDS, FAVOURITES, FREQUENCIES, FREQUENCY_DAYS, HABIT_MONTHS, SEGMENT_FIELDS
from v5_core.segments._known import Known, asked_sums, decide, fingerprint, measured
from v5_core.segments._record import Bought, Day, Shopper, record_of
from v5_core.segments._rfm import AmountBands, Bands, Cuts, Rfm, cuts_of, ranks

__all__ = [
    "CLASSIC",
    "CUSTOMER_FIELDS",
    "FAVOURITES",
    "FREQUENCIES",
    "FREQUENCY_DAYS",
    "HABIT_MONTHS",
    "SEGMENT_FIELDS",
    "AmountBands",
    "Bands",
    "Bought",
    "Cuts",
    "Day",
    "Definition",
    "Known",
    "Rfm",
    "Shopper",
    "asked_sums",
    "cuts_of",
    "decide",
    "fingerprint",
    "measured",
    "members",
    "ranks",
    "record_of",
]
