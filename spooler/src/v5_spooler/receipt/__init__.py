"""What a print job says: paper, text, pictures, and the sale on it."""
