"""What a programme would have given on past sales, beside what today's gives; pure, and cut into parts that add up.

    base, draft = Scenario(todays, as_of=now), Scenario(with_the_draft, as_of=now)
    simulator = Simulator(base, draft)
    tally = simulator.run(cases)               each part of the past by itself, in any process
    report = report_of(tally + other, simulator)

How a sale is looked at:

- Offers are worked out at list prices, which are the till's price and what the till took off. What the draft takes off beyond (or short
  of) today's offers changes what the customer would have paid, and points are counted on that. Today's own points are counted on the
  document as it was issued, so that an unchanged programme shows no difference and, where nothing else changed, the ledger's figures.
- Returns take back by the rules with the sign turned. Cancelled documents are left out.
- Rewards and coupons that nobody took are not guessed; `Report.notes` says what else was left out.
- Dates of the programmes and their rules are set aside, for a draft that begins next month is tried on last month: a rule that has
  ended counts for nothing, every other counts always. `Scenario(..., as_of=None)` takes the dates as they are written.

A `Tally` is integers and small lists: adding is associative and commutative, and memory does not grow with the number of documents. It
keeps one row for each customer until `Simulator.close` says that a customer's documents are all in.
"""

from v5_core.simulation._report import Band, Compared, CustomerChange, DocumentChange, Report, RuleChange, Side, report_of
from v5_core.simulation._scenario import Scenario
from v5_core.simulation._simulate import Case, Simulator
from v5_core.simulation._tally import Tally

__all__ = [
    "Band", "Case", "Compared", "CustomerChange", "DocumentChange", "Report", "RuleChange", "Scenario", "Side", "Simulator", "Tally",
    "report_of",
]  # fmt: skip
