"""Gift cards that another system keeps: reserved there before a hold, captured or reversed there afterwards, whatever the line does."""
