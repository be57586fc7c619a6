"""One language for everything that selects: rule conditions, segments, alerts, report filters, customer search.

    parse("email = '' and total >= 1000", fields)       text form to tree, errors with their position
    from_json(text) / to_json(tree)                     JSON form, for forms on pages
    to_text(tree)                                       the text form again
    compile_memory(tree, fields)                        record -> bool
    v5_core.sources.criteria_sql.compile_sql            tree -> SQL, the same answer

Text form: `=  !=  <  <=  >  >=`, `in (...)`, `between a and b`, `like 'abc%'`, `like '%abc%'`, `starts with`, `contains`, `is null`,
`is empty`, `and or not ( )`; texts in quotes, dates as 2026-11-22, `weekday(d)` (Monday 1), `day(d)`, `month(d)`, `year(d)`.
Fields with arguments: `spend('2026-01') >= 100`, `bought_product('COFFEE', 90)`; for periods see `read_period`.
Unknown values follow SQL's three-valued logic, except that `= ''` also finds what is missing (nobody tells them apart at a till).
"""

from v5_core.criteria._ast import And, Between, Compare, Criterion, In, IsEmpty, IsNull, Like, Not, Or, from_json, operands, to_json
from v5_core.criteria._fields import CriteriaError, FieldType, Value, check, effective, read_value
from v5_core.criteria._memory import Predicate, ascii_lower, compile_memory
from v5_core.criteria._parse import parse
from v5_core.criteria._period import Days, read_period
from v5_core.criteria._record import RECORD_FIELDS
from v5_core.criteria._text import to_text

__all__ = [
    "RECORD_FIELDS",
    "And",
    "Between",
    "Compare",
    "CriteriaError",
    "Criterion",
    "Days",
    "FieldType",
    "In",
    "IsEmpty",
    "IsNull",
    "Like",
    "Not",
    "Or",
    "Predicate",
    "Value",
    "ascii_lower",
    "check",
    "compile_memory",
    "effective",
    "from_json",
    "operands",
    "parse",
    "read_period",
    "read_value",
    "to_json",
    "to_text",
]
