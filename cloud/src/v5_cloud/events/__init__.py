"""Points for what happens to customers: joining, birthdays, complete records, bringing somebody."""
