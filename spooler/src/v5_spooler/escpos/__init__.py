"""ESC/POS: tokens, printer profiles, modes, a small writer."""
