"""Messages by e-mail and SMS: written with what they tell of, sent afterwards, each once."""
