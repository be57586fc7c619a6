"""The page on loopback: queue and gallery of receipts."""
