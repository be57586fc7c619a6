"""What a programme would have given on past sales, beside what today's gives; pure, and cut into parts that add up.

    base, draft = Scenario(todays, as_of=now), Scenario(with_the_draft, as_of=now)
    simulator = Simulator(base, draft)
    report = simulate(simulator, past_sales)
    tally = simulator.run(cases)               or each part of the past by itself, in any process
    report = report_of(tally + other, simulator)

How a sale is looked at:

- Offers are worked out at list prices, which are the till's price and what the till took off. What the draft takes off beyond (or short
  of) today's offers changes what the customer would have paid, and points are counted on that. Today's own points are counted on the
  document as it was issued, so that an unchanged programme shows no difference and, where nothing else changed, the ledger's figures.
- Returns take back by the rules with the sign turned. Cancelled documents are left out.
- Rewards, coupons and entitlements are taken as often as they were taken; nobody is guessed to take more or fewer. `Report.notes` says
  what else was left out.
- Limits and caps that all customers share hang on who came first: a first pass writes down when they were used, the second one knows.
- Dates of the programmes and their rules are set aside, for a draft that begins next month is tried on last month: a rule that has
  ended counts for nothing, every other counts always. `Scenario(..., as_of=None)` takes the dates as they are written.

A `Tally` is integers and small lists: adding is associative and commutative, and memory does not grow with the number of documents. It
keeps one row for each customer until `Simulator.close` says that a customer's documents are all in.
"""

from v5_core.simulation._report import Band, Compared, CustomerChange, DocumentChange, Report, RuleChange, Side, report_of, simulate
from v5_core.simulation._scenario import Scenario
from v5_core.simulation._shared import Shared
from v5_core.simulation._simulate import Case, Simulator
from v5_core.simulation._tally import Tally

__all__ = [
    "Band", "Case", "Compared", "CustomerChange", "DocumentChange", "Report", "RuleChange", "Scenario", "Shared", "Side", "Simulator",
    "Tally", "report_of", "simulate",
]  # fmt: skip
