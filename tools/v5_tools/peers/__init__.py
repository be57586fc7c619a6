"""Acceptance cases: what a programme gives, written as YAML by people, played against the public API (`./v5 peers PATH...`).

    cases          the format: one file, one case; a table of variants; where a file is wrong
    basket         what a till does: gross and net of a line, the document that a quote becomes, the credit note
    expectations   paths into a reply, and whether what is there is what was expected
    shop           the service in process, a tenant a case, one verb one call
    runner         files in, report out

docs/acceptance.md explains the format by example.
"""
